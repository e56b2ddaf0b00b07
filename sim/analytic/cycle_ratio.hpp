// SPDX-License-Identifier: Apache-2.0
// The maximum cycle ratio of a small graph by Howard's algorithm (A. Dasdan, "Experimental Analysis
// of the Fastest Optimum Cycle Ratio and Mean Algorithms", ACM TODAES 9(4), 2004), as Boost.Graph
// implements it, which allocates lists by vertex where this has short arrays: a loop of a mapped
// layer has five vertices or so, and there are several for each design. Of several critical cycles
// it finds the same one; a test compares them.
#pragma once

#include <cstdint>
#include <span>

#include "base/inline_vector.hpp"

namespace sluice {

/// An edge of an event graph: `cycles` from one event to another that is `iterations` later.
struct EventEdge {
  std::uint32_t from = 0, to = 0;
  std::uint64_t cycles = 0, iterations = 0;
};

class MaximumCycleRatio {
 public:
  /// The edges, by their places in `edges`, of a cycle whose sum of cycles over its sum of
  /// iterations is largest. Every vertex below `vertices` must have an edge that leaves it; a cycle
  /// without iterations has an infinite ratio. Until the next call.
  std::span<const std::uint32_t> critical(std::span<const EventEdge> edges, std::size_t vertices);

 private:
  struct Vertex {
    double distance = 0;
    std::uint32_t first = 0;   ///< of its edges in `leaving_`
    std::uint32_t end = 0;     ///< one past the last of them
    std::uint32_t policy = 0;  ///< the edge that it follows, a place in `leaving_`
    std::uint32_t seen = 0;    ///< the last walk along the policy that came by
    bool measured = false;     ///< it has its distance along the present policy
    double ratio = 0;          ///< then: of the cycle that the policy leads to
  };
  /// An edge, in the order of the vertices that they leave.
  struct Leaving {
    double cycles = 0, iterations = 0;
    std::uint32_t to = 0, edge = 0;
  };

  std::span<Vertex> vertices() { return {vertices_.data(), vertices_.size()}; }
  std::span<const Leaving> leaving() const { return {leaving_.data(), leaving_.size()}; }
  void sort(std::span<const EventEdge> edges, std::size_t count);
  void follow_longest_edges();
  double best_of_policy();
  std::uint32_t end_of_way(std::uint32_t from);
  double ratio_of_cycle(std::uint32_t at);
  void measure(std::uint32_t from);
  bool improve(double ratio);

  InlineVector<Vertex, 8> vertices_;
  InlineVector<Leaving, 24> leaving_;
  InlineVector<std::uint32_t, 8> cycle_, best_cycle_, path_;
  double bound_ = 0;  ///< no cycle has less
  double best_ = 0;
  std::uint32_t walks_ = 0;
};

}  // namespace sluice
