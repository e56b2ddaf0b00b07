// SPDX-License-Identifier: Apache-2.0
// Periodic programs reach a state that they were in before, but for a shift in time and in the
// iteration of a loop. From there on the rest of the loop is arithmetic: whole periods are skipped
// by moving every stamp. The result is bit-identical to the run without it.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "sim/tile/program.hpp"
#include "sim/tile/tile.hpp"

namespace sluice::tile {

class Engine;

class FastForward {
 public:
  FastForward(const Graph& graph, const Program& program, bool enabled);

  /// `unit` enters `loop`: what was seen of its last execution no longer holds.
  void enter(std::uint32_t unit, std::uint32_t loop);
  /// The watching unit has ended an iteration and stands at the beginning of `iteration`.
  void boundary(Engine& engine, std::uint32_t unit, std::uint32_t loop, std::uint64_t iteration,
                std::uint64_t count);

 private:
  /// Counts at one boundary, whose growth over a period is what each skipped period adds.
  struct Totals {
    std::uint64_t iteration = 0;
    std::uint64_t cycle = 0;
    std::vector<UnitLayerStats> rows;      ///< by Program::loop_rows
    std::vector<std::uint64_t> counts;     ///< channels, streams, ports, memory
    std::vector<std::uint64_t> addresses;  ///< by transfer firing of the loop
  };
  struct Seen {
    std::vector<std::uint64_t> key;
    Totals totals;
  };
  struct Watch {
    std::uint32_t watcher = none_id;
    std::uint64_t next_look = 0;  ///< host firings before which it is not worth looking
    std::uint64_t patience = 64;  ///< host firings to wait after a look in vain; doubles
    std::uint64_t stored_words = 0;
    std::vector<Seen> seen;
    std::unordered_multimap<std::uint64_t, std::size_t> by_hash;
    std::vector<std::uint32_t> stream_firing;  ///< by stream: the firing that carries it, or none
    std::vector<std::uint32_t> stream_unit;
  };

  bool snapshot(Engine& engine, std::uint32_t unit, std::uint32_t loop, std::uint64_t iteration,
                Seen& out);
  bool append_units(Engine& engine, std::uint32_t unit, std::uint32_t loop, std::uint64_t iteration,
                    std::uint64_t now, std::vector<std::uint64_t>& key);
  void append_channels(Engine& engine, std::uint64_t now, std::vector<std::uint64_t>& key) const;
  Totals totals(Engine& engine, std::uint32_t loop, std::uint64_t iteration,
                std::uint64_t now) const;
  std::uint64_t periods_left(Engine& engine, std::uint32_t loop, std::uint64_t period) const;
  void skip(Engine& engine, std::uint32_t loop, const Totals& before, const Totals& after,
            std::uint64_t periods);
  void shift_times(Engine& engine, std::uint32_t loop, std::uint64_t cycles,
                   std::uint64_t iterations);
  void add_counts(Engine& engine, std::uint32_t loop, const Totals& before, const Totals& after,
                  std::uint64_t periods) const;
  void find_streams(const Engine& engine, std::uint32_t loop, Watch& watch) const;

  const Program& program_;
  bool enabled_ = true;
  std::vector<Watch> watches_;       ///< by loop
  std::vector<std::uint8_t> moves_;  ///< by unit, at the last snapshot: is inside the loop
  std::vector<std::uint64_t> key_;
};

}  // namespace sluice::tile
