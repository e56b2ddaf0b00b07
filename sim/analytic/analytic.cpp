// SPDX-License-Identifier: Apache-2.0
// Bounds of a systolic machine's tasks; see analytic.hpp and docs/analytic.md for the proof.
#include "sim/analytic/analytic.hpp"

#include <algorithm>
#include <cmath>

#include "sim/analytic/bound.hpp"
#include "sim/memory/memory_facts.hpp"

namespace sluice {
namespace {

/// One task's bounds, by the unit that gives them.
struct TaskBounds {
  UnitBound array, vector, input, weight, store;
  std::uint64_t read_bytes = 0, write_bytes = 0;
  bool gemm = false;
  bool epilogue = false;
};

/// A candidate for the bound of a group of tasks and what the main unit then waits for.
struct Candidate {
  std::uint64_t cycles = 0;
  const char* cause = "";
};

class Analysis {
 public:
  Analysis(const Architecture& architecture, const Mapping& mapping, const SystolicGraph& machine)
      : architecture_(architecture), machine_(machine) {
    const MemoryFacts facts = memory_facts(architecture.dram, architecture.clock);
    memory_ = {facts.bytes_per_cycle, facts.unloaded_latency};
    const GraphBound bounds = bound(machine.graph, memory_);
    const auto actions = count_actions(machine.graph);
    for (std::size_t t = 0; t < mapping.tasks.size(); ++t)
      tasks_.push_back(task_bounds(bounds[t], actions[t],
                                   std::holds_alternative<GemmTask>(mapping.tasks[t].task.work)));
  }

  ReportParts run() {
    ReportParts parts;
    std::size_t first = 0;
    while (first < tasks_.size()) {
      std::size_t last = first + 1;
      while (last < tasks_.size() && machine_.has_memory && !machine_.waits_for_previous[last]) ++last;
      share(first, last, parts);
      first = last;
    }
    raise_to_global(parts);
    return parts;
  }

 private:
  TaskBounds task_bounds(const std::vector<UnitBound>& units,
                         const std::vector<std::uint64_t>& actions, bool gemm) const;
  Candidate group_bound(std::size_t first, std::size_t last) const;
  void share(std::size_t first, std::size_t last, ReportParts& parts) const;
  void raise_to_global(ReportParts& parts) const;
  std::uint64_t at_peak(std::uint64_t bytes) const;

