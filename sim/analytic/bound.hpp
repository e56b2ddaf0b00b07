// SPDX-License-Identifier: Apache-2.0
// Lower bounds on the time of a timed dataflow graph, by arithmetic alone: pure functions, safe on
// any thread. Every bound is a path that the execution must follow, so `tile` is never faster.
#pragma once

#include <cstdint>
#include <vector>

#include "arch/dram.hpp"
#include "base/inline_vector.hpp"
#include "base/quantity.hpp"
#include "sim/graph/graph.hpp"

namespace sluice {

/// A memory as the bounds see it: its peak bandwidth and least latency.
struct MemoryBound {
  double bytes_per_cycle = 0;  ///< 0: unlimited
  std::uint64_t latency = 0;   ///< of a read, beyond the time of its bytes at the peak
  /// Requests wait in the memory's own queues: a unit is free again before its bytes have moved,
  /// reads may overtake each other, and writes are done when they are queued.
  bool queued = false;
};

/// The memory of a description: all latencies the least that they can be (a DRAM's open rows).
MemoryBound memory_bound(const Dram& dram, Hertz clock);

/// Least cycles in which `bytes` pass.
std::uint64_t cycles_at_peak(const MemoryBound& memory, std::uint64_t bytes);

/// What one unit must at least spend on one layer.
struct UnitBound {
  std::uint64_t busy = 0;       ///< cycles of its firings; transfers at the memory's peak
  std::uint64_t conflicts = 0;  ///< of `busy`, those lost to bank conflicts
  std::uint64_t span = 0;       ///< from its first firing to its last, both included; >= busy
  std::uint64_t first = 0;      ///< its first firing that keeps it: from start to result
  bool begins_empty = false;    ///< a tile of nothing but padding comes before; then `first` is 0
  std::uint64_t last = 0;       ///< its last firing that keeps it, or transfer: start to result
  std::uint64_t last_busy = 0;  ///< of `last`, what `busy` and `span` contain
  std::uint64_t longest = 0;    ///< the busiest firing's share of `busy`
  std::uint64_t bytes = 0;      ///< moved from or to the memory
  std::uint64_t largest = 0;    ///< of the bytes, those of the largest transfer
};

/// By layer and unit.
using GraphBound = std::vector<std::vector<UnitBound>>;

/// Bounds of every unit for every layer. In innermost loops the maximum cycle ratio of the event
/// graph (firings as vertices, channels in both directions and the units' order as edges; Howard's
/// algorithm) bounds the units on a critical cycle; elsewhere what a unit does adds up.
GraphBound bound(const Graph& graph, const MemoryBound& memory);

/// A critical cycle of an event graph: `cycles` for every `iterations` iterations.
struct CriticalCycle {
  std::uint64_t cycles = 0;
  std::uint64_t iterations = 1;
  InlineVector<FiringId, 8> firings;
};

/// The critical cycle of the loop body that is the schedule nodes [first, last), all fire nodes.
/// Channels hold their initial tokens when the loop begins: what comes before it is balanced.
CriticalCycle critical_cycle(const Graph& graph, std::uint32_t first, std::uint32_t last,
                             const MemoryBound& memory);

}  // namespace sluice
