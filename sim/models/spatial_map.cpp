// SPDX-License-Identifier: Apache-2.0
// From layers to jobs of a spatial machine; see spatial_run.hpp.
#include <fmt/format.h>

#include <algorithm>

#include "base/checked.hpp"
#include "base/diagnostics.hpp"
#include "sim/models/spatial.hpp"
#include "sim/models/spatial_run.hpp"

namespace sluice {
namespace {

/// Rows of the buffer that the transfers of one tile take, on average and rounded up.
PipelineOptions options_of(const SpatialJob& job, bool overlap) {
  const TileWalk& walk = job.walk;
  const std::uint64_t row_bytes = job.buffer_row_bytes;
  std::uint64_t loads = 0, stores = 0, steps = 0;
  for (const TileGroup& group : walk.groups) steps += group.repeat * group.steps();
  for (const TileTensor& input : walk.inputs)
    loads += ceil_div(input.tile_bytes, row_bytes) * (input.along_row ? steps : walk.column_tiles);
  for (const TileTensor& output : walk.outputs)
    stores += ceil_div(output.tile_bytes, row_bytes) * walk.column_tiles;
  PipelineOptions options;
  options.distance = walk.least_turns;
  options.dma_reads = ceil_div(stores, walk.tiles());
  options.dma_writes = ceil_div(loads, walk.tiles());
  std::uint64_t after = 0;
  for (const TileOp& op : job.work.ops)
    if (op.after_loop) after += op.elements;
  if (overlap) options.tail_slots = ceil_div(after * walk.column_tiles, walk.tiles());
  return options;
}

/// The schedule needs to know how many column tiles take turns, and how many of them fit depends on
/// the tiles that the stages of the schedule hold: a few rounds settle both.
std::variant<SpatialJob, Infeasible> map_job(SpatialJob job, const SpatialSetup& setup) {
  WalkOptions options;
  options.turns = setup.mapping.turns;
  options.overlap = setup.mapping.blocks == SpatialBlocks::overlap;
  for (int round = 0; round < 4; ++round) {
    auto walk = tile_walk(job.cascade, job.work, setup.machine, options);
    if (Infeasible* infeasible = std::get_if<Infeasible>(&walk)) return *infeasible;
    const bool settled = round > 0 && job.walk == std::get<TileWalk>(walk);
    job.walk = std::move(std::get<TileWalk>(walk));
    if (settled) break;
    auto placed = place_and_schedule(job.work, setup.machine, options_of(job, options.overlap),
                                     setup.mapping.placement == SpatialPlacement::free);
    if (!placed)
      return Infeasible{fmt::format("layer {}: no schedule fits registers and ports", job.name), 1,
                        0, "schedules"};
    job.placed = std::move(*placed);
    const ScheduleUse use = use_of(job.placed.pipeline, job.placed.found.schedule);
    options.step_buffers = 2 + ceil_div(use.stages, job.walk.least_turns);
  }
  job.overlap = options.overlap && can_overlap(job);
  return job;
}

}  // namespace

std::variant<std::vector<SpatialJob>, Infeasible> map_spatial(const Network& network,
                                                              const SpatialSetup& setup) {
  std::vector<SpatialJob> jobs;
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    SpatialJob job;
    job.name = network.layers[l].name;
    job.layer = l;
    LoweringOptions lowering;
    lowering.attention = setup.mapping.attention;
    lowering.tile = setup.machine.spatial_array.rows;
    job.cascade = lower(network.layers[l], lowering);
    job.work = tile_work(job.cascade);
    job.buffer_row_bytes = setup.machine.global_buffer.row.value;
    auto mapped = map_job(std::move(job), setup);
    if (Infeasible* infeasible = std::get_if<Infeasible>(&mapped)) return *infeasible;
    jobs.push_back(std::move(std::get<SpatialJob>(mapped)));
  }
  return jobs;
}

}  // namespace sluice
