// SPDX-License-Identifier: Apache-2.0
// Bounds by composition over the schedule; see bound.hpp.
#include "sim/analytic/bound.hpp"

#include <algorithm>

#include "sim/analytic/event_graph.hpp"
#include "sim/memory/memory_facts.hpp"

namespace sluice {
namespace {

/// Adds the bounds of consecutive parts of the schedule, unit by unit.
class Composer {
 public:
  Composer(const Graph& graph, const MemoryBound& memory)
      : graph_(graph), memory_(memory), critical_cycles_(graph, memory) {
    bounds_.reserve(graph.layers.size());
    for (std::size_t l = 0; l < graph.layers.size(); ++l) bounds_.emplace_back(graph.units.size());
  }

  GraphBound compose() {
    walk(0, static_cast<std::uint32_t>(graph_.schedule.size()), 1);
    return std::move(bounds_);
  }

 private:
  /// Whether the nodes [first, last) are all firings.
  bool innermost(std::uint32_t first, std::uint32_t last) const {
    return std::all_of(graph_.schedule.begin() + first, graph_.schedule.begin() + last,
                       [](const ScheduleNode& n) { return n.kind == ScheduleNode::Kind::fire; });
  }

  void walk(std::uint32_t first, std::uint32_t last, std::uint64_t times) {
    for (std::uint32_t i = first; i < last; i = graph_.schedule[i].end) {
      const ScheduleNode& node = graph_.schedule[i];
      if (node.kind == ScheduleNode::Kind::fire) {
        add(graph_.firings[index(node.firing)], times);
      } else {
        walk(i + 1, node.end, times * node.count);
        if (node.count > 1 && innermost(i + 1, node.end)) raise(node, i + 1, times);
      }
    }
  }

  void add(const Firing& firing, std::uint64_t times) {
    const FiringTime time = firing_time(firing, memory_);
    UnitBound& b = bounds_[firing.layer][index(firing.unit)];
    b.busy += times * time.busy;
    b.conflicts += times * firing.bank_conflicts;
    b.span += times * time.busy;
    b.longest = std::max(b.longest, time.busy);
    if (firing.transfer) {
      const std::uint64_t bytes = firing.transfer->row_bytes * firing.transfer->rows;
      b.bytes += times * bytes;
      b.largest = std::max(b.largest, bytes);
    }
    if (time.busy == 0 && !firing.transfer) {
      b.begins_empty = b.begins_empty || (b.last == 0 && hands_over(firing));
      return;
    }
    if (b.first == 0 && !b.begins_empty) b.first = time.result;
    b.last = time.result;
    b.last_busy = time.busy;
  }

  /// Whether another unit goes on with what the firing puts.
  bool hands_over(const Firing& firing) const {
    return std::any_of(firing.puts.begin(), firing.puts.end(),
                       [&](const Put& put) { return !graph_.channels[index(put.channel)].order; });
  }

  /// Where a critical cycle is longer than the work of a unit on it, the unit's span grows.
  void raise(const ScheduleNode& loop, std::uint32_t first, std::uint64_t times) {
    const CriticalCycle& critical = critical_cycles_.of(first, loop.end);
    for (const FiringId id : critical.firings) {
      const Firing& firing = graph_.firings[index(id)];
      std::uint64_t work = 0;  // of the unit, in one iteration
      for (std::uint32_t i = first; i < loop.end; ++i) {
        const Firing& other = graph_.firings[index(graph_.schedule[i].firing)];
        if (other.unit == firing.unit) work += firing_time(other, memory_).busy;
      }
      const std::uint64_t by_cycle = (loop.count - 1) / critical.iterations * critical.cycles +
                                     firing_time(firing, memory_).busy;
      if (by_cycle > work * loop.count)
        raise_span(firing, times * (by_cycle - work * loop.count), first);
    }
  }

  /// Several firings of one unit may be on the cycle: it grows once.
  void raise_span(const Firing& firing, std::uint64_t cycles, std::uint32_t loop) {
    if (raised_loop_ != loop) {
      raised_.clear();
      raised_loop_ = loop;
    }
    std::uint64_t before = 0;
    for (const auto& [unit, amount] : raised_)
      if (unit == index(firing.unit)) before = std::max(before, amount);
    if (cycles <= before) return;
    bounds_[firing.layer][index(firing.unit)].span += cycles - before;
    raised_.emplace_back(index(firing.unit), cycles);
  }

  const Graph& graph_;
  MemoryBound memory_;
  CriticalCycles critical_cycles_;
  GraphBound bounds_;
  std::uint32_t raised_loop_ = none_id;
  std::vector<std::pair<std::uint32_t, std::uint64_t>> raised_;
};

}  // namespace

FiringTime firing_time(const Firing& firing, const MemoryBound& memory) {
  if (!firing.transfer) {
    const std::uint64_t busy = firing.interval * firing.repeat + firing.bank_conflicts;
    return {busy, busy - std::min(busy, firing.interval) + firing.latency};
  }
  const MemoryTransfer& transfer = *firing.transfer;
  const std::uint64_t cycles = cycles_at_peak(memory, transfer.row_bytes * transfer.rows);
  const std::uint64_t busy = firing.interval + (memory.queued ? 0 : cycles);
  return {busy, transfer.write ? busy : firing.interval + cycles + memory.latency};
}

MemoryBound memory_bound(const Dram& dram, Hertz clock) {
  const MemoryFacts facts = memory_facts(dram, clock);
  return {facts.bytes_per_cycle, facts.least_latency, !dram.is_ideal()};
}

std::uint64_t cycles_at_peak(const MemoryBound& memory, std::uint64_t bytes) {
  if (memory.bytes_per_cycle == 0) return 0;
  return static_cast<std::uint64_t>(static_cast<double>(bytes) / memory.bytes_per_cycle);
}

GraphBound bound(const Graph& graph, const MemoryBound& memory) {
  return Composer(graph, memory).compose();
}

}  // namespace sluice
