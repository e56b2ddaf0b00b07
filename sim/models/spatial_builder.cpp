// SPDX-License-Identifier: Apache-2.0
// Building of one job's part of the graph; see spatial_builder.hpp.
#include "sim/models/spatial_builder.hpp"

#include <algorithm>

#include "base/checked.hpp"

namespace sluice {
namespace {

std::uint64_t slots_at(const SpreadPlan& plan, std::uint64_t place) {
  return place < plan.epochs ? plan.slots : place == plan.epochs ? plan.last : 0;
}

}  // namespace

void count(Firing& firing, SpatialAction action, std::uint64_t amount) {
  if (amount > 0) firing.actions.push_back({static_cast<std::uint32_t>(action), amount});
}

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

SpatialJobBuilder::SpatialJobBuilder(GraphBuilder& builder, const SpatialJob& job,
                                     SpatialUnits& units, std::uint32_t layer)
    : builder_(builder),
      job_(job),
      spatial_(units.spatial),
      vector_(units.vector),
      layer_(layer),
      interval_(job.placed.found.schedule.interval) {
  to_vector_ = builder.channel(job.name + ".spatial_epochs", spatial_, vector_, 3, 1);
  to_spatial_ = builder.channel(job.name + ".vector_epochs", vector_, spatial_, 3, 1);
  loads_[0] = load_of(job, ArrayUnit::spatial);
  loads_[1] = load_of(job, ArrayUnit::vector);
  stages_ = loads_[0].busy.size();
  for (const TileTensor& input : job.walk.inputs) add_input(input, units);
  for (const TileTensor& output : job.walk.outputs) add_output(output, units);
}

void SpatialJobBuilder::open(std::uint64_t count, const OpenLoop& by) {
  if (count <= 1) return;
  open_.push_back(by);
  open_.back().loop = builder_.open_loop(count);
}

/// Behind a loop, the tiles go on after its last iteration.
void SpatialJobBuilder::close(std::uint64_t count) {
  if (count <= 1) return;
  const OpenLoop& loop = open_.back();
  step_ += (count - 1) * loop.steps;
  column_ += (count - 1) * loop.columns;
  result_ += (count - 1) * loop.results;
  tile_ += (count - 1) * loop.tiles;
  open_.pop_back();
  builder_.close_loop();
}

/// The first groups have nothing before them that is to be finished or stored; what follows is all
/// alike.
void SpatialJobBuilder::build() {
  run_blocks();
  const std::uint64_t tiles = job_.walk.blocks * job_.walk.tiles();
  if (job_.walk.every_tile)
    for (std::uint64_t e = 1; e < stages_; ++e) epoch(tiles - 1 + e, tiles, {}, {});
  if (job_.overlap)
    for (std::uint64_t e = 1; e < stages_; ++e) epoch(last_tiles_ - 1 + e, last_tiles_, {}, {});
  if (job_.after_slots() > 0)
    after_epochs(before_ * job_.after_slots(), before_, true);
  else
    finish();
}

/// The last of so many chunks of the ranks in time may be ragged.
void SpatialJobBuilder::run_blocks() {
  const TileWalk& walk = job_.walk;
  const OpenLoop block{{}, walk.steps, walk.column_tiles, walk.column_tiles, walk.tiles()};
  const auto run = [&](std::uint64_t number) {
    block_step_ = number * walk.steps;
    run_block();
  };
  if (walk.chunks == 1) return repeated(walk.blocks, block, run);
  const OpenLoop outer{{},
                       walk.chunks * block.steps,
                       walk.chunks * block.columns,
                       walk.chunks * block.results,
                       walk.chunks * block.tiles};
  repeated(walk.blocks / walk.chunks, outer, [&](std::uint64_t o) {
    repeated(walk.chunks - 1, block, [&](std::uint64_t i) { run(o * walk.chunks + i); });
    last_chunk_ = true;
    run((o + 1) * walk.chunks - 1);
    last_chunk_ = false;
  });
}

void SpatialJobBuilder::run_block() {
  for (const TileGroup& group : job_.walk.groups) {
    last_group_ = &group == &job_.walk.groups.back();
    const OpenLoop by{{}, 0, group.column_tiles(), group.column_tiles(), group.tiles()};
    repeated(group.repeat, by, [&](std::uint64_t) {
      step_ = block_step_ + group.first_step;
      if (job_.walk.every_tile)
        stream_group(group);
      else if (job_.overlap)
        follow(group);
      else
        run_group(group);
    });
  }
}

/// One whose tiles enter right behind those before; the results of each are complete when the
/// epoch after its last stage has begun.
void SpatialJobBuilder::stream_group(const TileGroup& group) {
  const std::uint64_t tiles = job_.walk.blocks * job_.walk.tiles();
  std::vector<EpochNode> nodes = epochs_of(group);
  for (const EpochKind& kind : take_first(nodes, stages_ + 1 - std::min(stages_ + 1, entered_)))
    epoch(entered_++, tiles, kind, {});
  for (const EpochNode& node : nodes) entered_ += node.epochs();
  steady(nodes, tiles, {});
}

/// One that the pipeline runs empty after.
void SpatialJobBuilder::run_group(const TileGroup& group) {
  const std::uint64_t tiles = group.tiles(), epochs = tiles + stages_ - 1;
  std::vector<EpochNode> nodes = epochs_of(group);
  filling_epochs(take_first(nodes, stages_), tiles);
  steady(nodes, tiles, {});
  for (std::uint64_t e = std::max(stages_, tiles); e < epochs; ++e) epoch(e, tiles, {}, {});
  before_ = group.column_tiles();
  before_last_chunk_ = last_chunk_;
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
  before_last_chunk_ = last_chunk_;
  last_tiles_ = tiles;
}

/// The epochs in which not all stages have a tile yet, and the first in which all have.
void SpatialJobBuilder::filling_epochs(const std::vector<EpochKind>& first, std::uint64_t tiles) {
  const AfterPlan plan = plan_after(job_, before_ * job_.after_slots());
  if (plan.before > 0) after_epochs(plan.before, plan.in_epoch.empty() ? before_ : 0, false);
  for (std::uint64_t e = 0; e < stages_; ++e) {
    VectorExtra extra;
    if (e < plan.in_epoch.size()) extra.slots = plan.in_epoch[e];
    if (e + 1 == plan.in_epoch.size() || (e == 0 && job_.after_slots() == 0))
      extra.results = before_;
    epoch(e, tiles, e < first.size() ? first[e] : EpochKind{}, extra);
  }
}

void SpatialJobBuilder::steady(const std::vector<EpochNode>& nodes, std::uint64_t tiles,
                               const VectorExtra& extra) {
  for (const EpochNode& node : nodes) {
    open(node.count, {{},
                      node.steps() / node.count,
                      node.columns() / node.count,
                      0,
                      node.epochs() / node.count});
    if (node.body.empty())
      epoch(job_.walk.every_tile ? stages_ : stages_ - 1, std::max(tiles, stages_), node.kind,
            extra);
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
    if (enters(input, kind)) load(input, kind);
  fire_spatial(number, tiles, kind);
  fire_vector(number, tiles, kind, extra);
  if (job_.walk.every_tile && kind.enters)
    for (const Stream& output : outputs_) store(output, tile_, &OpenLoop::tiles, last_of(kind));
  if (kind.opens_step) ++step_;
  if (kind.starts) ++column_;
  if (kind.enters) ++tile_;
  store_results(extra.results);
}

void SpatialJobBuilder::fire_spatial(std::uint64_t number, std::uint64_t tiles,
                                     const EpochKind& kind) {
  Firing firing;
  firing.unit = spatial_;
  firing.layer = layer_;
  firing.interval = active(loads_[0].busy, number, tiles);
  firing.latency = interval_;
  firing.takes.push_back({to_spatial_, 1, Release::at_start});
  firing.puts.push_back({to_vector_, 1});
  for (const Stream& input : inputs_) {
    if (enters(input, kind)) firing.takes.push_back({input.tiles, 1, Release::at_start});
    if (leaves(input, kind)) firing.puts.push_back({input.room, 1});
  }
  if (number < tiles) count(firing, SpatialAction::tile, 1);
  count(firing, SpatialAction::buffer_read, active(loads_[0].reads, number, tiles));
  count(firing, SpatialAction::buffer_write, active(loads_[0].writes, number, tiles));
  builder_.fire(std::move(firing));
}

void SpatialJobBuilder::fire_vector(std::uint64_t number, std::uint64_t tiles,
                                    const EpochKind& kind, const VectorExtra& extra) {
  Firing firing;
  firing.unit = vector_;
  firing.layer = layer_;
  firing.interval = active(loads_[1].busy, number, tiles) + extra.slots;
  firing.latency = std::max(interval_, firing.interval);
  firing.takes.push_back({to_vector_, 1, Release::at_start});
  firing.puts.push_back({to_spatial_, 1});
  for (const Stream& input : inputs_)
    if (!has_loop() && enters(input, kind))
      firing.takes.push_back({input.seen, 1, Release::at_start});
  const bool has_results = job_.walk.every_tile && number >= stages_;
  for (const Stream& output : outputs_)
    if (has_results)
      firing.puts.push_back({output.tiles, 1});
    else if (extra.results > 0)
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
  const std::uint64_t each = slots / results, alike = results - 1;  // the last may be ragged
  if (alike > 0) {
    open(alike, {{}, 0, 0, 1, 0});
    after_epoch(each, 1, 0);
    close(alike);
  }
  after_epoch(each, 1, last ? job_.placed.pipeline.columns - 1 : 0);
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
    if (results > 0) work.puts.push_back({output.tiles, static_cast<std::uint32_t>(results)});
  count_after(work, slots);
  builder_.fire(std::move(idle));
  builder_.fire(std::move(work));
  if (!job_.walk.every_tile) store_results(results);
}

/// Where nothing comes after the loop: the last results are on their way to the last lane.
void SpatialJobBuilder::finish() {
  after_epoch(0, job_.walk.every_tile ? 1 : before_, tail_cycles(job_));
}

}  // namespace sluice
