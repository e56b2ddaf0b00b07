// SPDX-License-Identifier: Apache-2.0
// One walk through the loops of a mapped matrix product, for all who count, time or build it. It
// says in program order which tiles come, are used and go; a loop is one call however often it
// runs. Internal to what knows the systolic machine.
//
// A tile is fetched in the body of the innermost loop that changes it among those outside of its
// place. A loop of one iteration changes nothing, so that what is fetched where depends on how
// large the tile around is: the last iteration of a loop is a case of its own where it is smaller,
// where the sums of a tile are complete, and so is the first where sums begin. Where windows meet
// the edges of an image, each iteration is a case of its own.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "mapper/gemm_nest.hpp"

namespace sluice {

/// A tile of a tensor that is fetched, or of the output, as it comes on chip and goes.
struct WalkTile {
  TensorRole role = TensorRole::input;
  /// Of the tile, by rank, while the visitor looks at it; of several iterations: of the first.
  const GemmExtents &from, &extents;
  bool single_step = false;  ///< one step uses it
  bool first = true;         ///< of an output: its sums begin; else partial sums are brought back
  bool last = true;          ///< of an output: its sums are complete; else they go to memory
  std::uint64_t shape = 0;   ///< see GemmWalk
};

/// One tile step of the array.
struct WalkStep {
  std::uint64_t m = 1, n = 1, k = 1;
  std::uint64_t shape = 0;               ///< see GemmWalk
  const GemmExtents* extents = nullptr;  ///< the same by rank
  /// Operands and the output buffer that come for this step alone, by TensorRole.
  std::array<bool, tensor_role_count> takes{};
  bool hands_over = false;  ///< the last step of an output tile
  bool complete = false;    ///< which is then complete
  /// Times that partial sums of earlier steps are read back, of all steps of this m x n along k
  /// while the output tile is on chip, counted at the last of them.
  std::uint64_t resumed_sums = 0;
};

/// Visitor:
///   void fetch(const WalkTile&)     a tile comes; of the output: a buffer is taken
///   void leave(const WalkTile&)     its last step is done; of the output: it is stored
///   void step(const WalkStep&)
///   void loop(std::size_t level, std::uint64_t first, std::uint64_t count, Body body)
///                                   iterations first .. first + count of a loop that are alike
/// Tiles and steps of equal `shape` have equal extents: it has the bit of each loop around that is
/// at a last iteration that is smaller. Of nests of more than 64 loops it says nothing.
template <class Visitor>
class GemmWalk {
 public:
  GemmWalk(const GemmTask& task, const GemmNest& nest, Visitor& visitor)
      : task_(task), nest_(nest), size_(extents_of(task)), visitor_(visitor) {
    for (const GemmLoopNode& loop : nest.loops)
      for (std::size_t role = 0; role < tensor_role_count; ++role)
        depends_[static_cast<std::size_t>(loop.rank)][role] =
            depends_on(task, TensorRole(role), loop.rank);
    step_.extents = &size_;
  }

  void run() { body(0); }

 private:
  static constexpr std::size_t input = static_cast<std::size_t>(TensorRole::input);
  static constexpr std::size_t output = static_cast<std::size_t>(TensorRole::output);
  std::uint64_t& size(GemmRank rank) { return size_[static_cast<std::size_t>(rank)]; }
  std::uint64_t& from(GemmRank rank) { return from_[static_cast<std::size_t>(rank)]; }

  /// What stands before loop `level`, in the present tile.
  void body(std::size_t level) {
    if (level == nest_.loops.size()) return innermost();
    std::array<bool, tensor_role_count> here{};
    const Inside inside = look_inside(level);
    const bool single = inside.single;
    for (const TensorRole role : {TensorRole::weight, TensorRole::input, TensorRole::output}) {
      const auto r = static_cast<std::size_t>(role);
      if (on_chip_[r] || inside.changed[r]) continue;
      on_chip_[r] = here[r] = true;
      if (r == output) begin_output(level);
      step_.takes[r] = single;
      const GemmExtents tile = tile_at(nest_, role, size_, level);
      visitor_.fetch({role, from_, tile, single, k_first_, k_last_, shape_});
    }
    if (single)
      step();
    else
      loops(level);
    for (const TensorRole role : {TensorRole::output, TensorRole::weight, TensorRole::input}) {
      const auto r = static_cast<std::size_t>(role);
      if (!here[r]) continue;
      on_chip_[r] = step_.takes[r] = false;
      const GemmExtents tile = tile_at(nest_, role, size_, level);
      visitor_.leave({role, from_, tile, single, k_first_, k_last_, shape_});
    }
  }

  /// The same inside of all loops: a step, and the tiles that come for it alone.
  void innermost() {
    std::array<bool, tensor_role_count> here{};
    for (const TensorRole role : {TensorRole::weight, TensorRole::input, TensorRole::output}) {
      const auto r = static_cast<std::size_t>(role);
      if (on_chip_[r]) continue;
      here[r] = step_.takes[r] = true;
      if (r == output) begin_output(nest_.loops.size());
      visitor_.fetch({role, from_, size_, true, k_first_, k_last_, shape_});
    }
    step();
    for (const TensorRole role : {TensorRole::output, TensorRole::weight, TensorRole::input}) {
      const auto r = static_cast<std::size_t>(role);
      if (!here[r]) continue;
      step_.takes[r] = false;
      visitor_.leave({role, from_, size_, true, k_first_, k_last_, shape_});
    }
  }

