// SPDX-License-Identifier: Apache-2.0
// Building of the systolic machine's graph, task by task; see systolic.hpp and docs/systolic.md.
#include "sim/models/systolic.hpp"

#include <algorithm>
#include <array>

#include "arch/systolic_timing.hpp"
#include "base/assert.hpp"
#include "base/checked.hpp"
#include "mapper/bank_conflicts.hpp"
#include "mapper/gemm_nest.hpp"
#include "sim/models/gemm_place.hpp"
#include "sim/models/systolic_attention.hpp"
#include "sim/models/systolic_gemm.hpp"
#include "sim/models/systolic_machine.hpp"

namespace sluice {
namespace {

class GemmBuilder {
 public:
  GemmBuilder(SystolicMachine& machine, const GemmTask& task, const GemmTiling& tiling,
              const TaskRegions& regions)
      : machine_(machine), task_(task), place_(machine.architecture, task, tiling, regions) {
    using Rank = LoopLevel::Rank;
    load_level_[0] = place_.deepest(task.input_batch, Rank::m, Rank::k);
    load_level_[1] = place_.deepest(task.weight_batch, Rank::n, Rank::k);
    output_level_ = place_.deepest(task.batch, Rank::m, Rank::n);
    for (std::size_t i = 0; i < place_.levels().size(); ++i)
      if (place_.levels()[i].count > 1) leaf_level_ = static_cast<int>(i);
  }

  void build() { enter_body(-1); }

 private:
  void open_level(std::size_t level);
  void enter_body(int level);
  void step(bool last_k);
  void load(TensorRole role);
  void store();
  Firing step_firing(bool last_k) const;
  void count_step(Firing& firing, bool last_k) const;
  void add_ports(Firing& firing) const;

