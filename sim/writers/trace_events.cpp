// SPDX-License-Identifier: Apache-2.0
#include "sim/writers/trace_events.hpp"

#include <algorithm>
#include <numeric>

#include "base/assert.hpp"

namespace sluice {
namespace {

std::uint64_t end_of(const TraceSlice& slice) { return slice.start + slice.duration; }

std::vector<std::size_t> by_track_and_time(const std::vector<TraceSlice>& slices) {
  std::vector<std::size_t> order(slices.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto before = [&](std::size_t a, std::size_t b) {
    const TraceSlice &x = slices[a], &y = slices[b];
    if (x.track != y.track) return x.track < y.track;
    if (x.start != y.start) return x.start < y.start;
    return x.duration > y.duration;
  };
  if (!std::is_sorted(order.begin(), order.end(), before))
    std::stable_sort(order.begin(), order.end(), before);
  return order;
}

}  // namespace

std::vector<TraceLane> trace_lanes(const Trace& trace) {
  std::vector<TraceLane> lanes;
  std::vector<std::vector<std::uint64_t>> open;  // of each lane: ends of the slices that enclose
  std::size_t first = 0;                         // lane of the current track
  for (const std::size_t index : by_track_and_time(trace.slices)) {
    const TraceSlice& slice = trace.slices[index];
    SLUICE_ASSERT(slice.track < trace.tracks.size(), "a slice of a trace names no track");
    if (first < lanes.size() && lanes[first].track != slice.track) first = lanes.size();
    std::size_t lane = first;
    for (; lane < lanes.size(); ++lane) {
      auto& ends = open[lane];
      while (!ends.empty() && ends.back() <= slice.start) ends.pop_back();
      if (ends.empty() || end_of(slice) <= ends.back()) break;
    }
    if (lane == lanes.size()) lanes.push_back({slice.track, {}}), open.emplace_back();
    lanes[lane].slices.push_back(index);
    open[lane].push_back(end_of(slice));
  }
  return lanes;
}

TraceEvents::TraceEvents(const Trace& trace, const std::vector<TraceLane>& lanes)
    : trace_(trace), lanes_(lanes), cursors_(lanes.size()), samples_(trace.samples.size()) {
  std::iota(samples_.begin(), samples_.end(), std::size_t{0});
  std::stable_sort(samples_.begin(), samples_.end(), [&](std::size_t a, std::size_t b) {
    return trace.samples[a].cycle < trace.samples[b].cycle;
  });
  for (std::size_t lane = 0; lane < lanes.size(); ++lane) push(lane);
}

bool TraceEvents::peek(std::size_t lane, TraceEvent& event) const {
  const Cursor& cursor = cursors_[lane];
  const auto& slices = lanes_[lane].slices;
  const bool more = cursor.position < slices.size();
  if (!cursor.open.empty()) {
    const std::size_t innermost = cursor.open.back();
    const std::uint64_t end = end_of(trace_.slices[innermost]);
    if (!more || end <= trace_.slices[slices[cursor.position]].start) {
      event = {end, TraceEvent::Kind::end, innermost, lane};
      return true;
    }
  }
  if (!more) return false;
  const std::size_t index = slices[cursor.position];
  event = {trace_.slices[index].start, TraceEvent::Kind::begin, index, lane};
  return true;
}

void TraceEvents::push(std::size_t lane) {
  TraceEvent event;
  if (!peek(lane, event)) return;
  heap_.push_back({event.cycle, lane});
  std::push_heap(heap_.begin(), heap_.end(), later);
}

bool TraceEvents::next(TraceEvent& event) {
  if (next_sample_ < samples_.size()) {
    const std::size_t index = samples_[next_sample_];
    const std::uint64_t cycle = trace_.samples[index].cycle;
    if (heap_.empty() || cycle <= heap_.front().cycle) {
      event = {cycle, TraceEvent::Kind::sample, index, 0};
      ++next_sample_;
      return true;
    }
  }
  if (heap_.empty()) return false;
  std::pop_heap(heap_.begin(), heap_.end(), later);
  const std::size_t lane = heap_.back().lane;
  heap_.pop_back();
  peek(lane, event);
  Cursor& cursor = cursors_[lane];
  if (event.kind == TraceEvent::Kind::begin)
    cursor.open.push_back(event.index), ++cursor.position;
  else
    cursor.open.pop_back();
  push(lane);
  return true;
}

}  // namespace sluice
