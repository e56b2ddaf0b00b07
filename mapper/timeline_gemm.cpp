// SPDX-License-Identifier: Apache-2.0
#include "mapper/timeline_gemm.hpp"

#include <cmath>

#include "arch/systolic_timing.hpp"
#include "mapper/bank_conflicts.hpp"
#include "mapper/gemm_walk.hpp"

namespace sluice {
namespace {

double real(std::uint64_t value) { return static_cast<double>(value); }

}  // namespace

Timeline::Product::TileKind Timeline::Product::tile(std::uint64_t bytes, const TileRuns& runs,
                                                    NumberFormat format) const {
  TileKind kind;
  kind.move = t_.rates_.move({real(bytes), real(runs.count), storage_bytes(runs.stride, format)});
  return kind;
}

Timeline::Product::TileKind Timeline::Product::complete(std::uint64_t sums, std::uint64_t results,
                                                        const TileRuns& runs) const {
  TileKind kind = tile(results, runs, array_.input_format);
  kind.sums = real(sums);
  if (task_.epilogue_ops == 0) return kind;
  const double elements = kind.sums * 8 / width_bits(array_.accumulator_format);
  kind.lanes = std::ceil(elements * real(task_.epilogue_ops) / t_.architecture_->vector.lanes);
  kind.conflicts =
      t_.lane_conflicts(TensorRole::output, false, static_cast<std::uint64_t>(elements)) +
      t_.lane_conflicts(TensorRole::output, true, static_cast<std::uint64_t>(elements));
  return kind;
}

Timeline::Product::StepKind Timeline::Product::step(std::uint64_t m, std::uint64_t n,
                                                    std::uint64_t k, const StepBox& box) const {
  const GemmFolds folds = fold_gemm(array_, m, n, k);
  const FoldTiming timing = fold_timing(array_, folds.steps);
  const OperandReads reads = operand_reads(array_, m, n, k);
  const auto conflicts = [&](std::uint64_t read_back) {
    return real(bank_conflicts(*t_.architecture_, task_, box, read_back));
  };
  return {real(folds.row_folds) * real(folds.column_folds) * real(timing.initiation_interval),
          real(timing.latency - timing.initiation_interval),
          real(reads.input) * width_bits(array_.input_format) / 8,
          real(reads.weight) * width_bits(array_.weight_format) / 8,
          real(m) * real(n) * width_bits(array_.accumulator_format) / 8,
          real(reads.partial_sums),
          conflicts(reads.partial_sums - 1),
          conflicts(reads.partial_sums) - conflicts(reads.partial_sums - 1)};
}

/// GemmWalk's visitor.
class Timeline::Gemm {
 public:
  Gemm(Timeline& timeline, const GemmTask& task, const GemmNest& nest)
      : product_(timeline, task),
        array_(timeline.architecture_->array),
        task_(task),
        whole_(extents_of(task)),
        shapes_tell_(nest.loops.size() <= most_loops_of_a_shape) {}

  void fetch(const WalkTile& tile) {
    if (tile.role != TensorRole::output) {
      if (tile.role == TensorRole::input) input_ = tile.extents;
      return product_.load(tile.role, kind_of(tile, false));
    }
    product_.take_output();
    if (!tile.first) product_.load_sums(kind_of(tile, false));
  }

  void step(const WalkStep& s) {
    const Product::StepKind& kind = steps_(key(s.shape), [&] {
      return product_.step(
          s.m, s.n, s.k,
          task_.window ? StepBox{*s.extents, input_} : tile_step(task_, s.m, s.n, s.k));
    });
    product_.compute(kind, s.resumed_sums);
  }

  void leave(const WalkTile& tile) {
    if (tile.role != TensorRole::output) return product_.leave(tile.role);
    const Product::TileKind& kind = kind_of(tile, tile.last);
    if (tile.last)
      product_.finish(kind);
    else
      product_.spill(kind);
  }

  template <class Body>
  void loop(std::size_t, std::uint64_t, std::uint64_t count, Body body) {
    product_.repeat(count, [&](std::uint64_t) { body(); });
  }

 private:
  const Product::TileKind& kind_of(const WalkTile& tile, bool results) {
    const bool unfinished = tile.role == TensorRole::output && !tile.last;
    return tiles_[static_cast<std::size_t>(tile.role)](
        key(4 * tile.shape + (unfinished ? 2u : 0u) + (results ? 1u : 0u)),
        [&] { return new_kind(tile, results); });
  }
  /// A shape as it is, or what differs from all others where shapes do not tell.
  std::uint64_t key(std::uint64_t shape) { return shapes_tell_ ? shape : ++calls_; }
  Product::TileKind new_kind(const WalkTile& tile, bool results) const {
    const std::uint64_t bytes = tile_bytes(task_, tile.role, tile.extents, array_);
    const TileRuns runs = runs_of(task_, tile.role, tile.extents, whole_);
    if (results) return product_.complete(bytes, result_bytes(task_, tile.extents, array_), runs);
    const bool unfinished = tile.role == TensorRole::output && !tile.last;
    return product_.tile(bytes, runs, unfinished ? array_.accumulator_format : array_.input_format);
  }

  Product product_;
  const SystolicArray& array_;
  const GemmTask& task_;
  const GemmExtents whole_;
  bool shapes_tell_;
  std::uint64_t calls_ = 0;
  /// A shape has a bit for each loop; two bits more fit into a key.
  static constexpr std::size_t most_loops_of_a_shape = 62;
  std::array<Recent<Product::TileKind, 4>, tensor_role_count> tiles_;
  Recent<Product::StepKind, 8> steps_;
  GemmExtents input_{};  ///< the input tile that is on chip
};

void Timeline::gemm(const GemmTask& task, const GemmNest& nest) {
  Gemm visitor(*this, task, nest);
  GemmWalk(task, nest, visitor).run();
}

}  // namespace sluice
