// SPDX-License-Identifier: Apache-2.0
#include "mapper/bank_conflicts.hpp"

#include <algorithm>

#include "arch/systolic_timing.hpp"
#include "base/checked.hpp"
#include "mapper/window.hpp"

namespace sluice {
namespace {

NumberFormat format_of(const SystolicArray& array, TensorRole role) {
  return role == TensorRole::input    ? array.input_format
         : role == TensorRole::weight ? array.weight_format
                                      : array.accumulator_format;
}

/// An axis of a tile of `outputs` outputs, which has no gaps.
struct TileAxis {
  std::uint64_t window = 1;  ///< elements from one output's window to the next one's
  std::uint64_t tap = 1;     ///< from one tap to the next
  std::uint64_t length = 1;  ///< elements in all; padding is not kept, but no window is cut short
};

TileAxis tile_axis(const WindowAxis& axis, std::uint64_t outputs, std::uint64_t taps) {
  TileAxis result;
  result.window = std::min(axis.stride, (taps - 1) * axis.dilation + 1);
  result.tap = outputs == 1 ? 1 : axis.dilation;
  result.length = std::max({touched_at_most(axis, outputs, taps), (outputs - 1) * result.window + 1,
                            (taps - 1) * result.tap + 1});
  return result;
}

std::uint64_t at(const GemmExtents& extents, GemmRank rank) {
  return extents[static_cast<std::size_t>(rank)];
}

/// The pixels that the array takes along m, or the taps and channels along k.
WordWalk window_walk(const SlidingWindow& window, WalkRank rank, const StepBox& box,
                     std::uint64_t word_bits) {
  const GemmExtents &step = box.step, &tile = box.input;
  const TileAxis rows = tile_axis(window.rows, at(tile, GemmRank::p), at(tile, GemmRank::r));
  const TileAxis columns = tile_axis(window.columns, at(tile, GemmRank::q), at(tile, GemmRank::s));
  const auto level = [&](GemmRank of, std::uint64_t stride) {
    return WordWalk::Level{at(step, of), stride};
  };
  if (rank == WalkRank::m)
    return {word_bits,
            {level(GemmRank::q, columns.window),
             level(GemmRank::p, product(rows.window, columns.length)),
             level(GemmRank::m, product(rows.length, columns.length))}};
  const std::uint64_t channels = at(tile, GemmRank::k);
  return {word_bits,
          {level(GemmRank::k, 1), level(GemmRank::s, product(columns.tap, channels)),
           level(GemmRank::r, product(rows.tap, columns.length, channels))}};
}

/// What a step loses, operand by operand: of each, accesses along one rank, repeated.
class StepConflicts {
 public:
  StepConflicts(const Architecture& architecture, const GemmTask& task, const StepBox& box,
                std::uint64_t read_back)
      : architecture_(architecture),
        array_(architecture.array),
        task_(task),
        box_(box),
        m_(pixels_of(box.step)),
        n_(at(box.step, GemmRank::n)),
        k_(sums_of(box.step)),
        read_back_(read_back) {}

  std::uint64_t sum() const {
    switch (array_.dataflow) {
      case Dataflow::weight_stationary:
        return stationary(TensorRole::input, TensorRole::weight, WalkRank::n, m_);
      case Dataflow::input_stationary:
        return stationary(TensorRole::weight, TensorRole::input, WalkRank::m, n_);
      case Dataflow::output_stationary:
        break;
    }
    return product(k_, ceil_div(n_, array_.columns),
                   of(TensorRole::input, false, WalkRank::m, array_.rows)) +
           product(k_, ceil_div(m_, array_.rows),
                   of(TensorRole::weight, false, WalkRank::n, array_.columns)) +
           product(m_, of(TensorRole::output, true, WalkRank::n, array_.columns)) +
           product(m_, read_back_, of(TensorRole::output, false, WalkRank::n, array_.columns));
  }

 private:
  std::uint64_t extent(WalkRank rank) const {
    return rank == WalkRank::m ? m_ : rank == WalkRank::n ? n_ : k_;
  }

  /// Of accesses along `rank`, as many words each as the array has lanes, over all of the rank.
  std::uint64_t of(TensorRole role, bool write, WalkRank rank, std::uint64_t lanes) const {
    const Scratchpad& pad = architecture_.scratchpads[scratchpad_of(architecture_, role)];
    return conflict_cycles(pad, write, operand_walk(task_, array_, role, rank, box_), extent(rank),
                           lanes);
  }

  /// ws and is: the moving operand comes along k in `steps` steps, for every fold of columns; the
  /// stationary one a row of the array (along `columns`) or a column (along k) at a time.
  std::uint64_t stationary(TensorRole moving, TensorRole resting, WalkRank columns,
                           std::uint64_t steps) const {
    const std::uint64_t across = extent(columns);
    const bool by_columns = array_.stationary_load == StationaryLoad::columns;
    const std::uint64_t load = by_columns
                                   ? product(k_, of(resting, false, columns, array_.columns))
                                   : product(across, of(resting, false, WalkRank::k, array_.rows));
    return product(steps, ceil_div(across, array_.columns),
                   of(moving, false, WalkRank::k, array_.rows)) +
           load +
           product(steps, ceil_div(k_, array_.rows),
                   of(TensorRole::output, true, columns, array_.columns)) +
           product(steps, read_back_, of(TensorRole::output, false, columns, array_.columns));
  }

  const Architecture& architecture_;
  const SystolicArray& array_;
  const GemmTask& task_;
  const StepBox& box_;
  std::uint64_t m_, n_, k_, read_back_;
};

bool may_conflict(const Scratchpad& pad) {
  return pad.width.value > 0 && pad.layout == BankLayout::linear;
}

}  // namespace

StepBox tile_step(const GemmTask& task, std::uint64_t m, std::uint64_t n, std::uint64_t k) {
  GemmExtents box{1, 1, 1, m, n, k, 1, 1, 1, 1};
  if (task.window) {
    const SlidingWindow& window = *task.window;
    const PixelTile tile = pixel_tile(window, m);
    box = {1,
           1,
           1,
           tile.images,
           n,
           std::max<std::uint64_t>(1, k / window.taps()),
           tile.rows,
           tile.columns,
           window.rows.kernel,
           window.columns.kernel};
  }
  return {box, box};
}

WordWalk operand_walk(const GemmTask& task, const SystolicArray& array, TensorRole role,
                      WalkRank rank, const StepBox& box) {
  const std::uint64_t word_bits = width_bits(format_of(array, role));
  if (role == TensorRole::input && task.window)
    return window_walk(*task.window, rank, box, word_bits);
  return WordWalk::dense(word_bits);
}

std::uint64_t bank_conflicts(const Architecture& architecture, const GemmTask& task,
                             const StepBox& box, std::uint64_t read_back) {
  if (std::ranges::none_of(architecture.scratchpads, may_conflict)) return 0;
  return StepConflicts(architecture, task, box, read_back).sum();
}

std::uint64_t lane_conflicts(const Architecture& architecture, TensorRole role, bool write,
                             NumberFormat format, std::uint64_t words, std::uint64_t lanes) {
  const Scratchpad& pad = architecture.scratchpads[scratchpad_of(architecture, role)];
  if (!may_conflict(pad)) return 0;
  return conflict_cycles(pad, write, WordWalk::dense(width_bits(format)), words, lanes);
}

}  // namespace sluice
