// SPDX-License-Identifier: Apache-2.0
#include "sim/models/systolic_gemm.hpp"

#include <array>

#include "arch/systolic_timing.hpp"
#include "base/checked.hpp"
#include "mapper/bank_conflicts.hpp"
#include "mapper/gemm_walk.hpp"

namespace sluice {
namespace {

std::uint64_t at(const GemmExtents& extents, GemmRank rank) {
  return extents[static_cast<std::size_t>(rank)];
}

/// GemmWalk's visitor: opens the loops of the graph and fires.
class GemmBuilder {
 public:
  GemmBuilder(SystolicMachine& machine, const GemmTask& task, const GemmNest& nest,
              const TaskRegions& regions)
      : machine_(machine),
        array_(machine.architecture.array),
        task_(task),
        nest_(nest),
        regions_(regions),
        extents_(extents_of(task)),
        positions_(nest.loops.size()) {}

  void fetch(const WalkTile& tile);
  void leave(const WalkTile& tile);
  void step(const WalkStep& step);

  template <class Body>
  void loop(std::size_t level, std::uint64_t first, std::uint64_t count, Body body) {
    const Position before = positions_[level];
    positions_[level] = {count > 1, {}, first};
    if (count > 1) positions_[level].loop = machine_.builder.open_loop(count);
    body();
    if (count > 1) machine_.builder.close_loop();
    positions_[level] = before;
  }

 private:
  /// Where the builder stands in a loop: from iteration `first` on, inside `loop` if it is one.
  struct Position {
    bool looping = false;
    LoopId loop{};
    std::uint64_t first = 0;
  };

  void count(Firing& firing, const WalkStep& step) const;
  MemoryTransfer input_transfer(const GemmExtents& tile) const;
  MemoryTransfer weight_transfer(const GemmExtents& tile) const;
  MemoryTransfer output_transfer(const GemmExtents& tile, NumberFormat format) const;
  MemoryTransfer begin(TensorRole role) const;
  void place(MemoryTransfer& transfer, TensorRole role, const GemmExtents& bytes,
             const GemmExtents& per) const;
  GemmExtents kept(TensorRole role) const { return tile_at(nest_, role, extents_, 0); }
  std::uint64_t own_batch(TensorRole role) const {
    return role == TensorRole::input    ? task_.input_batch
           : role == TensorRole::weight ? task_.weight_batch
                                        : task_.batch;
  }

