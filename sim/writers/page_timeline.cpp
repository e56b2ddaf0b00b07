// SPDX-License-Identifier: Apache-2.0
// A trace for a page: slices are too many to draw, so each unit's are told by steps of equal
// length.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "sim/writers/page_parts.hpp"

namespace sluice {
namespace {

constexpr std::uint64_t most_steps = 600;

struct Window {
  std::uint64_t start = 0, step = 1, steps = 0;
  std::uint64_t first_cycle(std::uint64_t index) const { return start + index * step; }
};

Window window_of(const Trace& trace, std::uint64_t cycles) {
  std::uint64_t first = cycles, end = 0;
  for (const TraceSlice& slice : trace.slices) {
    first = std::min(first, slice.start);
    end = std::max(end, std::min(cycles, slice.start + slice.duration));
  }
  if (first >= end) return {};
  const std::uint64_t step = (end - first - 1) / most_steps + 1;
  return {first, step, (end - first - 1) / step + 1};
}

/// One unit's steps.
struct Lane {
  std::vector<std::uint64_t> busy;   ///< cycles
  std::vector<std::int64_t> firing;  ///< index of a name; -1: none begins or goes on
  std::uint64_t counted_to = 0;      ///< firings of a pipelined unit overlap; cycles count once
};

void add(Lane& lane, const Window& window, const TraceSlice& slice) {
  const std::uint64_t last = window.first_cycle(window.steps);
  const std::uint64_t end = std::min(last, slice.start + slice.duration);
  const std::uint64_t begin = std::max({window.start, slice.start, lane.counted_to});
  for (std::uint64_t at = begin; at < end;) {
    const std::uint64_t index = (at - window.start) / window.step;
    const std::uint64_t stop = std::min(end, window.first_cycle(index + 1));
    lane.busy[index] += stop - at;
    if (lane.firing[index] < 0) lane.firing[index] = static_cast<std::int64_t>(slice.name);
    at = stop;
  }
  lane.counted_to = std::max(lane.counted_to, end);
}

}  // namespace

std::string timeline_json(const Trace& trace, std::uint64_t cycles) {
  const Window window = window_of(trace, cycles);
  std::vector<Lane> lanes(trace.tracks.size());
  for (Lane& lane : lanes)
    lane = {std::vector<std::uint64_t>(window.steps), std::vector<std::int64_t>(window.steps, -1)};
  for (const TraceSlice& slice : trace.slices) add(lanes[slice.track], window, slice);
  nlohmann::ordered_json units = nlohmann::ordered_json::array();
  for (std::size_t u = 0; u < lanes.size(); ++u) {
    nlohmann::ordered_json shares = nlohmann::ordered_json::array();
    for (const std::uint64_t busy : lanes[u].busy)  // to a tenth of a percent
      shares.push_back(static_cast<double>(busy * 1000 / window.step) / 10);
    units.push_back({{"name", trace.tracks[u]}, {"busy", shares}, {"firing", lanes[u].firing}});
  }
  return nlohmann::ordered_json{{"start", window.start},
                                {"cycles_per_step", window.step},
                                {"names", trace.names},
                                {"units", units}}
      .dump();
}

}  // namespace sluice
