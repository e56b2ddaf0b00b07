// SPDX-License-Identifier: Apache-2.0
// A struct with a field of every kind, for the tests of what describe() is used for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/describe.hpp"
#include "base/quantity.hpp"

namespace sluice {

enum class Dataflow : std::uint8_t { weight_stationary, output_stationary };
template <>
struct EnumNames<Dataflow> {
  static constexpr EnumName<Dataflow> table[] = {
      {"weight_stationary", Dataflow::weight_stationary},
      {"output_stationary", Dataflow::output_stationary},
  };
};

struct Buffer {
  std::string name;
  Bytes capacity{1024};
  std::uint32_t banks = 1;
  bool operator==(const Buffer&) const = default;
};
template <class Visitor>
void describe(Visitor& v, Buffer& b) {
  v.required("name", b.name, {.doc = "name in reports"});
  v.field("capacity", b.capacity,
          {.doc = "what it holds", .unit = "B", .min = 1024, .max = 1 << 24});
  v.field("banks", b.banks, {.doc = "banks that work at once", .min = 1, .max = 1024});
}

struct Machine {
  std::uint64_t rows = 1;
  double utilization = 1;
  bool prefetch = true;
  std::string note;
  Dataflow dataflow = Dataflow::weight_stationary;
  Hertz clock{1e9};
  Seconds latency{0};
  Bandwidth bandwidth{};
  Picojoules energy{0};
  SquareMicrometres area{0};
  std::optional<Bytes> limit;
  std::optional<Buffer> cache;
  Buffer main{.name = "main", .capacity = {4096}, .banks = 2};
  std::vector<Buffer> buffers;
  std::vector<std::uint64_t> sizes;
  bool operator==(const Machine&) const = default;
};
template <class Visitor>
void describe(Visitor& v, Machine& m) {
  v.required("rows", m.rows, {.doc = "PEs in a column", .min = 1, .max = 65536});
  v.field("utilization", m.utilization, {.doc = "share of peak", .max = 1});
  v.field("prefetch", m.prefetch, {.doc = "fetch early"});
  v.field("note", m.note, {.doc = "free text"});
  v.field("dataflow", m.dataflow, {.doc = "what stays in place"});
  v.field("clock", m.clock, {.doc = "clock", .unit = "Hz", .min = 1});
  v.field("latency", m.latency, {.doc = "delay", .unit = "s", .max = 1e-3});
  v.field("bandwidth", m.bandwidth, {.doc = "rate; 0: unlimited"});
  v.field("energy", m.energy, {.doc = "energy of an access", .unit = "pJ"});
  v.field("area", m.area, {.doc = "area", .unit = "um2"});
  v.field("limit", m.limit, {.doc = "most bytes", .min = 1});
  v.field("cache", m.cache, {.doc = "a cache"});
  v.field("main", m.main, {.doc = "the main buffer"});
  v.field("buffers", m.buffers, {.doc = "further buffers"});
  v.field("sizes", m.sizes, {.doc = "sizes", .min = 1});
}

}  // namespace sluice
