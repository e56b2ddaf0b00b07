// SPDX-License-Identifier: Apache-2.0
// Bounds of a systolic machine's tasks; see analytic.hpp and docs/analytic.md for the proof.
#include "sim/analytic/analytic.hpp"

#include <algorithm>

#include "sim/analytic/bound.hpp"
#include "sim/report/stalls.hpp"

namespace sluice {
namespace {

/// One task's bounds, by the unit that gives them.
struct TaskBounds {
  UnitBound array, vector, input, weight, store;
  bool gemm = false;       ///< the array works, and the vector unit behind it
  bool attention = false;  ///< which has buffers for keys and for values
};

/// A candidate for the bound of a group of tasks and what the main unit then waits for.
struct Candidate {
  std::uint64_t cycles = 0;
  const char* cause = "";
};

class Analysis {
 public:
  Analysis(const Architecture& architecture, const Mapping& mapping, const SystolicGraph& machine)
      : architecture_(architecture),
        machine_(machine),
        memory_(memory_bound(architecture.dram, architecture.clock)) {
    bounds_ = bound(machine.graph, memory_);
    tasks_.reserve(mapping.tasks.size());
    for (std::size_t t = 0; t < mapping.tasks.size(); ++t)
      tasks_.push_back(task_bounds(bounds_[t], mapping.tasks[t].task.work));
  }

  ReportParts run() const {
    ReportParts parts;
    parts.tasks.reserve(tasks_.size());
    std::size_t first = 0;
    while (first < tasks_.size()) {
      std::size_t last = first + 1;
      while (last < tasks_.size() && machine_.has_memory && !machine_.waits_for_previous[last])
        ++last;
      share({first, last}, parts);
      first = last;
    }
    raise_to_global(parts);
    note_overlap(parts);
    return parts;
  }

  /// Estimated cycles for which `unit` moves bytes at the peak.
  std::uint64_t transfer_cycles(UnitId unit) const {
    std::uint64_t bytes = 0;
    for (const std::vector<UnitBound>& task : bounds_) bytes += task[index(unit)].bytes;
    return cycles_at_peak(memory_, bytes);
  }

 private:
  /// A run of tasks [first, last) whose loads need no result of each other.
  struct Group {
    std::size_t first = 0, last = 0;
  };

  TaskBounds task_bounds(const std::vector<UnitBound>& units, const TaskWork& work) const;
  Candidate group_bound(Group group) const;
  std::uint64_t array_lead(Group group) const;
  std::uint64_t vector_lead(Group group) const;
  std::uint64_t after_last_load(Group group) const;
  std::uint64_t input_path(Group group) const;
  std::uint64_t weight_path(Group group) const;
  std::uint64_t traffic(Group group) const;
  bool fetches_ahead(Group group) const {
    return architecture_.prefetch_weights && group.first > 0;
  }
  std::uint64_t early_tiles(Group group) const;
  void share(Group group, ReportParts& parts) const;
  void raise_to_global(ReportParts& parts) const;
  void note_overlap(ReportParts& parts) const;