  SystolicMachine& machine_;
  const SystolicArray& array_;
  const GemmTask& task_;
  const GemmNest& nest_;
  const TaskRegions& regions_;
  const GemmExtents extents_;
  std::vector<Position> positions_;  ///< by loop of the nest
};

void GemmBuilder::fetch(const WalkTile& tile) {
  if (!machine_.has_memory) return;
  if (tile.role == TensorRole::output) {
    if (machine_.spills) {
      MemoryTransfer sums = output_transfer(tile.extents, array_.accumulator_format);
      sums.write = false;
      machine_.grant_output(tile.first ? nullptr : &sums);
    }
    if (!tile.single_step) machine_.take_output_buffer();
    return;
  }
  machine_.load(
      tile.role,
      tile.role == TensorRole::input ? input_transfer(tile.extents) : weight_transfer(tile.extents),
      false);
  if (!tile.single_step) machine_.hold(tile.role);
}

void GemmBuilder::leave(const WalkTile& tile) {
  if (tile.role != TensorRole::output) {
    if (!tile.single_step) machine_.release(tile.role);
    return;
  }
  if (!tile.last)
    return machine_.spill_output(output_transfer(tile.extents, array_.accumulator_format));
  const std::uint64_t elements =
      product(product(at(tile.extents, GemmRank::group), at(tile.extents, GemmRank::member),
                      at(tile.extents, GemmRank::copy)),
              at(tile.extents, GemmRank::m), at(tile.extents, GemmRank::n));
  machine_.finish_output(elements, task_.epilogue_ops,
                         output_transfer(tile.extents, array_.input_format));
}

void GemmBuilder::step(const WalkStep& step) {
  const GemmFolds folds = fold_gemm(array_, step.m, step.n, step.k);
  const FoldTiming timing = fold_timing(array_, folds.steps);
  Firing firing;
  firing.name = machine_.task_name;
  firing.unit = machine_.array;
  firing.layer = machine_.layer;
  firing.interval = timing.initiation_interval;
  firing.latency = timing.latency;
  firing.repeat = folds.row_folds * folds.column_folds;
  if (machine_.has_memory) {
    for (const TensorRole role : {TensorRole::input, TensorRole::weight})
      if (step.takes[static_cast<std::size_t>(role)])
        firing.takes.push_back({machine_.operand_channel(role), 1, Release::at_end});
    if (step.takes[static_cast<std::size_t>(TensorRole::output)])
      firing.takes.push_back({machine_.output_credits, 1, Release::at_start});
  }
  if (step.hands_over) machine_.put_output(firing, step.complete && task_.epilogue_ops > 0);
  count(firing, step);
  for (const ActionCount& action : firing.actions)
    machine_.use_port(firing, SystolicAction(action.action), action.count);
  machine_.builder.fire(std::move(firing));
}

/// Actions of a step: each fold reads its operands once; partial sums are written by every fold
/// along k and read back by all but the first.
void GemmBuilder::count(Firing& firing, const WalkStep& step) const {
  const std::uint64_t results = product(step.m, step.n);
  const OperandReads reads = operand_reads(array_, step.m, step.n, step.k);
  const std::uint64_t read_back = product(results, reads.partial_sums - 1 + step.resumed_sums);
  const auto add = [&](SystolicAction action, std::uint64_t number) {
    if (number > 0) firing.actions.push_back({static_cast<std::uint32_t>(action), number});
  };
  add(SystolicAction::mac, product(step.m, step.n, step.k));
  add(SystolicAction::fold, firing.repeat);
  add(SystolicAction::used_pes, reads.used_pes);
  add(SystolicAction::input_read, storage_bytes(reads.input, array_.input_format));
  add(SystolicAction::weight_read, storage_bytes(reads.weight, array_.weight_format));
  add(SystolicAction::output_write,
      storage_bytes(product(results, reads.partial_sums), array_.accumulator_format));
  add(SystolicAction::output_read, storage_bytes(read_back, array_.accumulator_format));
  firing.bank_conflicts = bank_conflicts(machine_.architecture, task_, step.m, step.n, step.k,
                                         reads.partial_sums - 1 + step.resumed_sums);
}

MemoryTransfer GemmBuilder::begin(TensorRole role) const {
  MemoryTransfer transfer;
  transfer.stream = static_cast<std::uint32_t>(role);
  transfer.address = regions_.base[static_cast<std::size_t>(role)];
  return transfer;
}

/// Address of a tile: the base of the tensor plus what the loops outside of it add, bytes[rank] for
/// each per[rank] of the rank.
void GemmBuilder::place(MemoryTransfer& transfer, TensorRole role, const GemmExtents& bytes,
                        const GemmExtents& per) const {
  for (std::size_t i = 0; i < nest_.kept[static_cast<std::size_t>(role)]; ++i) {
    const GemmLoopNode& loop = nest_.loops[i];
    const auto rank = static_cast<std::size_t>(loop.rank);
    if (!depends_on(task_, role, loop.rank)) continue;
    const std::uint64_t stride = product(bytes[rank], loop.tile) / per[rank];
    if (stride == 0) continue;
    transfer.address += stride * positions_[i].first;
    if (positions_[i].looping)
      transfer.strides.push_back({positions_[i].loop, static_cast<std::int64_t>(stride)});
  }
}

/// Weights are stored tile after tile.
MemoryTransfer GemmBuilder::weight_transfer(const GemmExtents& tile) const {
  MemoryTransfer t = begin(TensorRole::weight);
  t.row_bytes = tile_bytes(task_, TensorRole::weight, tile, array_);
  const GemmExtents whole = kept(TensorRole::weight);
  const std::uint64_t k = at(whole, GemmRank::k), n = at(whole, GemmRank::n);
  const std::uint64_t bytes = storage_bytes(product(k, n), array_.weight_format);
  const std::uint64_t one = storage_bytes(product(task_.k, task_.n), array_.weight_format);
  const std::uint64_t groups = own_batch(TensorRole::weight) / extents_[0];
  place(t, TensorRole::weight,
        {product(one, groups), one, 0, 0, bytes * ceil_div(task_.k, k), bytes}, {1, 1, 1, 1, n, k});
  return t;
}

/// Rows of k where the input is a plain matrix cut along k; else what the tile touches, in one
/// piece.
MemoryTransfer GemmBuilder::input_transfer(const GemmExtents& tile) const {
  MemoryTransfer t = begin(TensorRole::input);
  const GemmExtents whole = kept(TensorRole::input);
  const std::uint64_t m = at(whole, GemmRank::m), k = at(whole, GemmRank::k);
  const NumberFormat format = array_.input_format;
  const std::uint64_t products =
      tile_bytes(task_, TensorRole::input, tile, array_) /
      storage_bytes(input_tile_elements(task_, at(tile, GemmRank::m), at(tile, GemmRank::k)),
                    format);
  const bool rows = k < task_.k && width_bits(format) % 8 == 0;
  t.rows = rows ? product(products, at(tile, GemmRank::m)) : 1;
  t.row_bytes = rows ? storage_bytes(at(tile, GemmRank::k), format)
                     : tile_bytes(task_, TensorRole::input, tile, array_);
  t.row_stride = rows ? storage_bytes(task_.k, format) : t.row_bytes;
  const std::uint64_t one = storage_bytes(task_.input_elements, format);
  const std::uint64_t bytes = storage_bytes(input_tile_elements(task_, m, k), format);
  const std::uint64_t groups = own_batch(TensorRole::input) / extents_[0];
  place(t, TensorRole::input,
        {product(one, groups), one, 0, rows ? m * t.row_stride : bytes * ceil_div(task_.k, k), 0,
         rows ? storage_bytes(k, format) : bytes},
        {1, 1, 1, m, 1, k});
  return t;
}

/// Row by row where the result is cut along n; unfinished sums likewise, in their own format.
MemoryTransfer GemmBuilder::output_transfer(const GemmExtents& tile, NumberFormat format) const {
  MemoryTransfer t = begin(TensorRole::output);
  t.write = true;
  const GemmExtents whole = kept(TensorRole::output);
  const std::uint64_t m = at(whole, GemmRank::m), n = at(whole, GemmRank::n);
  const std::uint64_t products =
      product(at(tile, GemmRank::group), at(tile, GemmRank::member), at(tile, GemmRank::copy));
  const std::uint64_t tile_rows = product(products, at(tile, GemmRank::m));
  const bool rows = n < task_.n && width_bits(format) % 8 == 0;
  t.rows = rows ? tile_rows : 1;
  t.row_bytes =
      rows ? storage_bytes(at(tile, GemmRank::n), format)
           : product(products,
                     storage_bytes(product(at(tile, GemmRank::m), at(tile, GemmRank::n)), format));
  t.row_stride = rows ? storage_bytes(task_.n, format) : t.row_bytes;
  const std::uint64_t one = storage_bytes(product(task_.m, task_.n), format);
  const std::uint64_t bytes = storage_bytes(product(m, n), format);
  place(t, TensorRole::output,
        {product(one, extents_[1], extents_[2]), product(one, extents_[2]), one,
         rows ? m * t.row_stride : bytes * ceil_div(task_.n, n),
         rows ? storage_bytes(n, format) : bytes, 0},
        {1, 1, 1, m, n, 1});
  return t;
}

}  // namespace

void build_gemm(SystolicMachine& machine, const GemmTask& task, const GemmNest& nest,
                const TaskRegions& regions) {
  GemmBuilder builder(machine, task, nest, regions);
  GemmWalk(task, nest, builder).run();
}

}  // namespace sluice
