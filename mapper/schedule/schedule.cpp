// SPDX-License-Identifier: Apache-2.0
// Bounds of intervals, and what schedules take; see schedule.hpp.
#include "mapper/schedule/schedule.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/checked.hpp"
#include "mapper/schedule/occupancy.hpp"

namespace sluice {
namespace {

/// Cycles that an edge puts between the first slots of the first elements, at least.
std::int64_t least_delay(const Pipeline& pipeline, const PipelineEdge& edge) {
  const PipelineOp& from = pipeline.ops[edge.from];
  const std::uint64_t slots = edge.elementwise ? from.slots : from.elements * from.slots;
  return static_cast<std::int64_t>(slots - 1 + edge.latency);
}

/// Whether some cycle of dependences takes longer than its distance allows at this interval.
bool has_positive_cycle(const Pipeline& pipeline, std::int64_t interval) {
  std::vector<std::int64_t> start(pipeline.ops.size(), 0);
  for (std::size_t round = 0; round <= pipeline.ops.size(); ++round) {
    bool moved = false;
    for (const PipelineEdge& edge : pipeline.edges) {
      const std::int64_t shift =
          interval * static_cast<std::int64_t>(edge.distance * pipeline.distance);
      const std::int64_t least = start[edge.from] + least_delay(pipeline, edge) - shift;
      if (least <= start[edge.to]) continue;
      start[edge.to] = least;
      moved = true;
    }
    if (!moved) return false;
  }
  return true;
}

std::uint64_t recurrence_bound(const Pipeline& pipeline) {
  std::uint64_t low = 1, high = 1;
  for (const PipelineEdge& edge : pipeline.edges)
    high += static_cast<std::uint64_t>(least_delay(pipeline, edge));
  while (low < high) {
    const std::uint64_t middle = (low + high) / 2;
    if (has_positive_cycle(pipeline, static_cast<std::int64_t>(middle)))
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

}  // namespace

std::vector<IntervalBound> interval_bounds(const Pipeline& pipeline) {
  std::uint64_t load[array_units] = {0, 0}, reads = pipeline.dma_reads,
                writes = pipeline.dma_writes;
  for (const PipelineOp& op : pipeline.ops) {
    if (op.after_loop) continue;
    load[static_cast<std::size_t>(op.unit)] += op.elements * op.slots;
    reads += op.elements * op.reads;
    writes += op.elements * op.writes;
  }
  std::vector<IntervalBound> bounds = {{"spatial_array", load[0]},
                                       {"vector_array", load[1]},
                                       {"recurrences", recurrence_bound(pipeline)}};
  if (pipeline.read_ports > 0 && pipeline.shared_ports)
    bounds.push_back({"global_buffer ports", ceil_div(reads + writes, pipeline.read_ports)});
  if (pipeline.read_ports > 0 && !pipeline.shared_ports) {
    bounds.push_back({"global_buffer read ports", ceil_div(reads, pipeline.read_ports)});
    bounds.push_back({"global_buffer write ports", ceil_div(writes, pipeline.write_ports)});
  }
  std::ranges::stable_sort(bounds, std::greater{}, &IntervalBound::cycles);
  return bounds;
}

std::uint64_t producer_element(const Pipeline& pipeline, const PipelineEdge& edge,
                               std::uint64_t element) {
  const PipelineOp &from = pipeline.ops[edge.from], &to = pipeline.ops[edge.to];
  if (!edge.elementwise) return from.elements - 1;
  return std::min(from.elements - 1, ((element + 1) * to.group - 1) / from.group);
}

namespace {

/// By element of operation `o`: the end of its last use in registers, 0 without; and the cycles for
/// which it is on its way to the vector array.
struct Uses {
  std::vector<std::uint64_t> until;
  std::uint64_t link_latency = 0;
};

Uses uses_of(const Pipeline& pipeline, const ModuloSchedule& schedule, std::uint32_t o) {
  const PipelineOp& op = pipeline.ops[o];
  Uses uses{std::vector<std::uint64_t>(op.elements, 0), 0};
  for (const PipelineEdge& edge : pipeline.edges) {
    if (edge.from != o || edge.distance > 0 || edge.path == Path::buffer) continue;
    const PipelineOp& user = pipeline.ops[edge.to];
    for (std::uint64_t j = 0; j < user.elements; ++j) {
      const std::uint64_t last = producer_element(pipeline, edge, j);
      const std::uint64_t first = edge.elementwise ? j * user.group / op.group : last;
      for (std::uint64_t e = first; e <= last; ++e)
        uses.until[e] = std::max(uses.until[e], schedule.times[edge.to][j * user.slots] + 1);
    }
    if (edge.path == Path::link) uses.link_latency = edge.latency;
  }
  return uses;
}

}  // namespace

std::vector<Lifetime> lifetimes(const Pipeline& pipeline, const ModuloSchedule& schedule) {
  std::vector<Lifetime> all;
  for (std::uint32_t o = 0; o < pipeline.ops.size(); ++o) {
    const PipelineOp& op = pipeline.ops[o];
    const auto& times = schedule.times[o];
    if (times.empty()) continue;
    const Uses uses = uses_of(pipeline, schedule, o);
    const bool stays = op.unit == ArrayUnit::spatial && op.shape == OpShape::in_place;
    const ArrayUnit holder = stays ? ArrayUnit::spatial : ArrayUnit::vector;
    for (std::uint64_t e = 0; e < op.elements; ++e) {
      const std::uint64_t begin = times[e * op.slots], end = times[(e + 1) * op.slots - 1];
      // While an operation of several slots runs, it has one intermediate value.
      if (op.slots > 1) all.push_back({o, op.unit, begin + 1, end + 1, 1});
      if (op.accumulates && e + 1 < op.elements) continue;
      // What arrives below is in the latch for the cycle of its arrival.
      const std::uint64_t from = op.accumulates ? times[0] + 1 : end + uses.link_latency + 1;
      if (uses.until[e] > from) all.push_back({o, holder, from, uses.until[e], op.group});
    }
  }
  return all;
}

NeedsAtOnce needs_at_once(const Pipeline& pipeline) {
  NeedsAtOnce needs;
  for (const PipelineOp& op : pipeline.ops) {
    needs.words = std::max({needs.words, op.words_down, op.words_right});
    if (!op.after_loop) needs.rows = std::max(needs.rows, op.writes);
  }
  return needs;
}

namespace {

/// The most registers that overlapping tiles need at once.
std::uint64_t most_registers(const std::vector<Lifetime>& lifetimes, ArrayUnit unit,
                             std::uint64_t interval) {
  // By cycle, how many more there are than in the one before; a lifetime that is longer than the
  // interval is there as often as it holds the interval, and once more in the rest.
  std::vector<std::int64_t> more(interval + 1, 0);
  std::int64_t always = 0;
  for (const Lifetime& life : lifetimes) {
    if (life.unit != unit || life.until <= life.from) continue;
    const auto words = static_cast<std::int64_t>(life.words);
    const std::uint64_t length = life.until - life.from, rest = length % interval;
    always += words * static_cast<std::int64_t>(length / interval);
    const std::uint64_t begin = life.from % interval, end = begin + rest;
    more[begin] += words;
    more[std::min(end, interval)] -= words;
    if (end <= interval) continue;
    more[0] += words;
    more[end - interval] -= words;
  }
  std::int64_t now = 0, most = 0;
  for (std::uint64_t t = 0; t < interval; ++t) most = std::max(most, now += more[t]);
  return static_cast<std::uint64_t>(always + most);
}

}  // namespace

ScheduleUse use_of(const Pipeline& pipeline, const ModuloSchedule& schedule) {
  ScheduleUse use;
  std::vector<std::uint64_t> reads(schedule.interval, 0), writes(schedule.interval, 0);
  std::uint64_t last = 0;
  for (std::size_t o = 0; o < pipeline.ops.size(); ++o) {
    const PipelineOp& op = pipeline.ops[o];
    const auto& times = schedule.times[o];
    if (times.empty()) continue;
    use.busy[static_cast<std::size_t>(op.unit)] += times.size();
    for (std::uint64_t e = 0; e < op.elements; ++e) {
      const std::uint64_t end = times[(e + 1) * op.slots - 1];
      for_each_read(pipeline, op, times[e * op.slots], schedule.interval,
                    [&](std::uint64_t at, std::uint64_t rows) { reads[at] += rows; });
      writes[(end + op.write_after) % schedule.interval] += op.writes;
      use.reads += op.reads, use.writes += op.writes;
      last = std::max(last, end);
      use.length = std::max(use.length, end + op.write_after + 1);
    }
  }
  use.stages = last / schedule.interval + 1;
  for (std::uint64_t t = 0; t < schedule.interval; ++t) {
    use.most_reads = std::max(use.most_reads, reads[t]);
    use.most_writes = std::max(use.most_writes, writes[t]);
    use.most_accesses = std::max(use.most_accesses, reads[t] + writes[t]);
  }
  const std::vector<Lifetime> lives = lifetimes(pipeline, schedule);
  use.spatial_registers = most_registers(lives, ArrayUnit::spatial, schedule.interval);
  use.vector_registers = most_registers(lives, ArrayUnit::vector, schedule.interval);
  return use;
}

std::vector<std::uint64_t> busy_by_stage(const Pipeline& pipeline, const ModuloSchedule& schedule,
                                         ArrayUnit unit) {
  std::vector<std::uint64_t> busy(use_of(pipeline, schedule).stages, 0);
  for (std::size_t o = 0; o < pipeline.ops.size(); ++o)
    if (pipeline.ops[o].unit == unit)
      for (const std::uint64_t t : schedule.times[o]) ++busy[t / schedule.interval];
  return busy;
}

}  // namespace sluice
