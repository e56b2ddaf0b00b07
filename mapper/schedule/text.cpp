// SPDX-License-Identifier: Apache-2.0
// Schedules as tables; see schedule.hpp.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "mapper/schedule/schedule.hpp"

namespace sluice {
namespace {

/// What both arrays do in one cycle of the interval, and for the tile that began so many before.
struct Row {
  std::array<std::string, array_units> text;
  bool operator==(const Row&) const = default;
};

std::vector<Row> rows_of(const Pipeline& pipeline, const ModuloSchedule& schedule) {
  std::vector<Row> rows(schedule.interval);
  for (std::size_t o = 0; o < pipeline.ops.size(); ++o)
    for (const std::uint64_t t : schedule.times[o]) {
      std::string& text =
          rows[t % schedule.interval].text[static_cast<std::size_t>(pipeline.ops[o].unit)];
      const std::uint64_t ago = t / schedule.interval;
      text = ago == 0 ? pipeline.ops[o].name : fmt::format("{} -{}", pipeline.ops[o].name, ago);
    }
  return rows;
}

/// How often the `period` rows at `first` follow each other.
std::size_t repeats(const std::vector<Row>& rows, std::size_t first, std::size_t period) {
  std::size_t times = 1;
  while (first + (times + 1) * period <= rows.size() &&
         std::equal(rows.begin() + static_cast<std::ptrdiff_t>(first),
                    rows.begin() + static_cast<std::ptrdiff_t>(first + period),
                    rows.begin() + static_cast<std::ptrdiff_t>(first + times * period)))
    ++times;
  return times;
}

std::string timeline(const std::vector<Row>& rows) {
  std::string text = fmt::format("  {:<14} {:<20} {}\n", "cycle", "spatial_array", "vector_array");
  for (std::size_t at = 0; at < rows.size();) {
    std::size_t period = 1, times = 1;
    for (const std::size_t p : {1u, 2u, 3u, 4u})
      if (const std::size_t n = repeats(rows, at, p); (n - 1) * p > (times - 1) * period)
        period = p, times = n;
    for (std::size_t i = 0; i < period; ++i) {
      const std::size_t first = at + i, last = first + (times - 1) * period;
      const std::string cycles = times == 1    ? fmt::format("{}", first)
                                 : period == 1 ? fmt::format("{}..{}", first, last)
                                               : fmt::format("{}, +{} .. {}", first, period, last);
      text += fmt::format("  {:<14} {:<20} {}\n", cycles,
                          rows[first].text[0].empty() ? "." : rows[first].text[0],
                          rows[first].text[1].empty() ? "." : rows[first].text[1]);
    }
    at += period * times;
  }
  return text;
}

std::string operations(const Pipeline& pipeline, const ModuloSchedule& schedule) {
  std::string text = fmt::format("  {:<10} {:<14} {:>6} {:>12} {:>14}\n", "operation", "unit",
                                 "cycles", "first..last", "tiles before");
  for (std::size_t o = 0; o < pipeline.ops.size(); ++o) {
    const PipelineOp& op = pipeline.ops[o];
    const char* unit = op.unit == ArrayUnit::spatial ? "spatial_array" : "vector_array";
    if (op.after_loop) {
      text += fmt::format("  {:<10} {:<14} {:>6} {:>12}\n", op.name, unit, op.elements * op.slots,
                          "behind");
      continue;
    }
    const auto& times = schedule.times[o];
    text += fmt::format("  {:<10} {:<14} {:>6} {:>12} {:>14}\n", op.name, unit, times.size(),
                        fmt::format("{}..{}", times.front(), times.back()),
                        times.front() / schedule.interval);
  }
  return text;
}

}  // namespace

std::string to_table(const Pipeline& pipeline, const ModuloSchedule& schedule) {
  const ScheduleUse use = use_of(pipeline, schedule);
  std::string text = fmt::format("a tile every {} cycles, {} tiles in flight, {} cycles each\n",
                                 schedule.interval, use.stages, use.length);
  for (const IntervalBound& bound : interval_bounds(pipeline))
    text += fmt::format("  at least {:>5} cycles for {}\n", bound.cycles, bound.what);
  text +=
      fmt::format("  busy: spatial_array {} cycles, vector_array {}\n", use.busy[0], use.busy[1]);
  text += fmt::format("  registers: {} of {} in spatial_array, {} of {} in vector_array\n",
                      use.spatial_registers, pipeline.spatial_registers, use.vector_registers,
                      pipeline.vector_registers);
  text += fmt::format("  rows of the buffer: {} read, {} written; at most {} and {} in a cycle\n\n",
                      use.reads, use.writes, use.most_reads, use.most_writes);
  return text + operations(pipeline, schedule) + "\n" + timeline(rows_of(pipeline, schedule));
}

}  // namespace sluice