  const Architecture& architecture_;
  const SystolicGraph& machine_;
  MemoryBound memory_;
  std::vector<TaskBounds> tasks_;
};

TaskBounds Analysis::task_bounds(const std::vector<UnitBound>& units,
                                 const std::vector<std::uint64_t>& actions, bool gemm) const {
  TaskBounds b;
  b.gemm = gemm;
  b.array = units[index(machine_.array)];
  b.vector = units[index(machine_.vector)];
  b.epilogue = gemm && b.vector.busy > 0;
  if (machine_.has_memory) {
    b.input = units[index(machine_.load_input)];
    b.weight = units[index(machine_.load_weight)];
    b.store = units[index(machine_.store_output)];
  }
  b.read_bytes = actions[static_cast<std::size_t>(SystolicAction::dram_read)];
  b.write_bytes = actions[static_cast<std::size_t>(SystolicAction::dram_write)];
  return b;
}

std::uint64_t Analysis::at_peak(std::uint64_t bytes) const {
  if (memory_.bytes_per_cycle == 0) return 0;
  return static_cast<std::uint64_t>(
      std::floor(static_cast<double>(bytes) / memory_.bytes_per_cycle));
}

/// The tasks [first, last) begin with a load that waits for earlier results, and each unit does
/// their work in order. Hence each of these is a path that must be gone.
Candidate Analysis::group_bound(std::size_t first, std::size_t last) const {
  const TaskBounds& head = tasks_[first];
  const TaskBounds& tail = tasks_[last - 1];
  std::uint64_t array = 0, vector = 0, input = 0, weight = 0, reads = 0, writes = 0;
  for (std::size_t t = first; t < last; ++t) {
    array += tasks_[t].array.span, vector += tasks_[t].vector.span;
    input += tasks_[t].input.span, weight += tasks_[t].weight.span;
    reads += tasks_[t].read_bytes, writes += tasks_[t].write_bytes;
  }
  const std::uint64_t lead = head.input.first;
  const std::uint64_t vector_end = tail.gemm && !tail.epilogue ? 0 : tail.vector.last;
  const std::uint64_t array_end =
      tail.gemm ? tail.array.last - tail.array.last_busy + vector_end : 0;
  const std::uint64_t after_loads = (tail.gemm ? tail.array.last : 0) + vector_end;
  // Weights of as many tiles as there are buffers may have been loaded before.
  const std::uint64_t prefetched = std::min(weight, 2 * head.weight.first);
  const std::uint64_t needed = architecture_.prefetch_weights ? weight - prefetched : weight;
  const std::uint64_t weight_bytes = architecture_.prefetch_weights && memory_.bytes_per_cycle > 0
      ? static_cast<std::uint64_t>(std::ceil(static_cast<double>(prefetched) * memory_.bytes_per_cycle))
      : 0;
  const std::uint64_t moved = reads - std::min(reads, weight_bytes) +
                              (architecture_.dram.is_ideal() ? writes : 0);
  const Candidate candidates[] = {
      {lead + array + array_end, "fill"},
      {lead + (head.gemm ? head.array.first : 0) + vector +
           (tail.vector.last - std::min(tail.vector.last, tail.vector.last_busy)),
       "input_starved:vector"},
      {input + after_loads, "memory_bandwidth"},
      {needed, "memory_bandwidth"},
      {at_peak(moved), "memory_bandwidth"},
  };
  return *std::max_element(std::begin(candidates), std::end(candidates),
                           [](const auto& a, const auto& b) { return a.cycles < b.cycles; });
}

/// Shares the bound of a group among its tasks in proportion to their own.
void Analysis::share(std::size_t first, std::size_t last, ReportParts& parts) const {
  const Candidate whole = group_bound(first, last);
  std::uint64_t sum = 0;
  std::vector<std::uint64_t> own;
  for (std::size_t t = first; t < last; ++t) {
    own.push_back(std::max<std::uint64_t>(1, group_bound(t, t + 1).cycles));
    sum += own.back();
  }
  std::uint64_t given = 0, so_far = 0;
  for (std::size_t t = first; t < last; ++t) {
    so_far += own[t - first];
    const double share = static_cast<double>(so_far) / static_cast<double>(sum);
    const auto until = t + 1 == last ? whole.cycles
                                     : static_cast<std::uint64_t>(
                                           share * static_cast<double>(whole.cycles));
    TaskTiming timing;
    const TaskBounds& b = tasks_[t];
    timing.unit = machine_.graph.units[index(b.gemm ? machine_.array : machine_.vector)].name;
    timing.cycles = until - given;
    timing.busy = std::min(timing.cycles, b.gemm ? b.array.busy : b.vector.busy);
    if (timing.cycles > timing.busy)
      timing.stalls.push_back({whole.cause, timing.cycles - timing.busy});
    parts.tasks.push_back(std::move(timing));
    given = until;
  }
  parts.cycles += whole.cycles;
}

/// The whole cannot be faster than all weights, or all traffic, at the memory's peak.
void Analysis::raise_to_global(ReportParts& parts) const {
  std::uint64_t weights = 0, bytes = 0;
  for (const TaskBounds& t : tasks_) {
    weights += t.weight.span;
    bytes += t.read_bytes + (architecture_.dram.is_ideal() ? t.write_bytes : 0);
  }
  const std::uint64_t least = std::max(weights, at_peak(bytes));
  if (least <= parts.cycles || parts.tasks.empty()) return;
  TaskTiming& task = parts.tasks.back();
  const std::uint64_t more = least - parts.cycles;
  task.cycles += more;
  task.stalls.push_back({"memory_bandwidth", more});
  if (task.stalls.size() == 2 && task.stalls[0].cause == task.stalls[1].cause) {
    task.stalls[0].cycles += more;
    task.stalls.pop_back();
  }
  parts.cycles = least;
}

}  // namespace

ReportParts analyze(const Architecture& architecture, const Mapping& mapping,
                    const SystolicGraph& machine) {
  ReportParts parts = Analysis(architecture, mapping, machine).run();
  const std::vector<std::uint64_t> busy = busy_cycles(machine.graph);
  const std::vector<std::uint64_t> firings = count_firings(machine.graph);
  for (std::size_t u = 0; u < machine.graph.units.size(); ++u) {
    UnitReport unit;
    unit.name = machine.graph.units[u].name;
    unit.firings = firings[u];
    unit.busy_cycles = std::min(busy[u], parts.cycles);
    unit.idle_cycles = parts.cycles - unit.busy_cycles;
    parts.units.push_back(std::move(unit));
  }
  return parts;
}

}  // namespace sluice