  /// What the loops from `level` on do with the present tile.
  struct Inside {
    bool single = true;                             ///< all have one iteration
    std::array<bool, tensor_role_count> changed{};  ///< one outside of a role's place changes it
  };
  Inside look_inside(std::size_t level) const {
    Inside inside;
    for (std::size_t i = level; i < nest_.loops.size(); ++i) {
      const auto rank = static_cast<std::size_t>(nest_.loops[i].rank);
      if (nest_.loops[i].tile >= size_[rank]) continue;
      inside.single = false;
      for (std::size_t role = 0; role < tensor_role_count; ++role)
        inside.changed[role] |= i < nest_.kept[role] && depends_[rank][role];
    }
    return inside;
  }

  void begin_output(std::size_t level) {
    inner_last_ = inner_k_last_ = true;
    std::uint64_t steps = 1;
    for (const GemmRank rank : {GemmRank::k, GemmRank::r, GemmRank::s})
      if (size(rank) > 1) steps *= count_steps(nest_, rank, size(rank), level);
    resumed_sums_ = steps - (k_first_ ? 1 : 0);
  }

  void step() {
    step_.shape = shape_;
    step_.m = pixels_of(size_), step_.n = size(GemmRank::n), step_.k = sums_of(size_);
    step_.hands_over = inner_last_;
    step_.complete = inner_last_ && k_last_;
    step_.resumed_sums = inner_k_last_ ? resumed_sums_ : 0;
    visitor_.step(step_);
  }

  /// The loop at `level`, iterations that differ from the others apart.
  void loops(std::size_t level) {
    const GemmLoopNode& node = nest_.loops[level];
    const std::uint64_t around = size(node.rank), begin = from(node.rank);
    const Split tiles = split(around, node.tile);
    if (tiles.count == 1) return body(level + 1);
    const bool sums = product_rank(node.rank) == GemmRank::k;
    const bool first_apart = sums && !on_chip_[output];
    const bool last_apart = tiles.last != tiles.size || sums || on_chip_[output];
    Alike alike = alike_reads(node, tiles);
    alike.begin = std::max<std::uint64_t>(alike.begin, first_apart ? 1 : 0);
    alike.end = std::min(alike.end, tiles.count - (last_apart ? 1 : 0));
    for (std::uint64_t i = 0; i < tiles.count;) {
      const std::uint64_t count = i == alike.begin && i < alike.end ? alike.end - i : 1;
      from(node.rank) = begin + i * tiles.size;
      iterate(level, i, count, tiles.size_of(i + count - 1), tiles.count);
      i += count;
    }
    size(node.rank) = around, from(node.rank) = begin;
  }

  /// Iterations [begin, end).
  struct Alike {
    std::uint64_t begin = 0, end = 0;
  };

  /// Those that read as much of the input, all tiles being whole: if windows are inside of the
  /// tensor.
  Alike alike_reads(const GemmLoopNode& node, const Split& tiles) {
    const bool rows = node.rank == GemmRank::p || node.rank == GemmRank::r;
    if (on_chip_[input] || !task_.window || node.rank < GemmRank::p) return {0, tiles.count};
    const InnerOutputs inner = inner_outputs(rows ? task_.window->rows : task_.window->columns);
    const GemmRank outputs = rows ? GemmRank::p : GemmRank::q;
    const std::uint64_t begin = from(outputs);
    if (node.rank != outputs) {
      const bool inside = begin >= inner.begin && begin + size(outputs) <= inner.end;
      return {0, inside ? tiles.count : 0};
    }
    const auto tiles_to = [&](std::uint64_t output, std::uint64_t round_up) {
      return output > begin ? (output - begin + round_up) / tiles.size : 0;
    };
    return {tiles_to(inner.begin, tiles.size - 1), std::min(tiles_to(inner.end, 0), tiles.count)};
  }

  void iterate(std::size_t level, std::uint64_t first, std::uint64_t count, std::uint64_t tile,
               std::uint64_t all) {
    const bool sums = product_rank(nest_.loops[level].rank) == GemmRank::k;
    const bool is_last = first + count == all && count == 1;
    const std::uint64_t shape = shape_;
    if (tile < nest_.loops[level].tile) shape_ |= std::uint64_t{1} << (level % 64);
    const auto before = std::array{k_first_, k_last_, inner_last_, inner_k_last_};
    if (on_chip_[output]) {
      inner_last_ = inner_last_ && is_last;
      if (sums) inner_k_last_ = inner_k_last_ && is_last;
    } else if (sums) {
      k_first_ = k_first_ && first == 0;
      k_last_ = k_last_ && is_last;
    }
    visitor_.loop(level, first, count, [&] {
      size(nest_.loops[level].rank) = tile;
      body(level + 1);
    });
    shape_ = shape;
    k_first_ = before[0], k_last_ = before[1], inner_last_ = before[2], inner_k_last_ = before[3];
  }

  const GemmTask& task_;
  const GemmNest& nest_;
  /// By rank and role, of the ranks that loops cut.
  std::array<std::array<bool, tensor_role_count>, gemm_ranks> depends_{};
  GemmExtents size_, from_{};
  Visitor& visitor_;
  std::array<bool, tensor_role_count> on_chip_{};
  bool k_first_ = true, k_last_ = true;           ///< of the loops that the outputs lie inside of
  bool inner_last_ = true, inner_k_last_ = true;  ///< of the loops inside of the present output
  std::uint64_t shape_ = 0, resumed_sums_ = 0;
  WalkStep step_;
};

}  // namespace sluice
