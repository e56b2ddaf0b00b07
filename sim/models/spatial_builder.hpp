// SPDX-License-Identifier: Apache-2.0
// Building of one job's part of a spatial machine's graph. Not for users of the room; see
// spatial.hpp.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "sim/models/spatial.hpp"
#include "sim/models/spatial_epochs.hpp"

namespace sluice {

/// Slots and rows of the buffer of the stages of a schedule, on one unit.
struct StageLoad {
  std::vector<std::uint64_t> busy, reads, writes;
};
StageLoad load_of(const SpatialJob& job, ArrayUnit unit);

/// Sum over the stages that have a tile in epoch `epoch` of a group of `tiles` tiles.
std::uint64_t active(const std::vector<std::uint64_t>& by_stage, std::uint64_t epoch,
                     std::uint64_t tiles);

/// What the vector array does in an epoch for the group before.
struct VectorExtra {
  std::uint64_t slots = 0;    ///< cycles of what comes after the loop
  std::uint64_t results = 0;  ///< column tiles that are complete after it
};

/// Everything of one job, in one order in which both arrays and the DMA units can be in step.
class SpatialJobBuilder {
 public:
  SpatialJobBuilder(GraphBuilder& builder, const SpatialJob& job, UnitId spatial, UnitId vector,
                    std::uint32_t layer, std::uint32_t outstanding);
  void build();

 private:
  /// The channels between a DMA unit and the arrays for one tensor.
  struct Stream {
    TileTensor tensor;
    UnitId unit{};
    ChannelId tiles{};  ///< filled buffers
    ChannelId room{};   ///< free ones, of an input
    std::uint32_t stream = 0;
  };
  /// A loop around what is built now, and the tiles by which one iteration goes on.
  struct OpenLoop {
    LoopId loop{};
    std::uint64_t steps = 0, columns = 0, results = 0;
  };

  void open(std::uint64_t count, std::uint64_t steps, std::uint64_t columns, std::uint64_t results);
  void close(std::uint64_t count);
  /// `count` times what `body` builds, the first two apart from the loop of the others.
  template <class Body>
  void repeated(std::uint64_t count, std::uint64_t steps, std::uint64_t columns, Body body) {
    for (std::uint64_t i = 0; i < std::min<std::uint64_t>(count, 2); ++i) body(i);
    if (count <= 2) return;
    open(count - 2, steps, columns, columns);
    body(2);
    close(count - 2);
  }
  void add_input(const TileTensor& tensor, std::uint32_t outstanding);
  void add_output(const TileTensor& tensor, std::uint32_t outstanding);
  void run_block();
  void run_group(const TileGroup& group);
  void filling_epochs(const std::vector<EpochKind>& first, std::uint64_t tiles);
  void follow(const TileGroup& group);
  void steady(const std::vector<EpochNode>& nodes, std::uint64_t tiles, const VectorExtra& extra);
  void epoch(std::uint64_t number, std::uint64_t tiles, const EpochKind& kind,
             const VectorExtra& extra);
  void fire_spatial(std::uint64_t number, std::uint64_t tiles, const EpochKind& kind);
  void fire_vector(std::uint64_t number, std::uint64_t tiles, const VectorExtra& extra);
  void after_epochs(std::uint64_t slots, std::uint64_t results, bool last);
  void after_epoch(std::uint64_t slots, std::uint64_t results, std::uint64_t skew);
  void count_after(Firing& firing, std::uint64_t slots) const;
  void load(const Stream& stream);
  void store_results(std::uint64_t results);
  Firing transfer(const Stream& stream, std::uint64_t place, std::uint64_t all,
                  std::uint64_t OpenLoop::*stride) const;

  GraphBuilder& builder_;
  const SpatialJob& job_;
  UnitId spatial_, vector_;
  std::uint32_t layer_;
  std::uint64_t interval_, stages_ = 1;
  ChannelId to_vector_{}, to_spatial_{};
  StageLoad loads_[array_units];
  std::vector<Stream> inputs_, outputs_;
  std::vector<OpenLoop> open_;
  std::uint64_t step_ = 0, column_ = 0, result_ = 0;  ///< the next tiles, loops left out
  std::uint64_t block_step_ = 0;                      ///< the first step of this block
  std::uint64_t before_ = 0;      ///< column tiles of the group before, not finished yet
  std::uint64_t last_tiles_ = 0;  ///< of the group before
  bool first_group_ = true;
};

}  // namespace sluice
