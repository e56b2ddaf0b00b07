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

/// GemmWalk's visitor: opens the loops of the graph and fires. Tiles lie in main memory as
/// docs/systolic.md says.
class GemmBuilder {
 public:
  GemmBuilder(SystolicMachine& machine, const GemmTask& task, const GemmNest& nest,
              const TaskRegions& regions)
      : machine_(machine),
        array_(machine.architecture.array),
        task_(task),
        nest_(nest),
        regions_(regions),
        extents_(extents_of(task)) {
    positions_.assign(nest.loops.size(), {});
    for (const TensorRole role : {TensorRole::input, TensorRole::weight, TensorRole::output})
      kept_[static_cast<std::size_t>(role)] = tile_at(nest, role, extents_, 0);
    if (!machine.has_memory) return;
    weight_strides_ = weight_strides();
    input_strides_ = task.window ? window_strides() : matrix_strides();
  }

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
  /// Bytes from a tile to that of the next iteration of each loop outside of the tensor's place.
  using Strides = InlineVector<std::uint64_t, 16>;

  MemoryTransfer transfer(TensorRole role, const GemmExtents& from, const GemmExtents& tile) const;
  MemoryTransfer output_transfer(const GemmExtents& tile, NumberFormat format) const;
  MemoryTransfer begin(TensorRole role) const;
  Strides weight_strides() const;
  Strides matrix_strides() const;
  Strides window_strides() const;
  Strides output_strides(NumberFormat format) const;
  template <class Stride>
  Strides strides_of(TensorRole role, Stride stride) const;
  void place(MemoryTransfer& transfer, const Strides& strides) const;
  void leave_out_padding(MemoryTransfer& t) const;
  /// The input is a plain matrix cut along k; its tiles are rows of k.
  bool cuts_rows() const {
    return at(kept(TensorRole::input), GemmRank::k) < task_.k &&
           width_bits(array_.input_format) % 8 == 0;
  }
  const GemmExtents& kept(TensorRole role) const { return kept_[static_cast<std::size_t>(role)]; }
  /// Products with a tensor of their own, from one iteration of a loop over the batch to the next.
  std::uint64_t products_of(TensorRole role, const GemmLoopNode& loop) const {
    const std::uint64_t own = role == TensorRole::input ? task_.input_batch : task_.weight_batch;
    return product(loop.tile, loop.rank == GemmRank::group ? own / extents_[0] : 1);
  }

  SystolicMachine& machine_;
  const SystolicArray& array_;
  const GemmTask& task_;
  const GemmNest& nest_;
  const TaskRegions& regions_;
  const GemmExtents extents_;
  std::array<GemmExtents, tensor_role_count> kept_{};  ///< the whole tiles
  InlineVector<Position, 16> positions_;               ///< by loop of the nest
  Strides weight_strides_, input_strides_;
  GemmExtents input_{};  ///< the input tile that is on chip
};

void GemmBuilder::fetch(const WalkTile& tile) {
  if (tile.role == TensorRole::input) input_ = tile.extents;
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
  machine_.load(tile.role, transfer(tile.role, tile.from, tile.extents), false);
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
              pixels_of(tile.extents), at(tile.extents, GemmRank::n));
  machine_.finish_output(
      elements, task_.epilogue_ops,
      machine_.has_memory ? output_transfer(tile.extents, array_.input_format) : MemoryTransfer{});
}

void GemmBuilder::step(const WalkStep& step) {
  const GemmFolds folds = fold_gemm(array_, step.m, step.n, step.k);
  const FoldTiming timing = fold_timing(array_, folds.steps);
  Firing& firing = machine_.fire(machine_.array);
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
  machine_.use_ports(firing);
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
  firing.bank_conflicts = bank_conflicts(machine_.architecture, task_, {*step.extents, input_},
                                         reads.partial_sums - 1 + step.resumed_sums);
}

MemoryTransfer GemmBuilder::begin(TensorRole role) const {
  MemoryTransfer transfer;
  transfer.stream = static_cast<std::uint32_t>(role);
  transfer.address = regions_.base[static_cast<std::size_t>(role)];
  return transfer;
}

template <class Stride>
GemmBuilder::Strides GemmBuilder::strides_of(TensorRole role, Stride stride) const {
  Strides strides;
  for (std::size_t i = 0; i < nest_.kept[static_cast<std::size_t>(role)]; ++i) {
    const GemmLoopNode& loop = nest_.loops[i];
    strides.push_back(depends_on(task_, role, loop.rank) ? stride(loop) : 0);
  }
  return strides;
}