  const Architecture& architecture_;
  const SystolicGraph& machine_;
  MemoryBound memory_;
  GraphBound bounds_;
  std::vector<TaskBounds> tasks_;
};

TaskBounds Analysis::task_bounds(const std::vector<UnitBound>& units, const TaskWork& work) const {
  TaskBounds b;
  b.gemm = !std::holds_alternative<VectorTask>(work);
  b.attention = std::holds_alternative<AttentionTask>(work);
  b.array = units[index(machine_.array)];
  b.vector = units[index(machine_.vector)];
  if (machine_.has_memory) {
    b.input = units[index(machine_.load_input)];
    b.weight = units[index(machine_.load_weight)];
    b.store = units[index(machine_.store_output)];
  }
  return b;
}

/// From the group's beginning to the array's first step: its first input must be there, and the
/// weights, unless they may have come before.
std::uint64_t Analysis::array_lead(Group group) const {
  for (std::size_t t = group.first; t < group.last; ++t) {
    const TaskBounds& b = tasks_[t];
    if (b.gemm) return std::max(b.input.first, fetches_ahead(group) ? 0 : b.weight.first);
  }
  return 0;
}

/// The same for the vector unit, which follows the array where it finishes the array's results.
std::uint64_t Analysis::vector_lead(Group group) const {
  for (std::size_t t = group.first; t < group.last; ++t) {
    const TaskBounds& b = tasks_[t];
    if (b.vector.busy > 0) return b.input.first + (b.gemm ? b.array.first : 0);
  }
  return 0;
}

/// From the moment when the last task's last operand is there until its last result is stored.
std::uint64_t Analysis::after_last_load(Group group) const {
  const TaskBounds& tail = tasks_[group.last - 1];
  return (tail.gemm ? tail.array.last : 0) + tail.vector.last + tail.store.last_busy;
}

/// Weight tiles that may be on chip when the group begins.
std::uint64_t Analysis::early_tiles(Group group) const {
  const std::size_t pad = scratchpad_of(architecture_, TensorRole::weight);
  const std::uint64_t tiles = architecture_.scratchpads[pad].double_buffered ? 2 : 1;
  const bool values = std::any_of(tasks_.begin() + static_cast<std::ptrdiff_t>(group.first),
                                  tasks_.begin() + static_cast<std::ptrdiff_t>(group.last),
                                  [](const TaskBounds& b) { return b.attention; });
  return values ? 2 * tiles : tiles;
}

/// All input is loaded after the group has begun, and the last of it before the last step.
std::uint64_t Analysis::input_path(Group group) const {
  const TaskBounds& tail = tasks_[group.last - 1];
  std::uint64_t loads = 0, bytes = 0;
  bool alike = true;  // the last step of all is behind every load
  for (std::size_t t = group.first; t < group.last; ++t) {
    loads += tasks_[t].input.span, bytes += tasks_[t].input.bytes;
    alike = alike && tasks_[t].gemm == tail.gemm;
  }
  if (loads == 0 && bytes == 0) return 0;
  const std::uint64_t in_order = loads - tail.input.last_busy + tail.input.last;
  if (!memory_.queued) return in_order + after_last_load(group);
  const std::uint64_t moved = cycles_at_peak(memory_, bytes) + memory_.latency;
  return std::max(in_order + after_last_load(group), moved + (alike ? after_last_load(group) : 0));
}

/// Weights that were not loaded before the group began come one after the other.
std::uint64_t Analysis::weight_path(Group group) const {
  std::uint64_t loads = 0, longest = 0;
  const UnitBound* last = nullptr;
  for (std::size_t t = group.first; t < group.last; ++t) {
    const UnitBound& weight = tasks_[t].weight;
    if (weight.busy == 0 && weight.last == 0) continue;
    loads += weight.busy, longest = std::max(longest, weight.longest);
    last = &weight;
  }
  const std::uint64_t early = fetches_ahead(group) ? early_tiles(group) * longest : 0;
  if (last == nullptr || loads <= early) return 0;
  const bool ends = last == &tasks_[group.last - 1].weight;
  return loads - early - last->last_busy + last->last + (ends ? after_last_load(group) : 0);
}

/// Bytes that must pass while the group runs. A write to DRAM may stay queued beyond its end.
std::uint64_t Analysis::traffic(Group group) const {
  std::uint64_t bytes = 0, weights = 0, largest = 0;
  for (std::size_t t = group.first; t < group.last; ++t) {
    const TaskBounds& b = tasks_[t];
    bytes += b.input.bytes + (memory_.queued ? 0 : b.store.bytes);
    weights += b.weight.bytes;
    largest = std::max(largest, b.weight.largest);
  }
  const std::uint64_t early = fetches_ahead(group) ? early_tiles(group) * largest : 0;
  return bytes + weights - std::min(weights, early);
}

/// The group begins with a load that waits for earlier results, and each unit does its work in
/// order. Hence each of these is a path that must be gone; docs/analytic.md says why.
Candidate Analysis::group_bound(Group group) const {
  const TaskBounds& tail = tasks_[group.last - 1];
  std::uint64_t array = 0, vector = 0;
  for (std::size_t t = group.first; t < group.last; ++t)
    array += tasks_[t].array.span, vector += tasks_[t].vector.span;
  const std::uint64_t array_end = tail.gemm ? tail.array.last -
                                                  std::min(tail.array.last, tail.array.last_busy) +
                                                  tail.vector.last + tail.store.last_busy
                                            : 0;
  const std::uint64_t vector_end =
      tail.vector.last - std::min(tail.vector.last, tail.vector.last_busy) + tail.store.last_busy;
  const Candidate candidates[] = {
      {array > 0 ? array_lead(group) + array + array_end : 0, "fill"},
      {vector > 0 ? vector_lead(group) + vector + vector_end : 0, "input_starved:vector"},
      {input_path(group), "memory_bandwidth"},
      {weight_path(group), "memory_bandwidth"},
      {cycles_at_peak(memory_, traffic(group)), "memory_bandwidth"},
  };
  return *std::max_element(std::begin(candidates), std::end(candidates),
                           [](const auto& a, const auto& b) { return a.cycles < b.cycles; });
}

/// Shares the bound of a group among its tasks: to each the array's work in it, and of what remains
/// as much as its own bound is of all.
void Analysis::share(Group group, ReportParts& parts) const {
  const auto [first, last] = group;
  const Candidate whole = group_bound(group);
  std::uint64_t own_sum = 0, work_sum = 0;
  InlineVector<std::uint64_t, 8> own, work;  // by task; the array's work is never shared away
  for (std::size_t t = first; t < last; ++t) {
    const Candidate alone = last - first == 1 ? whole : group_bound({t, t + 1});
    own.push_back(std::max<std::uint64_t>(1, alone.cycles));
    work.push_back(tasks_[t].gemm ? tasks_[t].array.span : 0);
    own_sum += own.back(), work_sum += work.back();
  }
  const auto rest = static_cast<double>(whole.cycles - work_sum);
  std::uint64_t given = 0, own_so_far = 0, work_so_far = 0;
  for (std::size_t t = first; t < last; ++t) {
    own_so_far += own[t - first], work_so_far += work[t - first];
    const double share = static_cast<double>(own_so_far) / static_cast<double>(own_sum);
    const auto until =
        t + 1 == last ? whole.cycles : work_so_far + static_cast<std::uint64_t>(share * rest);
    TaskTiming timing;
    const TaskBounds& b = tasks_[t];
    timing.unit = machine_.graph.units[index(b.gemm ? machine_.array : machine_.vector)].name;
    timing.cycles = until - given;
    const UnitBound& main = b.gemm ? b.array : b.vector;
    timing.busy = std::min(timing.cycles, main.busy - main.conflicts);
    const std::uint64_t lost = timing.cycles - timing.busy;
    const std::uint64_t conflicts = std::min(lost, main.conflicts);
    timing.stalls.reserve(2);
    if (conflicts > 0) timing.stalls.push_back({"bank_conflict", conflicts});
    if (lost > conflicts) timing.stalls.push_back({whole.cause, lost - conflicts});
    parts.tasks.push_back(std::move(timing));
    given = until;
  }
  parts.cycles += whole.cycles;
}

/// The whole cannot be faster than all weights one after the other, or than all traffic: at the
/// end, every write is in the memory.
void Analysis::raise_to_global(ReportParts& parts) const {
  std::uint64_t weights = 0, bytes = 0;
  UnitBound last;
  for (const TaskBounds& t : tasks_) {
    weights += t.weight.span;
    bytes += t.input.bytes + t.weight.bytes + t.store.bytes;
    if (t.weight.busy > 0) last = t.weight;
  }
  // Of the last cycle a part is enough; a double may be off by its last digits.
  std::uint64_t passing = cycles_at_peak(memory_, bytes);
  const double passed = static_cast<double>(passing) * memory_.bytes_per_cycle;
  if (memory_.bytes_per_cycle > 0 && passed * (1 + 1e-12) < static_cast<double>(bytes)) ++passing;
  const std::uint64_t least = std::max(weights - last.last_busy + last.last, passing);
  if (least <= parts.cycles || parts.tasks.empty()) return;
  TaskTiming& task = parts.tasks.back();
  const std::uint64_t more = least - parts.cycles;
  task.cycles += more;
  if (!task.stalls.empty() && task.stalls.back().cause == "memory_bandwidth")
    task.stalls.back().cycles += more;
  else
    task.stalls.push_back({"memory_bandwidth", more});
  parts.cycles = least;
}

/// A task's cycles are a share of its group's, and not a time of its own: the bytes that do not
/// pass in them must pass in those of others.
void Analysis::note_overlap(ReportParts& parts) const {
  for (std::size_t t = 0; t < tasks_.size(); ++t) {
    const TaskBounds& b = tasks_[t];
    const std::uint64_t bytes = b.input.bytes + b.weight.bytes + b.store.bytes;
    const double most = static_cast<double>(parts.tasks[t].cycles) * memory_.bytes_per_cycle;
    if (memory_.bytes_per_cycle > 0 && static_cast<double>(bytes) > most)
      parts.tasks[t].overlapped_bytes = bytes - static_cast<std::uint64_t>(most);
  }
}

}  // namespace

ReportParts analyze(const Architecture& architecture, const Mapping& mapping,
                    const SystolicGraph& machine, ReportDetail detail) {
  const Analysis analysis(architecture, mapping, machine);
  ReportParts parts = analysis.run();
  if (detail == ReportDetail::total) return parts;
  std::vector<std::uint64_t> busy = busy_cycles(machine.graph);
  for (std::size_t u = 0; u < busy.size(); ++u) busy[u] += analysis.transfer_cycles(UnitId(u));
  parts.units = unit_reports(machine.graph, busy, parts.cycles);
  return parts;
}

}  // namespace sluice
