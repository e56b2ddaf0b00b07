// SPDX-License-Identifier: Apache-2.0
// Building of one job's part of the graph; see spatial_builder.hpp.
#include "sim/models/spatial_builder.hpp"

#include <algorithm>

#include "base/checked.hpp"

namespace sluice {
namespace {

void count(Firing& firing, SpatialAction action, std::uint64_t amount) {
  if (amount > 0) firing.actions.push_back({static_cast<std::uint32_t>(action), amount});
}

std::uint64_t slots_at(const SpreadPlan& plan, std::uint64_t place) {
  return place < plan.epochs ? plan.slots : place == plan.epochs ? plan.last : 0;
}

}  // namespace

StageLoad load_of(const SpatialJob& job, ArrayUnit unit) {
  const Pipeline& pipeline = job.placed.pipeline;
  const ModuloSchedule& schedule = job.placed.found.schedule;
  StageLoad load;
  load.busy = busy_by_stage(pipeline, schedule, unit);
  load.reads.assign(load.busy.size(), 0);
  load.writes.assign(load.busy.size(), 0);
  for (std::size_t o = 0; o < pipeline.ops.size(); ++o) {
    const PipelineOp& op = pipeline.ops[o];
    if (op.unit != unit) continue;
    for (std::size_t e = 0; e * op.slots < schedule.times[o].size(); ++e) {
      load.reads[schedule.times[o][e * op.slots] / schedule.interval] += op.reads;
      load.writes[schedule.times[o][(e + 1) * op.slots - 1] / schedule.interval] += op.writes;
    }
  }
  return load;
}

std::uint64_t active(const std::vector<std::uint64_t>& by_stage, std::uint64_t epoch,
                     std::uint64_t tiles) {
  std::uint64_t sum = 0;
  for (std::uint64_t stage = 0; stage < by_stage.size(); ++stage)
    if (stage <= epoch && epoch - stage < tiles) sum += by_stage[stage];
  return sum;
}

SpatialJobBuilder::SpatialJobBuilder(GraphBuilder& builder, const SpatialJob& job, UnitId spatial,
                                     UnitId vector, std::uint32_t layer, std::uint32_t outstanding)
    : builder_(builder),
      job_(job),
      spatial_(spatial),
      vector_(vector),
      layer_(layer),
      interval_(job.placed.found.schedule.interval) {
  to_vector_ = builder.channel(job.name + ".spatial_epochs", spatial, vector, 3, 1);
  to_spatial_ = builder.channel(job.name + ".vector_epochs", vector, spatial, 3, 1);
  loads_[0] = load_of(job, ArrayUnit::spatial);
  loads_[1] = load_of(job, ArrayUnit::vector);
  stages_ = loads_[0].busy.size();
  for (const TileTensor& input : job.walk.inputs) add_input(input, outstanding);
  for (const TileTensor& output : job.walk.outputs) add_output(output, outstanding);
}

void SpatialJobBuilder::add_input(const TileTensor& tensor, std::uint32_t outstanding) {
  // The first stage gives back an operand along the rows that later stages still use: the walk
  // counts further buffers for those.
  const std::uint64_t buffers = tensor.along_row ? 2 : job_.walk.turns;
  Stream s;
  s.tensor = tensor;
  s.unit = builder_.unit("load_" + tensor.name, UnitKind::load, outstanding);
  s.tiles = builder_.channel(tensor.name + ".tiles", s.unit, spatial_, buffers + 1);
  s.room = builder_.channel(tensor.name + ".room", spatial_, s.unit, buffers + 1, buffers);
  s.stream = builder_.stream(tensor.name);
  inputs_.push_back(std::move(s));
}

void SpatialJobBuilder::add_output(const TileTensor& tensor, std::uint32_t outstanding) {
  const std::uint64_t buffers = job_.walk.turns;
  Stream s;
  s.tensor = tensor;
  s.unit = builder_.unit("store_" + tensor.name, UnitKind::store, outstanding);
  s.tiles = builder_.channel(tensor.name + ".tiles", vector_, s.unit, buffers);
  s.stream = builder_.stream(tensor.name);
  outputs_.push_back(std::move(s));
}

void SpatialJobBuilder::open(std::uint64_t count, std::uint64_t steps, std::uint64_t columns,
                             std::uint64_t results) {
  if (count > 1) open_.push_back({builder_.open_loop(count), steps, columns, results});
}

/// Behind a loop, the tiles go on after its last iteration.
void SpatialJobBuilder::close(std::uint64_t count) {
  if (count <= 1) return;
  const OpenLoop& loop = open_.back();
  step_ += (count - 1) * loop.steps;
  column_ += (count - 1) * loop.columns;
  result_ += (count - 1) * loop.results;
  open_.pop_back();
  builder_.close_loop();
}

/// The first groups have nothing before them that is to be finished or stored; what follows is all
/// alike.
void SpatialJobBuilder::build() {
  const TileWalk& walk = job_.walk;
  repeated(walk.blocks, walk.steps, walk.column_tiles, [&](std::uint64_t block) {
    block_step_ = block * walk.steps;
    run_block();
  });
  if (job_.overlap)
    for (std::uint64_t e = 1; e < stages_; ++e) epoch(last_tiles_ - 1 + e, last_tiles_, {}, {});
  if (job_.after_slots() > 0) after_epochs(before_ * job_.after_slots(), before_, true);
}

void SpatialJobBuilder::run_block() {
  for (const TileGroup& group : job_.walk.groups)
    repeated(group.repeat, 0, group.column_tiles(), [&](std::uint64_t) {
      step_ = block_step_ + group.first_step;
      if (job_.overlap)
        follow(group);
      else
        run_group(group);
    });
}

/// One that the pipeline runs empty after.
void SpatialJobBuilder::run_group(const TileGroup& group) {
  const std::uint64_t tiles = group.tiles(), epochs = tiles + stages_ - 1;
  std::vector<EpochNode> nodes = epochs_of(group);
  filling_epochs(take_first(nodes, stages_), tiles);
  steady(nodes, tiles, {});
  for (std::uint64_t e = std::max(stages_, tiles); e < epochs; ++e) epoch(e, tiles, {}, {});
  before_ = group.column_tiles();
}

/// One that enters right behind the group before, whose results are finished meanwhile.
void SpatialJobBuilder::follow(const TileGroup& group) {
  const std::uint64_t tiles = group.tiles();
  std::vector<EpochNode> nodes = epochs_of(group);
  const SpreadPlan plan = spread_after(job_, group, before_ * job_.after_slots());
  const std::vector<EpochKind> first = take_first(nodes, std::max(stages_, plan.first));
  for (std::uint64_t e = 0; e < first.size(); ++e) {
    VectorExtra extra;
    if (before_ > 0 && e >= plan.first) extra.slots = slots_at(plan, e - plan.first);
    if (before_ > 0 && e == plan.first + plan.epochs) extra.results = before_;
    epoch(first_group_ ? e : std::max(e, stages_ - 1), tiles, first[e], extra);
  }
  const std::uint64_t done = first.size() - std::min<std::uint64_t>(first.size(), plan.first);
  if (before_ > 0 && plan.epochs >= done) {
    VectorExtra extra;
    extra.slots = plan.slots;
    steady(cut_first(nodes, plan.epochs - done), tiles, extra);
    const std::vector<EpochKind> last = take_first(nodes, 1);
    extra = {plan.last, before_};
    if (!last.empty()) epoch(stages_ - 1, tiles, last[0], extra);
  }
  steady(nodes, tiles, {});
  first_group_ = false;
  before_ = group.column_tiles();
  last_tiles_ = tiles;
}

/// The epochs in which not all stages have a tile yet, and the first in which all have.
void SpatialJobBuilder::filling_epochs(const std::vector<EpochKind>& first, std::uint64_t tiles) {
  const AfterPlan plan = plan_after(job_, before_ * job_.after_slots());
  if (plan.before > 0) after_epochs(plan.before, plan.in_epoch.empty() ? before_ : 0, false);
  for (std::uint64_t e = 0; e < stages_; ++e) {
    VectorExtra extra;
    if (e < plan.in_epoch.size()) extra.slots = plan.in_epoch[e];
    if (e + 1 == plan.in_epoch.size()) extra.results = before_;
    epoch(e, tiles, e < first.size() ? first[e] : EpochKind{}, extra);
  }
}

void SpatialJobBuilder::steady(const std::vector<EpochNode>& nodes, std::uint64_t tiles,
                               const VectorExtra& extra) {
  for (const EpochNode& node : nodes) {
    open(node.count, node.steps() / node.count, node.columns() / node.count, 0);
    if (node.body.empty())
      epoch(stages_ - 1, std::max(tiles, stages_), node.kind, extra);
    else
      steady(node.body, tiles, extra);
    close(node.count);
  }
}

/// Epoch `number` of a group of `tiles` tiles: what both arrays do for the stages that have a tile,
/// and the transfers that this asks for.
void SpatialJobBuilder::epoch(std::uint64_t number, std::uint64_t tiles, const EpochKind& kind,
                              const VectorExtra& extra) {
  for (const Stream& input : inputs_)
    if (input.tensor.along_row ? kind.opens_step : kind.starts) load(input);
  if (kind.opens_step) ++step_;
  if (kind.starts) ++column_;
  fire_spatial(number, tiles, kind);
  fire_vector(number, tiles, extra);
  store_results(extra.results);
}

void SpatialJobBuilder::fire_spatial(std::uint64_t number, std::uint64_t tiles,
                                     const EpochKind& kind) {
  Firing firing;
  firing.name = job_.name;
  firing.unit = spatial_;
  firing.layer = layer_;
  firing.interval = active(loads_[0].busy, number, tiles);
  firing.latency = interval_;
  firing.takes.push_back({to_spatial_, 1, Release::at_start});
  firing.puts.push_back({to_vector_, 1});
  for (const Stream& input : inputs_) {
    const bool along_row = input.tensor.along_row;
    if (along_row ? kind.opens_step : kind.starts)
      firing.takes.push_back({input.tiles, 1, Release::at_start});
    if (along_row ? kind.closes_step : kind.finishes) firing.puts.push_back({input.room, 1});
  }
  if (number < tiles) count(firing, SpatialAction::tile, 1);
  count(firing, SpatialAction::buffer_read, active(loads_[0].reads, number, tiles));
  count(firing, SpatialAction::buffer_write, active(loads_[0].writes, number, tiles));
  builder_.fire(std::move(firing));
}

void SpatialJobBuilder::fire_vector(std::uint64_t number, std::uint64_t tiles,
                                    const VectorExtra& extra) {
  Firing firing;
  firing.name = job_.name;
  firing.unit = vector_;
  firing.layer = layer_;
  firing.interval = active(loads_[1].busy, number, tiles) + extra.slots;
  firing.latency = std::max(interval_, firing.interval);
  firing.takes.push_back({to_vector_, 1, Release::at_start});
  firing.puts.push_back({to_spatial_, 1});
  for (const Stream& output : outputs_)
    if (extra.results > 0)
      firing.puts.push_back({output.tiles, static_cast<std::uint32_t>(extra.results)});
  count(firing, SpatialAction::buffer_read, active(loads_[1].reads, number, tiles));
  count(firing, SpatialAction::buffer_write, active(loads_[1].writes, number, tiles));
  count_after(firing, extra.slots);
  builder_.fire(std::move(firing));
}

/// Rows that `slots` cycles of what comes after the loop read and write.
void SpatialJobBuilder::count_after(Firing& firing, std::uint64_t slots) const {
  if (slots == 0) return;
  std::uint64_t reads = 0, writes = 0;
  for (const PipelineOp& op : job_.placed.pipeline.ops)
    if (op.after_loop) reads += op.elements * op.reads, writes += op.elements * op.group;
  count(firing, SpatialAction::buffer_read, reads * slots / job_.after_slots());
  count(firing, SpatialAction::buffer_write, writes * slots / job_.after_slots());
}

/// Epochs in which only the vector array works, at what comes after the loop: `slots` cycles, after
/// which `results` column tiles are complete. Nothing follows the last ones of all: the very last
/// is complete when it has come to the last lane.
void SpatialJobBuilder::after_epochs(std::uint64_t slots, std::uint64_t results, bool last) {
  if (results == 0) return after_epoch(slots, 0, 0);
  const std::uint64_t each = slots / results, alike = last ? results - 1 : results;
  if (alike > 0) {
    open(alike, 0, 0, 1);
    after_epoch(each, 1, 0);
    close(alike);
  }
  if (last) after_epoch(each, 1, job_.placed.pipeline.columns - 1);
}

void SpatialJobBuilder::after_epoch(std::uint64_t slots, std::uint64_t results,
                                    std::uint64_t skew) {
  Firing idle, work;
  idle.name = work.name = job_.name + ".after";
  idle.layer = work.layer = layer_;
  idle.unit = spatial_;
  idle.interval = 0;
  idle.takes.push_back({to_spatial_, 1, Release::at_start});
  idle.puts.push_back({to_vector_, 1});
  work.unit = vector_;
  work.interval = slots;
  work.latency = slots + skew;
  work.takes.push_back({to_vector_, 1, Release::at_start});
  work.puts.push_back({to_spatial_, 1});
  for (const Stream& output : outputs_)
    if (results > 0) work.puts.push_back({output.tiles, 1});
  count_after(work, slots);
  builder_.fire(std::move(idle));
  builder_.fire(std::move(work));
  store_results(results);
}

Firing SpatialJobBuilder::transfer(const Stream& stream, std::uint64_t place, std::uint64_t all,
                                   std::uint64_t OpenLoop::*stride) const {
  const TileTensor& tensor = stream.tensor;
  Firing firing;
  firing.name = job_.name + "." + tensor.name;
  firing.unit = stream.unit;
  firing.layer = layer_;
  firing.interval = 0;
  MemoryTransfer move;
  const bool last = place % all + 1 == all;
  move.row_bytes = last ? tensor.last_bytes : tensor.tile_bytes;
  move.stream = stream.stream;
  move.address = (std::uint64_t{stream.stream} << 44) + place * tensor.tile_bytes;  // apart
  for (const OpenLoop& loop : open_)
    if (loop.*stride > 0)
      move.strides.push_back(
          {loop.loop, static_cast<std::int64_t>(loop.*stride * tensor.tile_bytes)});
  firing.transfer.push_back(std::move(move));
  return firing;
}

void SpatialJobBuilder::load(const Stream& stream) {
  const TileWalk& walk = job_.walk;
  Firing firing = stream.tensor.along_row
                      ? transfer(stream, step_, walk.steps, &OpenLoop::steps)
                      : transfer(stream, column_, walk.column_tiles, &OpenLoop::columns);
  firing.takes.push_back({stream.room, 1, Release::at_start});
  firing.puts.push_back({stream.tiles, 1});
  const std::uint64_t bytes = firing.transfer[0].row_bytes;
  count(firing, SpatialAction::dram_read, bytes);
  count(firing, SpatialAction::buffer_write, ceil_div(bytes, job_.buffer_row_bytes));
  builder_.fire(std::move(firing));
}

/// `results` column tiles to the memory; the last one of a block may be ragged.
void SpatialJobBuilder::store_results(std::uint64_t results) {
  if (results == 0) return;
  const auto store = [&] {
    for (const Stream& stream : outputs_) {
      Firing firing = transfer(stream, result_, job_.walk.column_tiles, &OpenLoop::results);
      firing.transfer[0].write = true;
      firing.takes.push_back({stream.tiles, 1, Release::at_end});
      const std::uint64_t bytes = firing.transfer[0].row_bytes;
      count(firing, SpatialAction::dram_write, bytes);
      count(firing, SpatialAction::buffer_read, ceil_div(bytes, job_.buffer_row_bytes));
      builder_.fire(std::move(firing));
    }
    ++result_;
  };
  if (results > 1) {
    open(results - 1, 0, 0, 1);
    store();
    close(results - 1);
  }
  store();
}

}  // namespace sluice
