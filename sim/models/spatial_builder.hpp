// SPDX-License-Identifier: Apache-2.0
// Building of one job's part of a spatial machine's graph. Not for users of the room; see
// spatial.hpp.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sim/models/spatial.hpp"
#include "sim/models/spatial_epochs.hpp"

namespace sluice {

/// Counts an action of a firing.
void count(Firing& firing, SpatialAction action, std::uint64_t amount);

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

/// What the jobs of a machine share: its units.
struct SpatialUnits {
  UnitId spatial{}, vector{};
  std::uint32_t outstanding = 0;
  std::map<std::string, UnitId> dma;  ///< by name
};

/// Everything of one job, in one order in which both arrays and the DMA units can be in step.
class SpatialJobBuilder {
 public:
  SpatialJobBuilder(GraphBuilder& builder, const SpatialJob& job, SpatialUnits& units,
                    std::uint32_t layer);
  void build();
  /// Nothing is loaded for this job before everything of `before` is stored.
  void wait_for(const SpatialJobBuilder& before);

 private:
  /// The channels between a DMA unit and the arrays for one tensor.
  struct Stream {
    TileTensor tensor;
    UnitId unit{};
    ChannelId tiles{};  ///< filled buffers
    ChannelId seen{};   ///< filled ones, told to the vector array, of layers without a loop
    ChannelId room{};   ///< free ones, of an input; none of what stays
    std::uint32_t stream = 0;
  };
  /// A loop around what is built now, and the tiles by which one iteration goes on.
  struct OpenLoop {
    LoopId loop{};
    std::uint64_t steps = 0, columns = 0, results = 0, tiles = 0;
  };

  void open(std::uint64_t count, const OpenLoop& by);
  void close(std::uint64_t count);
  /// `count` times what `body` builds, the first two apart from the loop of the others; and those
  /// in which the pipeline is not full yet.
  template <class Body>
  void repeated(std::uint64_t count, const OpenLoop& by, Body body) {
    std::uint64_t i = 0;
    for (; i < count && (i < 2 || is_filling()); ++i) body(i);
    if (i == count) return;
    open(count - i, by);
    body(i);
    close(count - i);
  }
  bool has_loop() const { return !job_.work.ranks.loop.empty(); }
  bool is_filling() const { return job_.walk.every_tile && entered_ <= stages_; }
  UnitId dma(const std::string& name, UnitKind kind, SpatialUnits& units);
  void add_input(const TileTensor& tensor, SpatialUnits& units);
  void add_output(const TileTensor& tensor, SpatialUnits& units);
  void run_blocks();
  void run_block();
  void stream_group(const TileGroup& group);
  void run_group(const TileGroup& group);
  void filling_epochs(const std::vector<EpochKind>& first, std::uint64_t tiles);
  void follow(const TileGroup& group);
  void steady(const std::vector<EpochNode>& nodes, std::uint64_t tiles, const VectorExtra& extra);
  void epoch(std::uint64_t number, std::uint64_t tiles, const EpochKind& kind,
             const VectorExtra& extra);
  void fire_spatial(std::uint64_t number, std::uint64_t tiles, const EpochKind& kind);
  void fire_vector(std::uint64_t number, std::uint64_t tiles, const EpochKind& kind,
                   const VectorExtra& extra);
  void after_epochs(std::uint64_t slots, std::uint64_t results, bool last);
  void after_epoch(std::uint64_t slots, std::uint64_t results, std::uint64_t skew);
  void finish();
  void count_after(Firing& firing, std::uint64_t slots) const;
  bool enters(const Stream& stream, const EpochKind& kind) const;
  bool leaves(const Stream& stream, const EpochKind& kind) const;
  LastOf last_of(const EpochKind& kind) const;
  void load(const Stream& stream, const EpochKind& kind);
  void store(const Stream& stream, std::uint64_t place, std::uint64_t OpenLoop::*stride,
             const LastOf& last);
  void store_results(std::uint64_t results);
  Firing transfer(const Stream& stream, std::uint64_t place, std::uint64_t OpenLoop::*stride,
                  const LastOf& last) const;

  GraphBuilder& builder_;
  const SpatialJob& job_;
  UnitId spatial_, vector_;
  std::uint32_t layer_;
  std::uint64_t interval_, stages_ = 1;
  ChannelId to_vector_{}, to_spatial_{};
  StageLoad loads_[array_units];
  std::vector<Stream> inputs_, outputs_;
  std::vector<OpenLoop> open_;
  /// The next tiles, loops left out.
  std::uint64_t step_ = 0, column_ = 0, result_ = 0, tile_ = 0;
  std::uint64_t entered_ = 0;  ///< tiles that have, where each has its results; loops left out
  bool last_chunk_ = false, last_group_ = false;
  std::uint64_t block_step_ = 0;    ///< the first step of this block
  std::uint64_t before_ = 0;        ///< column tiles of the group before, not finished yet
  bool before_last_chunk_ = false;  ///< they are of the last chunk
  std::uint64_t last_tiles_ = 0;    ///< of the group before
  bool first_group_ = true;
};

}  // namespace sluice
