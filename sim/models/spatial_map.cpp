// SPDX-License-Identifier: Apache-2.0
// From layers to jobs of a spatial machine; see spatial_run.hpp.
#include <fmt/format.h>

#include <algorithm>

#include "base/checked.hpp"
#include "base/diagnostics.hpp"
#include "mapper/schedule/layer_plan.hpp"
#include "sim/memory/memory_facts.hpp"
#include "sim/models/spatial.hpp"
#include "sim/models/spatial_run.hpp"

namespace sluice {
namespace {

/// Rows of the buffer that the transfers of one tile take, on average and rounded up.
PipelineOptions options_of(const SpatialJob& job, const SpatialMachine& machine, bool overlap) {
  const TileWalk& walk = job.walk;
  const std::uint64_t row_bytes = job.buffer_row_bytes;
  std::uint64_t loads = 0, stores = 0, steps = 0;
  for (const TileGroup& group : walk.groups) steps += group.repeat * group.steps();
  const auto rows = [&](const TileTensor& tensor) {
    const std::uint64_t tiles = tensor.use == TileUse::step     ? steps
                                : tensor.use == TileUse::column ? walk.column_tiles
                                : tensor.use == TileUse::tile   ? walk.tiles()
                                                                : 0;
    return ceil_div(tensor.full_bytes(), row_bytes) * tiles;
  };
  for (const TileTensor& input : walk.inputs) loads += rows(input);
  for (const TileTensor& output : walk.outputs) stores += rows(output);
  PipelineOptions options;
  options.distance = walk.every_tile ? 1 : walk.least_turns;
  options.dma_reads = ceil_div(stores, walk.tiles());
  options.dma_writes = ceil_div(loads, walk.tiles());
  std::uint64_t after = 0;
  for (const TileOp& op : job.work.ops)
    for (const std::string& operation : op.operations)
      if (op.after_loop)
        after += op.elements * cycles_of(machine.vector_array.operations, operation);
  if (overlap) options.tail_slots = ceil_div(after * walk.column_tiles, walk.tiles());
  return options;
}

/// What is asked for too much of.
struct Need {
  const char* what;
  std::uint64_t needed = 0, available = 0;
  const char* unit;
};

/// What the ports of the buffer cannot give a schedule of a machine without limits.
Need port_need(const ScheduleUse& use, const GlobalBuffer& buffer) {
  if (buffer.shared_ports)
    return {"the ports of global_buffer", use.most_accesses, buffer.read_ports, "rows a cycle"};
  if (use.most_reads > buffer.read_ports)
    return {"the read ports of global_buffer", use.most_reads, buffer.read_ports, "rows a cycle"};
  return {"the write ports of global_buffer", use.most_writes, buffer.write_ports, "rows a cycle"};
}

/// What the best schedule would need that the search finds when nothing is limited.
Infeasible no_schedule(const SpatialJob& job, const SpatialSetup& setup,
                       const PipelineOptions& options) {
  SpatialMachine ample = setup.machine;
  ample.spatial_array.registers = ample.vector_array.registers = 1 << 20;
  ample.spatial_array.link_words = 16;
  ample.global_buffer.read_ports = ample.global_buffer.write_ports = 0;
  ample.global_buffer.shared_ports = false;
  const auto placed = place_and_schedule(job.work, ample, options,
                                         setup.mapping.placement == SpatialPlacement::free);
  const auto answer = [&](const Need& need) {
    return Infeasible{fmt::format("layer {}: no schedule fits {}", job.name, need.what),
                      need.needed, need.available, need.unit};
  };
  if (!placed) return answer({"any registers and ports", 1, 0, "schedules"});
  const Pipeline& pipeline = placed->pipeline;
  const ScheduleUse use = use_of(pipeline, placed->found.schedule);
  const SpatialArray& grid = setup.machine.spatial_array;
  const VectorArray& line = setup.machine.vector_array;
  const GlobalBuffer& buffer = setup.machine.global_buffer;
  const auto [words, rows] = needs_at_once(pipeline);
  if (words > grid.link_words)
    return answer({"the links of spatial_array", words, grid.link_words, "words a cycle"});
  const std::uint64_t ports = buffer.shared_ports ? buffer.read_ports : buffer.write_ports;
  if (buffer.read_ports > 0 && rows > ports)
    return answer({"the ports of global_buffer", rows, ports, "rows written at once"});
  if (use.spatial_registers > grid.registers)
    return answer({"the PEs of spatial_array", use.spatial_registers, grid.registers, "registers"});
  if (use.vector_registers > line.registers)
    return answer({"the PEs of vector_array", use.vector_registers, line.registers, "registers"});
  return answer(port_need(use, buffer));
}

/// The schedule needs to know how many column tiles take turns, and how many of them fit depends on
/// the tiles that the stages of the schedule hold: a few rounds settle both.
std::variant<SpatialJob, Infeasible> map_job(SpatialJob job, const SpatialSetup& setup,
                                             WalkOptions options) {
  std::optional<PipelineOptions> scheduled;
  for (int round = 0; round < 4; ++round) {
    auto walk = tile_walk(job.cascade, job.work, setup.machine, options);
    if (Infeasible* infeasible = std::get_if<Infeasible>(&walk)) return *infeasible;
    const bool settled = round > 0 && job.walk == std::get<TileWalk>(walk);
    job.walk = std::move(std::get<TileWalk>(walk));
    if (settled) break;
    const PipelineOptions needed = options_of(job, setup.machine, options.overlap);
    if (scheduled != needed) {
      auto placed = place_and_schedule(job.work, setup.machine, needed,
                                       setup.mapping.placement == SpatialPlacement::free);
      if (!placed) return no_schedule(job, setup, needed);
      job.placed = std::move(*placed);
      scheduled = needed;
    }
    const ScheduleUse use = use_of(job.placed.pipeline, job.placed.found.schedule);
    options.step_buffers = 2 + ceil_div(use.stages, job.walk.least_turns);
    options.tile_buffers = 2 + use.stages;
  }
  if (job.walk.every_tile || !options.overlap) return job;
  const std::string obstacle = overlap_obstacle(job);
  job.overlap = obstacle.empty();
  if (!job.overlap) job.note = fmt::format("groups are drained: {}", obstacle);
  return job;
}

/// A cascade along an iterative rank.
std::variant<SpatialJob, Infeasible> map_loop(SpatialJob job, const SpatialSetup& setup) {
  job.work = tile_work(job.cascade);
  WalkOptions options;
  options.turns = setup.mapping.turns;
  options.overlap = setup.mapping.blocks == SpatialBlocks::overlap;
  return map_job(std::move(job), setup, options);
}

/// The epochs of a job, or its traffic at the memory's peak if that takes longer.
double job_cycles(const SpatialJob& job, double bytes_per_cycle) {
  double bytes = 0;
  for (const TileTensor& t : job.walk.inputs)
    bytes += static_cast<double>(total_bytes(job.walk, t));
  for (const TileTensor& t : job.walk.outputs)
    bytes += static_cast<double>(total_bytes(job.walk, t));
  const auto epochs = static_cast<double>(least_cycles(job));
  return bytes_per_cycle > 0 ? std::max(epochs, bytes / bytes_per_cycle) : epochs;
}

/// Schedules plans, best estimate first, until no estimate is below what a schedule takes; of few
/// plans, since many are alike.
std::variant<SpatialJob, Infeasible> map_layer(SpatialJob job, const SpatialSetup& setup) {
  constexpr int most_schedules = 12;
  job.cascade = simplify(job.cascade);
  LayerPlanOptions options;
  options.dataflow = setup.mapping.dataflow;
  options.turns = setup.mapping.turns;
  options.bytes_per_cycle = memory_facts(setup.machine.dram, setup.machine.clock).bytes_per_cycle;
  auto plans = layer_plans(job.cascade, setup.machine, options);
  if (auto* infeasible = std::get_if<Infeasible>(&plans)) return *infeasible;
  std::optional<SpatialJob> best;
  std::optional<Infeasible> first;
  double best_cycles = 0;
  int schedules = 0;
  for (LayerPlan& plan : std::get<std::vector<LayerPlan>>(plans)) {
    if (best && (plan.cycles >= best_cycles || schedules >= most_schedules)) break;
    ++schedules;
    job.work = std::move(plan.work);
    job.dataflow = plan.dataflow;
    WalkOptions walk;
    walk.turns = plan.turns;
    walk.overlap = !job.work.every_tile;
    auto mapped = map_job(job, setup, walk);
    if (const auto* infeasible = std::get_if<Infeasible>(&mapped)) {
      if (!first) first = *infeasible;
      continue;
    }
    SpatialJob& one = std::get<SpatialJob>(mapped);
    const double cycles = job_cycles(one, options.bytes_per_cycle);
    if (best && cycles >= best_cycles) continue;
    best = std::move(one);
    best_cycles = cycles;
  }
  if (best) return std::move(*best);
  return *first;
}

bool has_loop(const Cascade& cascade) {
  return std::ranges::any_of(cascade.ranks, &CascadeRank::iterative);
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
    job.buffer_row_bytes = setup.machine.global_buffer.row.value;
    const bool is_attention = std::holds_alternative<Attention>(network.layers[l].op);
    auto mapped = is_attention || has_loop(job.cascade) ? map_loop(std::move(job), setup)
                                                        : map_layer(std::move(job), setup);
    if (Infeasible* infeasible = std::get_if<Infeasible>(&mapped)) return *infeasible;
    jobs.push_back(std::move(std::get<SpatialJob>(mapped)));
  }
  return jobs;
}

}  // namespace sluice
