// SPDX-License-Identifier: Apache-2.0
// Small graphs and how to run them, for the tests of the tile simulator.
#pragma once

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <variant>
#include <vector>

#include "sim/graph/graph.hpp"
#include "sim/tile/tile.hpp"

namespace sluice::test {

/// A memory without limits.
inline TileMemory no_memory() { return TileMemory{}; }

inline TileResult run(const Graph& graph, const TileMemory& memory, const TileOptions& options) {
  TileOutcome outcome = run_tile(graph, memory, options);
  REQUIRE(std::holds_alternative<TileResult>(outcome));
  return std::get<TileResult>(std::move(outcome));
}

inline TileResult run(const Graph& graph, bool fast_forward = true) {
  TileOptions options;
  options.fast_forward = fast_forward;
  return run(graph, no_memory(), options);
}

/// Everything that two runs of one graph must agree on.
inline void check_same(const TileResult& a, const TileResult& b) {
  CHECK(a.cycles == b.cycles);
  CHECK(a.units == b.units);
  CHECK(a.channels == b.channels);
  CHECK(a.streams == b.streams);
  CHECK(a.memory_counters == b.memory_counters);
  CHECK(a.port_beats == b.port_beats);
  CHECK(a.port_conflicts == b.port_conflicts);
}

/// A firing of `unit` that takes one token of each of `in` and puts one on each of `out`.
inline Firing simple(UnitId unit, std::vector<ChannelId> in, std::vector<ChannelId> out,
                     std::uint64_t interval = 1, std::uint64_t latency = 1,
                     Release release = Release::at_start) {
  Firing f;
  f.name = "fire";
  f.unit = unit;
  f.interval = interval;
  f.latency = latency;
  for (const ChannelId c : in) f.takes.push_back({c, 1, release});
  for (const ChannelId c : out) f.puts.push_back({c, 1});
  return f;
}

/// A chain source -> stages -> sink of `tokens` tokens, all in one loop.
inline Graph chain(std::uint64_t tokens, std::vector<std::uint64_t> intervals,
                   std::vector<std::uint64_t> latencies, std::uint64_t capacity) {
  GraphBuilder builder;
  builder.layer("chain");
  std::vector<UnitId> units;
  std::vector<ChannelId> channels;
  for (std::size_t i = 0; i < intervals.size(); ++i)
    units.push_back(builder.unit("unit" + std::to_string(i), UnitKind::other));
  for (std::size_t i = 0; i + 1 < units.size(); ++i)
    channels.push_back(builder.channel("c" + std::to_string(i), units[i], units[i + 1], capacity));
  builder.open_loop(tokens);
  for (std::size_t i = 0; i < units.size(); ++i) {
    std::vector<ChannelId> in, out;
    if (i > 0) in.push_back(channels[i - 1]);
    if (i + 1 < units.size()) out.push_back(channels[i]);
    builder.fire(simple(units[i], in, out, intervals[i], latencies[i]));
  }
  builder.close_loop();
  return builder.finish();
}

}  // namespace sluice::test
