// SPDX-License-Identifier: Apache-2.0
// Which Einsum needs which: the graph of a cascade, with the edges that an iterative rank carries
// from one coordinate to the next, and an order in which all can be computed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "workloads/cascade/cascade.hpp"

namespace sluice {

/// `reader` reads what `writer` makes, `distance` coordinates of `rank` before; without a rank the
/// distance is 0. A negative distance reads what is made later, which no order allows.
struct CascadeEdge {
  std::size_t writer = 0;
  std::size_t reader = 0;
  std::string tensor;
  std::string rank;
  std::int64_t distance = 0;

  bool operator==(const CascadeEdge&) const = default;
};

/// Einsums that are computed together. With a rank they form a recurrence along it: all of them, in
/// this order, for every coordinate of the rank.
struct CascadeStep {
  std::string rank;
  std::vector<std::size_t> einsums;
  bool possible = true;  ///< false: a cycle that no iterative rank breaks

  bool operator==(const CascadeStep&) const = default;
};

std::vector<CascadeEdge> edges_of(const Cascade& cascade);
/// The steps in an order that respects every edge.
std::vector<CascadeStep> schedule_of(const Cascade& cascade);

/// The least and the greatest value of an index over the points of an Einsum: exact for one index,
/// but for conditions, which narrow it only when they are on that same sum of ranks.
struct IndexRange {
  std::int64_t least = 0;
  std::int64_t most = 0;
};
IndexRange range_of(const TensorIndex& index, const Einsum& einsum, const Cascade& cascade);

}  // namespace sluice
