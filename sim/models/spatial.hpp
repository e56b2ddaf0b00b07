// SPDX-License-Identifier: Apache-2.0
// The spatial machine as a timed dataflow graph: its static schedule as epochs of both arrays,
// which begin together, and the tiles that DMA units bring and take. docs/spatial.md lists the
// assumptions and what is ignored.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mapper/schedule/layer_work.hpp"
#include "mapper/schedule/schedule.hpp"
#include "mapper/schedule/tiles.hpp"
#include "sim/graph/graph.hpp"

namespace sluice {

/// What the firings of a spatial machine do; the order is that of the graph's actions.
enum class SpatialAction : std::uint32_t {
  tile,         ///< tiles computed
  buffer_read,  ///< rows of the global buffer
  buffer_write,
  dram_read,  ///< bytes
  dram_write,
};
inline constexpr std::size_t spatial_actions = 5;

/// A layer that runs as a pipeline of tiles.
struct SpatialJob {
  std::string name;
  std::size_t layer = 0;  ///< in the network
  Cascade cascade;
  TileWork work;
  TileWalk walk;
  PlacedSchedule placed;
  SpatialDataflow dataflow = SpatialDataflow::best;  ///< of a layer without an iterative rank
  std::uint64_t buffer_row_bytes = 1;
  bool overlap = false;  ///< groups follow each other without a gap
  std::string note;      ///< why they do not, although that was asked for

  /// Slots of the vector array for what comes after the loop, of one column tile.
  std::uint64_t after_slots() const;
};

/// Cycles in which the vector array does what comes after the loop, of the group before, while the
/// pipeline fills: by epoch. What finds no room there comes at once, before the epochs.
struct AfterPlan {
  std::vector<std::uint64_t> in_epoch;
  std::uint64_t before = 0;
};
AfterPlan plan_after(const SpatialJob& job, std::uint64_t slots);

/// The same where groups overlap: from epoch `first` on, `epochs` epochs of `slots` cycles each and
/// one of `last`.
struct SpreadPlan {
  std::uint64_t first = 0, epochs = 0, slots = 0, last = 0;
};
SpreadPlan spread_after(const SpatialJob& job, const TileGroup& group, std::uint64_t slots);

/// Why groups cannot overlap, as a sentence; "" where they can: what comes after one finds room in
/// the next, and in the registers of the vector array, while results from the grid wait.
std::string overlap_obstacle(const SpatialJob& job);

/// The epoch in which a group first overwrites what the one before it hands to what comes after
/// the loop.
std::uint64_t overwriting_epoch(const SpatialJob& job);

struct SpatialGraph {
  Graph graph;
  UnitId spatial{};
  UnitId vector{};
};

/// One layer of the graph for each job; the jobs follow each other.
SpatialGraph build_spatial(const std::vector<SpatialJob>& jobs, std::uint32_t outstanding);

/// Cycles in which an array works for a job.
std::uint64_t busy_of(const SpatialJob& job, ArrayUnit unit);

/// Where nothing comes after the loop: cycles from the end of the last epoch until the last lane
/// has the last result; 1 at least, for handing it over.
std::uint64_t tail_cycles(const SpatialJob& job);

/// Cycles of all epochs and of what comes between them: no run is faster.
std::uint64_t least_cycles(const SpatialJob& job);

}  // namespace sluice