/// Address of a tile: the base of the tensor plus what the loops outside of it add.
void GemmBuilder::place(MemoryTransfer& transfer, const Strides& strides) const {
  for (std::size_t i = 0; i < strides.size(); ++i) {
    if (strides[i] == 0) continue;
    const Position& position = positions_[i];
    transfer.address += strides[i] * position.first;
    if (position.looping)
      transfer.strides.push_back({position.loop, static_cast<std::int64_t>(strides[i])});
  }
}

MemoryTransfer GemmBuilder::transfer(TensorRole role, const GemmExtents& from,
                                     const GemmExtents& tile) const {
  MemoryTransfer t = begin(role);
  const std::uint64_t bytes = tile_bytes(task_, role, from, tile, array_);
  t.row_bytes = t.row_stride = bytes;
  const bool input = role == TensorRole::input;
  place(t, input ? input_strides_ : weight_strides_);
  if (input && task_.window) {
    leave_out_padding(t);
  } else if (input && cuts_rows()) {
    t.row_bytes = storage_bytes(at(tile, GemmRank::k), array_.input_format);
    t.rows = bytes / t.row_bytes;
    t.row_stride = storage_bytes(task_.k, array_.input_format);
  }
  return t;
}

/// Weights are stored tile after tile.
GemmBuilder::Strides GemmBuilder::weight_strides() const {
  const GemmExtents& tile = kept(TensorRole::weight);
  const std::uint64_t k = sums_of(tile), n = at(tile, GemmRank::n);
  const std::uint64_t bytes = storage_bytes(product(k, n), array_.weight_format);
  const std::uint64_t all = storage_bytes(product(task_.k, task_.n), array_.weight_format);
  // In each tile of n those of k, channels outside of taps.
  const auto tiles = [&](GemmRank rank) { return ceil_div(at(extents_, rank), at(tile, rank)); };
  const std::uint64_t row = product(bytes, tiles(GemmRank::s));
  const std::uint64_t channel = product(row, tiles(GemmRank::r));
  const std::uint64_t filter = product(channel, tiles(GemmRank::k));
  return strides_of(TensorRole::weight, [&](const GemmLoopNode& loop) {
    const std::uint64_t of_rank = at(tile, loop.rank);
    switch (loop.rank) {
      case GemmRank::n:
        return product(filter, loop.tile) / of_rank;
      case GemmRank::k:
        return product(channel, loop.tile) / of_rank;
      case GemmRank::r:
        return product(row, loop.tile) / of_rank;
      case GemmRank::s:
        return product(bytes, loop.tile) / of_rank;
      default:
        return product(all, products_of(TensorRole::weight, loop));
    }
  });
}

/// Rows of k where the input is a plain matrix cut along k; else what the tile holds, in one piece.
GemmBuilder::Strides GemmBuilder::matrix_strides() const {
  const GemmExtents& whole = kept(TensorRole::input);
  const std::uint64_t m = at(whole, GemmRank::m), k = at(whole, GemmRank::k);
  const NumberFormat format = array_.input_format;
  const bool rows = cuts_rows();
  const std::uint64_t all = storage_bytes(task_.input_elements, format);
  const std::uint64_t bytes = storage_bytes(product(m, k), format);
  return strides_of(TensorRole::input, [&](const GemmLoopNode& loop) {
    if (loop.rank == GemmRank::m)
      return rows ? loop.tile * storage_bytes(task_.k, format)
                  : product(bytes * ceil_div(task_.k, k), loop.tile) / m;
    if (loop.rank == GemmRank::k)
      return rows ? storage_bytes(loop.tile, format) : product(bytes, loop.tile) / k;
    return product(all, products_of(TensorRole::input, loop));
  });
}

