// SPDX-License-Identifier: Apache-2.0
// Times of single firings as the bounds see them, and the event graphs of loop bodies.
#pragma once

#include <cstdint>

#include "base/inline_vector.hpp"
#include "sim/analytic/bound.hpp"
#include "sim/analytic/cycle_ratio.hpp"

namespace sluice {

struct FiringTime {
  std::uint64_t busy = 0;    ///< cycles for which the unit is taken
  std::uint64_t result = 0;  ///< cycles from its start until what it puts can be taken
};

/// Least times of a firing; a transfer at the memory's peak.
FiringTime firing_time(const Firing& firing, const MemoryBound& memory);

/// The critical cycles of a graph's loop bodies, one after the other. Holds a reference.
class CriticalCycles {
 public:
  CriticalCycles(const Graph& graph, const MemoryBound& memory) : graph_(graph), memory_(memory) {}

  /// That of the schedule nodes [first, last), see critical_cycle(); until the next call.
  const CriticalCycle& of(std::uint32_t first, std::uint32_t last);

 private:
  /// What the body does with one channel; the vertex numbers are places in the body.
  struct Ends {
    std::uint32_t puts = 0, takes = 0, put_at = 0, take_at = 0;
    std::uint32_t put_tokens = 0, take_tokens = 0;
    Release release = Release::at_start;
  };
  static constexpr std::uint32_t none = ~std::uint32_t{0};
  /// A unit's first and last vertex.
  struct Places {
    std::uint32_t first = none, last = none;
  };

  void add_unit_edges();
  void add_channel_edges();
  void collect();
  std::uint64_t there_at_begin(std::uint32_t channel, const Ends& ends) const;

  const Graph& graph_;
  MemoryBound memory_;
  std::uint32_t first_ = 0;
  InlineVector<const Firing*, 8> firings_;  ///< the vertices
  InlineVector<FiringTime, 8> times_;       ///< theirs
  InlineVector<EventEdge, 24> edges_;
  InlineVector<Places, 8> of_unit_;
  InlineVector<Ends, 16> channels_;
  MaximumCycleRatio ratio_;
  CriticalCycle critical_;
};

}  // namespace sluice
