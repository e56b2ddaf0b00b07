// SPDX-License-Identifier: Apache-2.0
// The order of the tiles of a cascade on a spatial machine: which are needed, how many column tiles
// take turns, and what stays in the buffer. docs/spatial.md explains the order.
#pragma once

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
struct Sweep {
  std::uint64_t repeat = 1;
  std::uint64_t tiles = 1;
  std::uint64_t starting = 0;
  std::uint64_t finishing = 0;
  bool operator==(const Sweep&) const = default;
};

/// `repeat` groups of column tiles that stay in the buffer while the loop runs once.
struct TileGroup {
  std::uint64_t repeat = 1;
  std::uint64_t first_step = 0;  ///< coordinate of the loop at which it begins
  std::vector<Sweep> sweeps;
  std::uint64_t column_tiles() const;
  std::uint64_t steps() const;  ///< along the loop
  std::uint64_t tiles() const;  ///< in all
  bool operator==(const TileGroup&) const = default;
};

/// A tensor of the main memory, in tiles.
struct TileTensor {
  std::string name;
  bool along_row = false;        ///< a tile for each step of the loop; else one for a column tile
  std::uint64_t tile_bytes = 0;  ///< of a full tile
  std::uint64_t last_bytes = 0;  ///< of the last one, which may be ragged
  bool operator==(const TileTensor&) const = default;
};

/// All tiles of a cascade: `blocks` times the groups.
struct TileWalk {
  std::uint64_t blocks = 1;
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

struct WalkOptions {
  std::uint64_t turns = 0;         ///< column tiles of a group; 0: as many as the buffer holds
  std::uint64_t step_buffers = 2;  ///< tiles of each operand along the rows that are held
  bool overlap = false;  ///< a group begins while the results of the one before are finished
};

/// The walk, or what does not fit. Tiles that no point of the cascade's conditions lies in are left
/// out. With `turns` 0 it is the largest number that fits of those that divide the column tiles
/// evenly, or else the largest that fits.
std::variant<TileWalk, Infeasible> tile_walk(const Cascade& cascade, const TileWork& work,
                                             const SpatialMachine& machine,
                                             const WalkOptions& options);

}  // namespace sluice
