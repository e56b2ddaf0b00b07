// SPDX-License-Identifier: Apache-2.0
// A trace as one stream of events in order of time, in which the slices of a lane nest. Trace
// viewers need both; the simulator gives neither: it lists slices track by track, and a pipelined
// unit may begin a firing before the last one has ended.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/report/report.hpp"

namespace sluice {

/// A row of slices that nest without partial overlap. A track has as many as it needs, mostly one.
struct TraceLane {
  std::uint32_t track = 0;
  std::vector<std::size_t> slices;  ///< indices in Trace::slices by start, the longer one first
};

/// Lanes ordered by track. Each slice takes the first lane of its track in which it nests.
std::vector<TraceLane> trace_lanes(const Trace& trace);

struct TraceEvent {
  enum class Kind : std::uint8_t { sample, end, begin };
  std::uint64_t cycle = 0;
  Kind kind = Kind::sample;
  std::size_t index = 0;  ///< of the sample, or of the slice
  std::size_t lane = 0;   ///< of the slice
};

/// Yields all events by cycle; within a cycle samples first (in the order given), then lane by
/// lane, ends before begins but those of slices that take no time. Keeps 8 bytes a sample and the
/// slices that are open.
class TraceEvents {
 public:
  TraceEvents(const Trace& trace, const std::vector<TraceLane>& lanes);
  /// The next event, or false after the last.
  bool next(TraceEvent& event);

 private:
  struct Cursor {
    std::size_t position = 0;       // in TraceLane::slices
    std::vector<std::size_t> open;  // slices that have begun and not ended, innermost last
  };
  struct Ready {
    std::uint64_t cycle;
    std::size_t lane;
  };
  bool peek(std::size_t lane, TraceEvent& event) const;
  void push(std::size_t lane);
  static bool later(const Ready& a, const Ready& b) {
    return a.cycle != b.cycle ? a.cycle > b.cycle : a.lane > b.lane;
  }

  const Trace& trace_;
  const std::vector<TraceLane>& lanes_;
  std::vector<Cursor> cursors_;
  std::vector<Ready> heap_;           // one entry for each lane that has events left
  std::vector<std::size_t> samples_;  // indices by cycle
  std::size_t next_sample_ = 0;
};

}  // namespace sluice
