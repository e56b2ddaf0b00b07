// SPDX-License-Identifier: Apache-2.0
// Traffic outside the cycles of a layer; see overlap.hpp.
#include "sim/report/overlap.hpp"

#include <algorithm>
#include <cmath>

#include "base/checked.hpp"
#include "sim/memory/memory_facts.hpp"

namespace sluice {
namespace {

/// Cycles [begin, end).
struct Span {
  std::uint64_t begin = 0, end = 0;
};

/// By task: the cycles of its layer, whose tasks follow each other.
std::vector<Span> layer_spans(const Mapping& mapping, std::span<const TaskTiming> tasks) {
  std::vector<Span> spans(tasks.size());
  std::uint64_t begin = 0;
  for (std::size_t first = 0; first < tasks.size();) {
    std::size_t last = first;
    std::uint64_t end = begin;
    while (last < tasks.size() && mapping.tasks[last].task.layer == mapping.tasks[first].task.layer)
      end += tasks[last++].cycles;
    std::fill(spans.begin() + static_cast<std::ptrdiff_t>(first),
              spans.begin() + static_cast<std::ptrdiff_t>(last), Span{begin, end});
    begin = end, first = last;
  }
  return spans;
}

class Overlap {
 public:
  explicit Overlap(const ExecutedMapping& run)
      : run_(run),
        peak_(memory_facts(run.architecture.dram, run.architecture.clock).bytes_per_cycle) {
    const Dram& dram = run.architecture.dram;
    if (!dram.is_ideal())
      queued_bytes_ = product(dram.write_queue, dram.channels, timing_of(dram).burst_bytes);
    const Graph& graph = run.machine.graph;
    largest_.assign(graph.layers.size(), std::vector<std::uint64_t>(graph.units.size()));
    for (const Firing& firing : graph.firings) {
      if (!firing.transfer) continue;
      std::uint64_t& largest = largest_[firing.layer][index(firing.unit)];
      largest = std::max(largest, product(firing.transfer->row_bytes, firing.transfer->rows));
    }
  }

  std::uint64_t of_task(std::size_t task, Span layer) const {
    if (peak_ == 0 || !run_.machine.has_memory) return 0;
    const TaskTraffic bytes = traffic(run_.mapping.tasks[task], run_.architecture);
    // At the end of the run nothing is queued any more.
    const std::uint64_t queued = layer.end < run_.result.cycles ? queued_bytes_ : 0;
    return outside(task, run_.machine.load_input, bytes.input_read, layer, 0) +
           outside(task, run_.machine.load_weight, bytes.weight_read, layer, 0) +
           outside(task, run_.machine.store_output, bytes.output_write, layer, queued);
  }

 private:
  const UnitLayerStats& stats(std::size_t task, UnitId unit) const {
    return run_.result.units[index(unit)].layers[task];
  }
  UnitId main_unit(std::size_t task) const {
    const bool gemm = std::holds_alternative<GemmTask>(run_.mapping.tasks[task].task.work);
    return gemm ? run_.machine.array : run_.machine.vector;
  }

  /// Tiles that are on chip at once between a DMA unit and its users.
  std::uint64_t buffers(UnitId unit) const {
    std::uint64_t most = 0;
    for (const Channel& channel : run_.machine.graph.channels)
      if (channel.producer == unit && !channel.order) most = std::max(most, channel.capacity);
    return most;
  }

  std::uint64_t at_peak(std::uint64_t cycles) const {
    return static_cast<std::uint64_t>(std::ceil(static_cast<double>(cycles) * peak_));
  }

  /// Of the bytes that `unit` moves for a task, those that may lie before or after its layer.
  /// Buffers limit them unless the main unit had begun before: it may have emptied some by then.
  std::uint64_t outside(std::size_t task, UnitId unit, std::uint64_t bytes, Span layer,
                        std::uint64_t queued) const {
    if (bytes == 0) return 0;
    const UnitLayerStats& moves = stats(task, unit);
    const std::uint64_t cycles = layer.begin - std::min(layer.begin, moves.start) +
                                 (moves.done - std::min(moves.done, layer.end));
    const bool begun = stats(task, main_unit(task)).start < layer.begin;
    const std::uint64_t held = begun ? bytes : buffers(unit) * largest_[task][index(unit)] + queued;
    return std::min({bytes, held, at_peak(cycles) + queued});
  }

  const ExecutedMapping& run_;
  double peak_ = 0;  ///< bytes a cycle
  std::uint64_t queued_bytes_ = 0;
  std::vector<std::vector<std::uint64_t>> largest_;  ///< transfer, by task and unit
};

}  // namespace

std::vector<std::uint64_t> overlapped_bytes(const ExecutedMapping& run,
                                            std::span<const TaskTiming> tasks) {
  const std::vector<Span> spans = layer_spans(run.mapping, tasks);
  const Overlap overlap(run);
  std::vector<std::uint64_t> bytes;
  for (std::size_t task = 0; task < tasks.size(); ++task)
    bytes.push_back(overlap.of_task(task, spans[task]));
  return bytes;
}

}  // namespace sluice
