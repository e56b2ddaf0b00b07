// SPDX-License-Identifier: Apache-2.0
// Which Einsum needs which: the graph of a cascade, with the edges that an iterative rank carries
// from one coordinate to the next, and an order in which all can be computed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "workloads/cascade/cascade.hpp"

namespace sluice {

/// How many coordinates of an iterative rank lie between making an element and reading it.
struct RankDistance {
  std::string rank;
  std::int64_t distance = 0;

  bool operator==(const RankDistance&) const = default;
};

/// `reader` reads what `writer` makes, `distances` before: of the iterative ranks along which the
/// two accesses move together. A negative distance reads what is made later.
struct CascadeEdge {
  std::size_t writer = 0;
  std::size_t reader = 0;
  std::string tensor;
  std::vector<RankDistance> distances;

  /// Along `rank`; nothing when no distance can be told.
  std::optional<std::int64_t> along(const std::string& rank) const;
  /// Whether an earlier coordinate is read.
  bool carried() const;
  bool operator==(const CascadeEdge&) const = default;
};

/// ` +1 i +1 j` of an edge that is carried, else nothing.
std::string carried_text(const CascadeEdge& edge);

/// Einsums that are computed together. With a rank they form a recurrence along it: the steps
/// `inner`, in this order, for every coordinate of the rank; these may be recurrences along other
/// ranks. Without, it is one Einsum.
struct CascadeStep {
  std::string rank;
  std::vector<std::size_t> einsums;  ///< all, in an order of one coordinate
  std::vector<CascadeStep> inner;
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