/// The input of a convolution is stored channel tile by channel tile, in each image by image, row
/// by row.
GemmBuilder::Strides GemmBuilder::window_strides() const {
  const NumberFormat format = array_.input_format;
  const SlidingWindow& window = *task_.window;
  const std::uint64_t channels = at(kept(TensorRole::input), GemmRank::k);
  const std::uint64_t row = product(window.columns.in, channels);
  const std::uint64_t image = product(window.rows.in, row);
  const std::uint64_t all = storage_bytes(
      product(window.images, window.rows.in, window.columns.in, at(extents_, GemmRank::k)), format);
  return strides_of(TensorRole::input, [&](const GemmLoopNode& loop) {
    switch (loop.rank) {
      case GemmRank::m:
        return storage_bytes(product(loop.tile, image), format);
      case GemmRank::k:
        return product(storage_bytes(product(window.images, image), format), loop.tile) / channels;
      case GemmRank::p:
        return storage_bytes(product(loop.tile, window.rows.stride, row), format);
      case GemmRank::q:
        return storage_bytes(product(loop.tile, window.columns.stride, channels), format);
      case GemmRank::r:
        return storage_bytes(product(loop.tile, window.rows.dilation, row), format);
      case GemmRank::s:
        return storage_bytes(product(loop.tile, window.columns.dilation, channels), format);
      default:
        return product(all, products_of(TensorRole::input, loop));
    }
  });
}

/// What a tile reads comes in one piece from its first row and column on, where padding has no
/// bytes.
void GemmBuilder::leave_out_padding(MemoryTransfer& t) const {
  const SlidingWindow& window = *task_.window;
  const std::uint64_t channels = at(kept(TensorRole::input), GemmRank::k);
  const std::uint64_t row = product(window.columns.in, channels);
  const auto leave_out = [&](GemmRank outputs, GemmRank taps, std::uint64_t padding) {
    std::uint64_t before = 0;
    for (std::size_t i = 0; i < input_strides_.size(); ++i)
      if (const GemmRank rank = nest_.loops[i].rank; rank == outputs || rank == taps)
        before += input_strides_[i] * positions_[i].first;
    t.address -= std::min(before, storage_bytes(padding, array_.input_format));
  };
  leave_out(GemmRank::p, GemmRank::r, product(window.rows.pad, row));
  leave_out(GemmRank::q, GemmRank::s, product(window.columns.pad, channels));
}

/// Results are row-major; unfinished sums likewise, in their own format.
MemoryTransfer GemmBuilder::output_transfer(const GemmExtents& tile, NumberFormat format) const {
  MemoryTransfer t = begin(TensorRole::output);
  t.write = true;
  const std::uint64_t products =
      product(at(tile, GemmRank::group), at(tile, GemmRank::member), at(tile, GemmRank::copy));
  const std::uint64_t elements = product(pixels_of(tile), at(tile, GemmRank::n));
  const bool in_bytes = width_bits(format) % 8 == 0;
  const TileRuns runs = in_bytes ? runs_of(task_, TensorRole::output, tile, extents_) : TileRuns{};
  t.rows = runs.count;
  t.row_bytes = product(products, storage_bytes(elements, format)) / t.rows;
  t.row_stride = t.rows > 1 ? storage_bytes(runs.stride, format) : t.row_bytes;
  place(t, output_strides(format));
  return t;
}

GemmBuilder::Strides GemmBuilder::output_strides(NumberFormat format) const {
  const GemmExtents& whole = kept(TensorRole::output);
  const std::uint64_t m = pixels_of(whole), n = at(whole, GemmRank::n);
  const bool rows = n < task_.n && width_bits(format) % 8 == 0;  // else tiles of n after each other
  const std::uint64_t one = storage_bytes(product(task_.m, task_.n), format);
  const auto pixels = [&](std::uint64_t count) {
    return rows ? product(count, storage_bytes(task_.n, format))
                : product(storage_bytes(product(count, n), format), ceil_div(task_.n, n));
  };
  return strides_of(TensorRole::output, [&](const GemmLoopNode& loop) {
    switch (loop.rank) {
      case GemmRank::group:
        return product(one, extents_[1], extents_[2], loop.tile);
      case GemmRank::member:
        return product(one, extents_[2], loop.tile);
      case GemmRank::copy:
        return product(one, loop.tile);
      case GemmRank::n:
        return rows ? storage_bytes(loop.tile, format)
                    : product(storage_bytes(product(m, n), format), loop.tile) / n;
      case GemmRank::m:
        return pixels(product(loop.tile, at(extents_, GemmRank::p), at(extents_, GemmRank::q)));
      case GemmRank::p:
        return pixels(product(loop.tile, at(extents_, GemmRank::q)));
      default:
        return pixels(loop.tile);
    }
  });
}

}  // namespace

void build_gemm(SystolicMachine& machine, const GemmTask& task, const GemmNest& nest,
                const TaskRegions& regions) {
  GemmBuilder builder(machine, task, nest, regions);
  GemmWalk(task, nest, builder).run();
}

}  // namespace sluice
