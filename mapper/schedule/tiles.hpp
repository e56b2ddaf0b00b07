// SPDX-License-Identifier: Apache-2.0
// The order of the tiles of a cascade on a spatial machine: which are needed, how many column tiles
// take turns, and what stays in the buffer. docs/spatial.md explains the order.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "mapper/mapping.hpp"
#include "mapper/schedule/pipeline.hpp"

namespace sluice {

/// `repeat` steps along the loop that are alike: in each, `tiles` column tiles take turns; the last
/// `starting` of them for the first time, the first `finishing` for the last time.
struct TileSweep {
  std::uint64_t repeat = 1;
  std::uint64_t tiles = 1;
  std::uint64_t starting = 0;
  std::uint64_t finishing = 0;
  bool operator==(const TileSweep&) const = default;
};

/// `repeat` groups of column tiles that stay in the buffer while the loop runs once.
struct TileGroup {
  std::uint64_t repeat = 1;
  std::uint64_t first_step = 0;  ///< coordinate of the loop at which it begins
  std::vector<TileSweep> sweeps;
  std::uint64_t column_tiles() const;
  std::uint64_t steps() const;  ///< along the loop
  std::uint64_t tiles() const;  ///< in all
  bool operator==(const TileGroup&) const = default;
};

/// For what there is a tile of a tensor.
enum class TileUse : std::uint8_t {
  once,    ///< for all
  step,    ///< for each step of the loop, of every group
  column,  ///< for each column tile
  tile,    ///< for each step of each column tile
};

/// What a tile is the last of, in its rank: it may be ragged there.
struct LastOf {
  bool step = false, column = false, chunk = false;
};

/// A tensor of the main memory, in tiles.
struct TileTensor {
  std::string name;
  TileUse use = TileUse::column;
  std::array<std::uint64_t, 8> bytes{};  ///< by LastOf

  static std::size_t place(const LastOf& last) {
    return (last.step ? 1u : 0u) + (last.column ? 2u : 0u) + (last.chunk ? 4u : 0u);
  }
  std::uint64_t bytes_of(const LastOf& last) const { return bytes[place(last)]; }
  std::uint64_t full_bytes() const { return bytes[0]; }
  bool operator==(const TileTensor&) const = default;
};

/// All tiles of a cascade: `blocks` times the groups.
struct TileWalk {
  std::uint64_t blocks = 1;
  std::uint64_t chunks = 1;  ///< of the ranks in time; `blocks` counts them
  bool every_tile = false;   ///< each tile has its results, and tiles follow without a gap
  std::vector<TileGroup> groups;
  std::uint64_t column_tiles = 1;  ///< of a block
  std::uint64_t steps = 1;         ///< of the loop
  std::uint64_t turns = 1;         ///< column tiles of a group at most
  std::uint64_t least_turns = 1;   ///< of a step at least
  std::vector<TileTensor> inputs;
  std::vector<TileTensor> outputs;
  std::uint64_t buffer_bytes = 0;  ///< that all of it needs at most at once
  std::uint64_t tiles() const;     ///< of a block
  bool operator==(const TileWalk&) const = default;
};

/// Bytes of all tiles of a tensor of `walk` that are moved.
std::uint64_t total_bytes(const TileWalk& walk, const TileTensor& tensor);

struct WalkOptions {
  std::uint64_t turns = 0;         ///< column tiles of a group; 0: as many as the buffer holds
  std::uint64_t step_buffers = 2;  ///< tiles of each operand along the rows that are held
  std::uint64_t tile_buffers = 3;  ///< of what every tile has its own
  bool overlap = false;  ///< a group begins while the results of the one before are finished
};

/// The walk, or what does not fit. Tiles that no point of the cascade's conditions lies in are left
/// out. With `turns` 0 it is the largest number that fits of those that divide the column tiles
/// evenly, or else the largest that fits.
std::variant<TileWalk, Infeasible> tile_walk(const Cascade& cascade, const TileWork& work,
                                             const SpatialMachine& machine,
                                             const WalkOptions& options);

}  // namespace sluice
