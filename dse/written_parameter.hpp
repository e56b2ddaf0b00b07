// SPDX-License-Identifier: Apache-2.0
// A parameter of a space as sweep files write it: what reading and the schema share.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "base/describe.hpp"

namespace sluice {

enum class Scale : std::uint8_t { linear, logarithmic };

template <>
struct EnumNames<Scale> {
  static constexpr EnumName<Scale> table[] = {{"linear", Scale::linear},
                                              {"logarithmic", Scale::logarithmic}};
};

/// A parameter as it is written; exactly one of the kinds of domain must be there.
struct WrittenParameter {
  std::optional<std::string> path;
  std::vector<std::string> paths;
  std::optional<std::vector<double>> integers, powers_of_two, reals;
  std::uint64_t step = 1, levels = 0;
  Scale scale = Scale::linear;
  bool boolean = false;
  std::optional<std::vector<std::string>> order;
  std::string unit, group, doc;
};

template <class Visitor>
void describe(Visitor& v, WrittenParameter& p) {
  v.field("path", p.path, {.doc = "value of the experiment that it sets"});
  v.field("paths", p.paths, {.doc = "several values that it sets alike"});
  constexpr double low = -std::numeric_limits<double>::infinity();
  v.field("integers", p.integers, {.doc = "first and last of a range of integers", .min = low});
  v.field("step", p.step, {.doc = "between the integers of a range", .min = 1});
  v.field("powers_of_two", p.powers_of_two,
          {.doc = "first and last; each is twice the one before"});
  v.field("reals", p.reals, {.doc = "first and last of a range of reals", .min = low});
  v.field("levels", p.levels, {.doc = "how many reals of a range there are", .min = 2});
  v.field("scale", p.scale, {.doc = "how the reals of a range are spaced"});
  v.field("boolean", p.boolean, {.doc = "false or true"});
  v.field("order", p.order, {.doc = "items that may come in any order"});
  v.field("unit", p.unit, {.doc = "written behind each value, such as KiB"});
  v.field("group", p.group, {.doc = "name of the group of parameters that it belongs to"});
  v.field("doc", p.doc, {.doc = "what it is"});
}

}  // namespace sluice
