// SPDX-License-Identifier: Apache-2.0
// The `tile` fidelity: executes a timed dataflow graph on SystemC and counts exact cycles, all
// stalls and all traffic. No SystemC type appears here. One run at a time in a process.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "arch/dram.hpp"
#include "base/quantity.hpp"
#include "sim/graph/graph.hpp"
#include "sim/report/report.hpp"

namespace sluice {

/// Firings between two calls of TileOptions::progress. One that moves megabytes through DRAM takes
/// the host milliseconds; a call costs about as much as one that does not.
inline constexpr std::uint64_t progress_every = 64;

/// How far a run has come.
struct TileProgress {
  std::uint64_t cycle = 0;          ///< of the unit that reports
  std::uint64_t firings = 0;        ///< done; repeats and those skipped by arithmetic count
  std::uint64_t total_firings = 0;  ///< of the whole graph
};

struct TileOptions {
  bool fast_forward = true;
  bool trace = false;
  std::uint64_t trace_start = 0;                ///< first cycle recorded
  std::uint64_t trace_end = ~std::uint64_t{0};  ///< one past the last
  std::size_t trace_limit = 2'000'000;          ///< slices and samples kept
  /// Gives way to other processes after so many firings; 0: never. Changes no result: a test says
  /// so.
  std::uint64_t yield_every = 0;
  /// Called about once in `progress_every` firings that the host executes; may be empty. Returning
  /// false ends the run with Interrupted.
  bool (*progress)(const TileProgress& progress, void* context) = nullptr;
  void* progress_context = nullptr;
};

/// Why a unit did not fire although it was not done. The order is that of UnitLayerStats::stalls.
enum class StallKind : std::uint8_t {
  fill,              ///< waits for the first tile of a layer from another compute unit
  drain,             ///< waits until an earlier layer's results are stored
  dma_setup,         ///< waits for data whose transfer is being set up
  memory_latency,    ///< waits for data that the memory was asked for: the unloaded latency
  memory_bandwidth,  ///< the same, beyond the unloaded latency
  port_conflict,     ///< waits for a scratchpad port that another unit uses
  bank_conflict,     ///< words that it takes together lie in the same bank
  input_starved,     ///< waits for a token; see UnitLayerStats::starved for whose
  output_blocked,    ///< waits for room; see UnitLayerStats::blocked for whose
};
inline constexpr std::size_t stall_kinds = 9;
/// Other units that the statistics of one unit tell apart; all beyond share the last place.
inline constexpr std::size_t stall_peers = 8;

/// What one unit did for one layer. `busy` + the stalls = `end` - the unit's end of the layer
/// before.
struct UnitLayerStats {
  std::uint64_t firings = 0;
  std::uint64_t busy = 0;
  std::array<std::uint64_t, stall_kinds> stalls{};
  std::array<std::uint64_t, stall_peers> starved{};  ///< of input_starved, by UnitStats::peers
  std::array<std::uint64_t, stall_peers> blocked{};  ///< of output_blocked, by UnitStats::peers
  std::uint64_t first_stall = 0;  ///< of the stalls, those before the first firing
  std::uint64_t start = 0;        ///< cycle of the first firing; meaningless without firings
  std::uint64_t end = 0;          ///< cycle at which the last firing left the unit free
  std::uint64_t done = 0;         ///< cycle at which the last result was ready
  bool operator==(const UnitLayerStats&) const = default;
};

struct UnitStats {
  std::vector<UnitId> peers;           ///< units that share a channel with it, in order of channels
  std::vector<UnitLayerStats> layers;  ///< by Graph::layers
  bool operator==(const UnitStats&) const = default;
};

struct ChannelStats {
  std::uint64_t tokens = 0;        ///< enqueued in all
  std::uint64_t starved = 0;       ///< cycles for which the consumer waited for a token of it
  std::uint64_t blocked = 0;       ///< cycles for which the producer waited for room in it
  std::uint64_t last_dequeue = 0;  ///< time of the last dequeue: the measure of streaming graphs
  bool operator==(const ChannelStats&) const = default;
};

/// Bytes moved by memory stream (Graph::streams).
struct StreamStats {
  std::uint64_t read_bytes = 0, write_bytes = 0, transfers = 0;
  bool operator==(const StreamStats&) const = default;
};

struct TileResult {
  std::uint64_t cycles = 0;  ///< from cycle 0 until everything is computed and stored
  std::vector<UnitStats> units;
  std::vector<ChannelStats> channels;
  std::vector<StreamStats> streams;
  std::vector<Counter> memory_counters;
  std::vector<std::uint64_t> port_beats, port_conflicts;  ///< by Graph::ports
  std::uint64_t host_firings = 0;  ///< firings executed one by one; the rest was arithmetic
  Trace trace;
};

/// One unit's wait in a deadlock.
struct Wait {
  std::string unit;
  std::string channel;
  bool full = false;  ///< waits for room; else for a token
  std::uint64_t capacity = 0;
  std::uint64_t held = 0;
  std::string on;  ///< the unit that would end the wait
  bool operator==(const Wait&) const = default;
};

/// Nothing can run although units are unfinished.
struct Deadlock {
  std::uint64_t cycle = 0;  ///< the latest local time of any unit
  std::vector<Wait> waits;  ///< a cycle of waits, each on the unit of the next
  std::string channel;      ///< the full channel whose depth would free it; empty if none would
  std::uint64_t depth = 0;  ///< the least capacity of `channel` that runs to the end
  bool operator==(const Deadlock&) const = default;
};

/// `deadlock at cycle 17: ...` with the waits, one a line, and the depth that would do.
std::string to_text(const Deadlock& deadlock);

struct Interrupted {
  std::uint64_t cycle = 0;
};

/// Main memory as the graph's transfers see it. `clock` is that of the machine.
struct TileMemory {
  Dram dram;
  Hertz clock{1e9};
};

using TileOutcome = std::variant<TileResult, Deadlock, Interrupted>;

/// Executes `graph`, which must pass check(). Cost: proportional to distinct periods, see
/// docs/time.md.
TileOutcome run_tile(const Graph& graph, const TileMemory& memory, const TileOptions& options = {});

}  // namespace sluice
