// SPDX-License-Identifier: Apache-2.0
// The spatial machine's graph; see spatial.hpp.
#include "sim/models/spatial.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "base/checked.hpp"
#include "sim/models/spatial_builder.hpp"

namespace sluice {
namespace {

/// Whether an operation after the loop reads the tensor `name`.
bool is_used_after(const SpatialJob& job, const std::string& name) {
  for (const PipelineOp& after : job.placed.pipeline.ops) {
    if (!after.after_loop) continue;
    for (const OpOperand& operand : job.work.ops[after.op].operands)
      if (operand.tensor == name) return true;
  }
  return false;
}

}  // namespace

std::uint64_t SpatialJob::after_slots() const {
  std::uint64_t slots = 0;
  for (const PipelineOp& op : placed.pipeline.ops)
    if (op.after_loop) slots += op.elements * op.slots;
  return slots;
}

std::uint64_t overwriting_epoch(const SpatialJob& job) {
  const Pipeline& pipeline = job.placed.pipeline;
  const ModuloSchedule& schedule = job.placed.found.schedule;
  std::uint64_t first = use_of(pipeline, schedule).stages - 1;
  for (std::size_t o = 0; o < pipeline.ops.size(); ++o) {
    const PipelineOp& op = pipeline.ops[o];
    if (op.after_loop || op.writes == 0 || !is_used_after(job, op.name)) continue;
    first = std::min(first, (schedule.times[o].front() + op.write_after) / schedule.interval);
  }
  return first;
}

AfterPlan plan_after(const SpatialJob& job, std::uint64_t slots) {
  AfterPlan plan;
  const StageLoad vector = load_of(job, ArrayUnit::vector);
  std::uint64_t busy = 0;
  for (std::uint64_t e = 0; e < overwriting_epoch(job) && slots > 0; ++e) {
    busy += vector.busy[e];
    const std::uint64_t part = std::min(slots, job.placed.found.schedule.interval - busy);
    plan.in_epoch.push_back(part);
    slots -= part;
  }
  plan.before = slots;
  return plan;
}

SpreadPlan spread_after(const SpatialJob& job, const TileGroup& group, std::uint64_t slots) {
  SpreadPlan plan;
  const ScheduleUse use = use_of(job.placed.pipeline, job.placed.found.schedule);
  if (slots == 0) {  // the last tile of the group before leaves the pipeline in this epoch
    plan.first = use.stages - std::min<std::uint64_t>(use.stages, 2);
    return plan;
  }
  // The first column tile of the group before is complete when its last step has passed all stages.
  plan.first = use.stages - std::min(use.stages, job.walk.least_turns);
  const std::uint64_t epochs = group.tiles();
  if (epochs <= plan.first) return {plan.first, 0, 0, slots};
  const std::uint64_t idle =
      job.placed.found.schedule.interval - use.busy[static_cast<std::size_t>(ArrayUnit::vector)];
  plan.slots = std::max(ceil_div(slots, epochs - plan.first), std::min(idle, slots));
  plan.epochs = (slots - 1) / plan.slots;
  plan.last = slots - plan.epochs * plan.slots;
  return plan;
}

std::string overlap_obstacle(const SpatialJob& job) {
  const ScheduleUse use = use_of(job.placed.pipeline, job.placed.found.schedule);
  const std::uint64_t idle =
      job.placed.found.schedule.interval - use.busy[static_cast<std::size_t>(ArrayUnit::vector)];
  std::uint64_t most = job.walk.turns * job.after_slots();
  for (const TileGroup& group : job.walk.groups) {
    if (group.tiles() <= use.stages)
      return fmt::format("a group has {} tiles, {} are in flight", group.tiles(), use.stages);
    // Of products, sums go to the buffer: nothing waits in the vector array.
    if (use.busy[static_cast<std::size_t>(ArrayUnit::vector)] == 0) continue;
    const SpreadPlan plan = spread_after(job, group, most);
    const std::uint64_t longer = plan.slots - std::min(plan.slots, idle);
    if (use.vector_registers + longer > job.placed.pipeline.vector_registers)
      return fmt::format("results that wait would need {} registers of vector_array, it has {}",
                         use.vector_registers + longer, job.placed.pipeline.vector_registers);
  }
  return {};
}

std::uint64_t busy_of(const SpatialJob& job, ArrayUnit unit) {
  const std::uint64_t tile =
      use_of(job.placed.pipeline, job.placed.found.schedule).busy[static_cast<std::size_t>(unit)];
  const std::uint64_t after = unit == ArrayUnit::vector ? job.after_slots() : 0;
  return job.walk.blocks * (job.walk.tiles() * tile + job.walk.column_tiles * after);
}

namespace {

/// The cycles of all groups when the pipeline runs empty between them.
std::uint64_t drained_cycles(const SpatialJob& job) {
  const std::uint64_t interval = job.placed.found.schedule.interval;
  const std::uint64_t filling = load_of(job, ArrayUnit::spatial).busy.size() - 1;
  const auto after = [&](std::uint64_t tiles) {
    return plan_after(job, tiles * job.after_slots()).before;
  };
  std::uint64_t block = 0, before = job.walk.groups.back().column_tiles();
  const std::uint64_t first = after(before);
  for (const TileGroup& group : job.walk.groups) {
    const std::uint64_t epochs = (group.tiles() + filling) * interval, own = group.column_tiles();
    block += epochs + after(before) + (group.repeat - 1) * (epochs + after(own));
    before = own;
  }
  return job.walk.blocks * block - first;
}

/// The same when they follow each other.
std::uint64_t overlapped_cycles(const SpatialJob& job) {
  const ScheduleUse use = use_of(job.placed.pipeline, job.placed.found.schedule);
  const std::uint64_t interval = job.placed.found.schedule.interval;
  const std::uint64_t idle = interval - use.busy[static_cast<std::size_t>(ArrayUnit::vector)];
  const auto longer = [&](const TileGroup& group, std::uint64_t tiles) {
    const SpreadPlan plan = spread_after(job, group, tiles * job.after_slots());
    const auto over = [&](std::uint64_t slots) { return slots - std::min(slots, idle); };
    return plan.epochs * over(plan.slots) + over(plan.last);
  };
  std::uint64_t block = 0, before = job.walk.groups.back().column_tiles();
  const std::uint64_t first = longer(job.walk.groups.front(), before);
  for (const TileGroup& group : job.walk.groups) {
    const std::uint64_t epochs = group.tiles() * interval, own = group.column_tiles();
    block += epochs + longer(group, before) + (group.repeat - 1) * (epochs + longer(group, own));
    before = own;
  }
  return job.walk.blocks * block - first + (use.stages - 1) * interval;
}

}  // namespace

std::uint64_t tail_cycles(const SpatialJob& job) {
  const Pipeline& pipeline = job.placed.pipeline;
  const ModuloSchedule& schedule = job.placed.found.schedule;
  std::uint64_t end = 0;
  for (std::size_t o = 0; o < pipeline.ops.size(); ++o)
    if (pipeline.ops[o].is_output && !pipeline.ops[o].after_loop)
      end = std::max(end, schedule.times[o].back() + pipeline.ops[o].write_after + 1);
  end += pipeline.columns - 1;
  const std::uint64_t epochs = use_of(pipeline, schedule).stages * schedule.interval;
  return std::max<std::uint64_t>(1, end - std::min(end, epochs));
}

std::uint64_t least_cycles(const SpatialJob& job) {
  if (job.walk.every_tile) {
    const ScheduleUse use = use_of(job.placed.pipeline, job.placed.found.schedule);
    const std::uint64_t epochs = job.walk.blocks * job.walk.tiles() + use.stages - 1;
    return epochs * job.placed.found.schedule.interval + tail_cycles(job);
  }
  const std::uint64_t epochs = job.overlap ? overlapped_cycles(job) : drained_cycles(job);
  if (job.after_slots() == 0) return epochs + tail_cycles(job);
  return epochs + job.walk.groups.back().column_tiles() * job.after_slots() +
         job.placed.pipeline.columns - 1;
}

SpatialGraph build_spatial(const std::vector<SpatialJob>& jobs, std::uint32_t outstanding) {
  SpatialGraph result;
  GraphBuilder builder;
  SpatialUnits units;
  units.outstanding = outstanding;
  result.spatial = units.spatial = builder.unit("spatial_array", UnitKind::compute);
  result.vector = units.vector = builder.unit("vector_array", UnitKind::vector);
  for (const char* action : {"tile", "buffer_read", "buffer_write", "dram_read", "dram_write"})
    builder.action(action);
  std::unique_ptr<SpatialJobBuilder> before;
  for (const SpatialJob& job : jobs) {
    const std::uint32_t layer = builder.layer(job.name);
    auto next = std::make_unique<SpatialJobBuilder>(builder, job, units, layer);
    if (before) next->wait_for(*before);
    next->build();
    before = std::move(next);
  }
  result.graph = builder.finish();
  return result;
}

}  // namespace sluice
