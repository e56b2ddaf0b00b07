// SPDX-License-Identifier: Apache-2.0
// How a run file fixes the mapping of one task: as loops in full, or as tile sizes and an order.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/describe.hpp"
#include "mapper/mapping.hpp"

namespace sluice {

/// A size of each rank; none: the whole rank.
struct TileSizes {
  std::optional<std::uint64_t> m, n, k;
  bool operator==(const TileSizes&) const = default;
};

template <class Visitor>
void describe(Visitor& v, TileSizes& s) {
  v.field("m", s.m, {.doc = "rows of the result, or pixels", .min = 1});
  v.field("n", s.n, {.doc = "columns of the result, or filters", .min = 1});
  v.field("k", s.k, {.doc = "what is summed over", .min = 1});
}

/// By tensor, how many of the three loops lie outside of where it is kept.
struct KeepDepths {
  std::uint64_t input = 3, weight = 3, output = 3;
  bool operator==(const KeepDepths&) const = default;
};

template <class Visitor>
void describe(Visitor& v, KeepDepths& k) {
  v.field("input", k.input, {.doc = "loops outside of it; 0: it stays, whole", .max = 3});
  v.field("weight", k.weight, {.doc = "the same of weights", .max = 3});
  v.field("output", k.output, {.doc = "the same of results", .max = 3});
}

/// The mapping of one task: `loops`, or all else.
struct FixedNest {
  std::string task;
  std::string loops;
  TileSizes tiles;
  std::vector<GemmRank> order = {GemmRank::n, GemmRank::m, GemmRank::k};  ///< outer to inner
  KeepDepths keep;
  bool operator==(const FixedNest&) const = default;
};

template <class Visitor>
void describe(Visitor& v, FixedNest& n) {
  v.required("task", n.task, {.doc = "task that is mapped (a layer, attention.qk, ...)"});
  v.field("loops", n.loops, {.doc = "its loops, keeps and spreads, a line each"});
  v.field("tiles", n.tiles,
          {.doc = "in place of loops: tile sizes; a rank that is not named is "
                  "not cut"});
  v.field("order", n.order, {.doc = "the loops over these tiles, outer to inner: m, n and k"});
  v.field("keep", n.keep, {.doc = "how many of them lie outside of where a tensor is on chip"});
}

}  // namespace sluice
