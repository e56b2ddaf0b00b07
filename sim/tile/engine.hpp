// SPDX-License-Identifier: Apache-2.0
// Everything that one run of the tile simulator shares: channels, units, memory, statistics.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "sim/tile/arbiter.hpp"
#include "sim/tile/bandwidth_meter.hpp"
#include "sim/tile/channel_state.hpp"
#include "sim/tile/external_adapter.hpp"
#include "sim/tile/fast_forward.hpp"
#include "sim/tile/memory.hpp"
#include "sim/tile/program.hpp"
#include "sim/tile/tile.hpp"
#include "sim/tile/unit_process.hpp"

namespace sluice::tile {

/// A scratchpad port: the cycle up to which its beats are given away.
struct PortState {
  std::uint64_t free = 0;
  std::uint64_t beats = 0;
  std::uint64_t conflicts = 0;
};

/// Occupancy change of a channel, for the trace.
struct OccupancyEvent {
  std::uint64_t cycle = 0;
  std::uint32_t channel = 0;
  std::int64_t change = 0;
};

class Engine {
 public:
  Engine(const Graph& graph, Memory memory, const TileOptions& options);

  TileOutcome run();

  const Graph& graph;
  const TileOptions& options;
  Program program;
  std::vector<ChannelState> channels;
  std::vector<PortState> ports;
  std::vector<std::unique_ptr<UnitProcess>> units;
  std::vector<UnitStats> stats;
  std::vector<StreamStats> streams;
  Memory memory;
  Arbiter arbiter;
  FastForward fast_forward;
  std::uint64_t unloaded_latency = 0;
  std::uint64_t host_firings = 0;
  std::uint64_t firings = 0;        ///< repeats and skipped ones included
  std::uint64_t total_firings = 0;  ///< of the graph; known when progress is asked for
  std::uint64_t last_done = 0;      ///< when the last transfer was done
  bool interrupted = false;
  std::uint64_t next_progress = progress_every;
  Trace trace;
  std::vector<OccupancyEvent> occupancy;
  std::vector<std::int64_t> held_before;  ///< tokens by channel when the window of the trace begins
  std::optional<BandwidthMeter> meter;    ///< only with a trace

  /// Wakes the reader or the writer of a channel if what it waits for is there now.
  void wake_reader(ChannelState& channel);
  void wake_writer(ChannelState& channel);
  /// Whether anything at `cycle` belongs in the trace.
  bool traces(std::uint64_t cycle) const {
    return options.trace && cycle >= options.trace_start && cycle < options.trace_end &&
           trace.slices.size() + occupancy.size() < options.trace_limit;
  }
  /// Notes for the trace that a channel holds `change` more tokens from `cycle` on.
  void note_occupancy(std::uint32_t channel, std::uint64_t cycle, std::int64_t change) {
    if (!options.trace) return;
    if (cycle < options.trace_start)
      held_before[channel] += change;  // what fast-forward skips adds up to nothing
    else if (traces(cycle))
      occupancy.push_back({cycle, channel, change});
  }
  void report_progress(std::uint64_t cycle);

 private:
  TileResult result();
  Deadlock deadlock() const;
  void finish_trace(TileResult& result);
};

/// run_tile() with the memory that `make` makes in the context of each run.
TileOutcome run_with(const Graph& graph, const std::function<Memory()>& make,
                     const TileOptions& options);

}  // namespace sluice::tile