  SystolicMachine& machine_;
  const GemmTask& task_;
  GemmPlace place_;
  std::array<int, 2> load_level_{};  ///< loop in whose body the input, the weights are loaded
  int output_level_ = -1;
  int leaf_level_ = -1;
};

void GemmBuilder::open_level(std::size_t level) {
  if (level == place_.levels().size()) return step(true);
  const LoopLevel& l = place_.levels()[level];
  if (l.count == 1) return open_level(level + 1);
  for (const WindowRun& run : l.runs) {
    const bool looping = run.count > 1;
    place_.stand_in(level, run, looping ? machine_.builder.open_loop(run.count) : LoopId{});
    if (l.rank == LoopLevel::Rank::k)
      step(run.first + run.count == l.count);
    else
      enter_body(static_cast<int>(level));
    if (looping) machine_.builder.close_loop();
  }
}

/// The body of a loop (-1: the whole task): loads what stays the same in all of it, takes an output
/// buffer for the tile that is computed in it, and gives up the operands when it ends.
void GemmBuilder::enter_body(int level) {
  const bool leaf = level == leaf_level_;
  for (const TensorRole role : {TensorRole::weight, TensorRole::input})
    if (load_level_[role == TensorRole::input ? 0 : 1] == level && !leaf) {
      load(role);
      machine_.hold(role);
    }
  if (output_level_ == level && !leaf) machine_.take_output_buffer();
  open_level(static_cast<std::size_t>(level + 1));
  if (output_level_ == level) store();
  for (const TensorRole role : {TensorRole::weight, TensorRole::input})
    if (load_level_[role == TensorRole::input ? 0 : 1] == level && !leaf) machine_.release(role);
}

/// One tile step on the array.
void GemmBuilder::step(bool last_k) {
  for (const TensorRole role : {TensorRole::weight, TensorRole::input})
    if (load_level_[role == TensorRole::input ? 0 : 1] == leaf_level_) load(role);
  machine_.builder.fire(step_firing(last_k));
}

void GemmBuilder::load(TensorRole role) {
  if (!machine_.has_memory) return;
  machine_.load(role, place_.transfer(role), false);
}

void GemmBuilder::store() {
  machine_.finish_output(product(place_.m(), place_.n()), task_.epilogue_ops,
                         place_.transfer(TensorRole::output));
}

Firing GemmBuilder::step_firing(bool last_k) const {
  const SystolicArray& array = machine_.architecture.array;
  const GemmFolds folds = fold_gemm(array, place_.m(), place_.n(), place_.k());
  const FoldTiming timing = fold_timing(array, folds.steps);
  Firing firing;
  firing.name = machine_.task_name;
  firing.unit = machine_.array;
  firing.layer = machine_.layer;
  firing.interval = timing.initiation_interval;
  firing.latency = timing.latency;
  firing.repeat = folds.row_folds * folds.column_folds;
  if (machine_.has_memory) {
    for (const TensorRole role : {TensorRole::input, TensorRole::weight})
      if (load_level_[role == TensorRole::input ? 0 : 1] == leaf_level_)
        firing.takes.push_back({machine_.operand_channel(role), 1, Release::at_end});
    if (output_level_ == leaf_level_)
      firing.takes.push_back({machine_.output_credits, 1, Release::at_start});
  }
  if (last_k) machine_.put_output(firing, task_.epilogue_ops > 0);
  count_step(firing, last_k);
  add_ports(firing);
  return firing;
}

/// Actions of a step: each fold reads its operands once; partial sums are written by every fold
/// along k and read back by all but the first.
void GemmBuilder::count_step(Firing& firing, bool last_k) const {
  const SystolicArray& array = machine_.architecture.array;
  const std::uint64_t m = place_.m(), n = place_.n(), k = place_.k();
  const OperandReads reads = operand_reads(array, m, n, k);
  const std::uint64_t read_back = reads.partial_sums - 1 + (last_k ? place_.loop().k.count - 1 : 0);
  const std::uint64_t psum_reads = product(m, n) * read_back;
  const std::uint64_t repeat = firing.repeat;
  const auto add = [&](SystolicAction action, std::uint64_t count) {
    if (count > 0) firing.actions.push_back({static_cast<std::uint32_t>(action), count});
  };
  add(SystolicAction::mac, product(m, n, k));
  add(SystolicAction::fold, repeat);
  add(SystolicAction::used_pes, reads.used_pes);
  add(SystolicAction::input_read, storage_bytes(reads.input, array.input_format));
  add(SystolicAction::weight_read, storage_bytes(reads.weight, array.weight_format));
  add(SystolicAction::output_write,
      storage_bytes(product(m, n) * reads.partial_sums, array.accumulator_format));
  add(SystolicAction::output_read, storage_bytes(psum_reads, array.accumulator_format));
  firing.bank_conflicts = bank_conflicts(machine_.architecture, task_, m, n, k, read_back);
}

void GemmBuilder::add_ports(Firing& firing) const {
  for (const ActionCount& action : firing.actions)
    machine_.use_port(firing, SystolicAction(action.action), action.count);
}

/// Passes over the tiles of a vector task: load, compute, and in the last pass store.
void build_vector(SystolicMachine& machine, const VectorTask& task, const VectorTiling& tiling,
                  const TaskRegions& regions) {
  const VectorLoop loop = vector_loop(task, tiling);
  const NumberFormat format = machine.architecture.array.input_format;
  const auto tile = [&](std::uint64_t elements, bool last, std::vector<LoopStride> in_strides,
                        std::vector<LoopStride> out_strides, std::uint64_t fixed) {
    MemoryTransfer in, out;
    const std::uint64_t full_in = storage_bytes(input_tile_elements(task, loop.tiles.size), format);
    in.stream = static_cast<std::uint32_t>(TensorRole::input);
    in.address = regions.base[0] + fixed * full_in;
    in.row_bytes = storage_bytes(input_tile_elements(task, elements), format);
    in.strides = std::move(in_strides);
    out.stream = static_cast<std::uint32_t>(TensorRole::output);
    out.write = true;
    out.address = regions.base[2] + fixed * storage_bytes(loop.tiles.size, format);
    out.row_bytes = storage_bytes(elements, format);
    out.strides = std::move(out_strides);
    machine.vector_step(elements, task.lane_cycles, loop.passes, in, last ? &out : nullptr);
  };
  const auto pass = [&](bool last, std::vector<LoopStride> in, std::vector<LoopStride> out) {
    const Split& tiles = loop.tiles;
    const bool ragged = tiles.last != tiles.size;
    const std::uint64_t looped = ragged ? tiles.count - 1 : tiles.count;
    if (looped > 0) {
      const LoopId id = machine.builder.open_loop(looped);
      auto in_loop = in, out_loop = out;
      in_loop.push_back({id, static_cast<std::int64_t>(
                                 storage_bytes(input_tile_elements(task, tiles.size), format))});
      out_loop.push_back({id, static_cast<std::int64_t>(storage_bytes(tiles.size, format))});
      tile(tiles.size, last, in_loop, out_loop, 0);
      machine.builder.close_loop();
    }
    if (ragged) tile(tiles.last, last, in, out, tiles.count - 1);
  };
  const LoopId repeats = machine.builder.open_loop(loop.repeats);
  const std::uint64_t row = (loop.tiles.count - 1) * loop.tiles.size + loop.tiles.last;
  const std::vector<LoopStride> in = {
      {repeats, static_cast<std::int64_t>(storage_bytes(input_tile_elements(task, row), format))}};
  const std::vector<LoopStride> out = {
      {repeats, static_cast<std::int64_t>(storage_bytes(row, format))}};
  if (loop.passes > 1) {
    machine.builder.open_loop(loop.passes - 1);
    pass(false, in, out);
    machine.builder.close_loop();
  }
  pass(true, in, out);
  machine.builder.close_loop();
}

void build_task(SystolicMachine& machine, const TaskMapping& mapped, const TaskRegions& regions) {
  if (const auto* task = std::get_if<VectorTask>(&mapped.task.work))
    return build_vector(machine, *task, std::get<VectorTiling>(mapped.tiling), regions);
  if (const auto* task = std::get_if<AttentionTask>(&mapped.task.work))
    return build_attention(machine, *task, std::get<AttentionTiling>(mapped.tiling), regions);
  const GemmTask& task = std::get<GemmTask>(mapped.task.work);
  if (const auto* nest = std::get_if<GemmNest>(&mapped.tiling))
    return build_gemm(machine, task, *nest, regions);
  GemmBuilder(machine, task, std::get<GemmTiling>(mapped.tiling), regions).build();
}

}  // namespace

SystolicGraph build_systolic(const Network& network, const Architecture& architecture,
                             const Mapping& mapping) {
  std::uint64_t spilled = 0;    // output tiles of a task in memory at once
  std::uint64_t key_tiles = 0;  // of a stage of attention
  for (const TaskMapping& mapped : mapping.tasks)
    if (const auto* tiling = std::get_if<AttentionTiling>(&mapped.tiling))
      key_tiles = std::max(
          key_tiles, split(std::get<AttentionTask>(mapped.task.work).keys, tiling->key_tile).count);
    else if (const auto* nest = std::get_if<GemmNest>(&mapped.tiling))
      spilled = std::max(spilled, spilled_tiles(std::get<GemmTask>(mapped.task.work), *nest));
  SystolicMachine machine(architecture, spilled);
  if (key_tiles > 0) machine.make_attention(key_tiles);
  RegionAllocator regions(network, architecture, mapping);
  for (std::size_t t = 0; t < mapping.tasks.size(); ++t) {
    const TaskMapping& mapped = mapping.tasks[t];
    const bool on_array = !std::holds_alternative<VectorTask>(mapped.task.work);
    machine.start_task(mapped.task.name, regions.needs(t), on_array);
    build_task(machine, mapped, regions.of(t));
    machine.end_task();
  }
  SystolicGraph result;
  result.array = machine.array;
  result.vector = machine.vector;
  result.has_memory = machine.has_memory;
  result.load_input = machine.load_input;
  result.load_weight = machine.load_weight;
  result.store_output = machine.store_output;
  for (std::size_t t = 0; t < mapping.tasks.size(); ++t)
    result.waits_for_previous.push_back(t > 0 && regions.needs(t).results == t - 1);
  result.graph = machine.builder.finish();
  return result;
}

}  // namespace sluice
