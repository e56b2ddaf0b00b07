// SPDX-License-Identifier: Apache-2.0
// One walk through the loops of a mapped matrix product, for all who count, time or build it. It
// says in program order which tiles come, are used and go; a loop is one call however often it
// runs. Internal to what knows the systolic machine.
//
// A tile is fetched in the body of the innermost loop that changes it among those outside of its
// place. A loop of one iteration changes nothing, so that what is fetched where depends on how
// large the tile around is: the last iteration of a loop is a case of its own where it is smaller,
// where the sums of a tile are complete, and so is the first where sums begin.
#pragma once

#include <array>
#include <cstdint>

#include "mapper/gemm_nest.hpp"

namespace sluice {

/// A tile of a tensor that is fetched, or of the output, as it comes on chip and goes.
struct WalkTile {
  TensorRole role = TensorRole::input;
  const GemmExtents& extents;  ///< of the tile, by rank; while the visitor looks at it
  bool single_step = false;    ///< one step uses it
  bool first = true;           ///< of an output: its sums begin; else partial sums are brought back
  bool last = true;            ///< of an output: its sums are complete; else they go to memory
  std::uint64_t shape = 0;     ///< see GemmWalk
};

/// One tile step of the array.
struct WalkStep {
  std::uint64_t m = 1, n = 1, k = 1;
  std::uint64_t shape = 0;  ///< see GemmWalk
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
      : nest_(nest), size_(extents_of(task)), visitor_(visitor) {
    for (std::size_t rank = 0; rank < gemm_ranks; ++rank)
      for (std::size_t role = 0; role < tensor_role_count; ++role)
        depends_[rank][role] = depends_on(task, TensorRole(role), GemmRank(rank));
  }

  void run() { body(0); }

 private:
  static constexpr std::size_t output = static_cast<std::size_t>(TensorRole::output);
  std::uint64_t& size(GemmRank rank) { return size_[static_cast<std::size_t>(rank)]; }

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
      visitor_.fetch({role, tile, single, k_first_, k_last_, shape_});
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
      visitor_.leave({role, tile, single, k_first_, k_last_, shape_});
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
      visitor_.fetch({role, size_, true, k_first_, k_last_, shape_});
    }
    step();
    for (const TensorRole role : {TensorRole::output, TensorRole::weight, TensorRole::input}) {
      const auto r = static_cast<std::size_t>(role);
      if (!here[r]) continue;
      step_.takes[r] = false;
      visitor_.leave({role, size_, true, k_first_, k_last_, shape_});
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
    const std::uint64_t steps = count_steps(nest_, GemmRank::k, size(GemmRank::k), level);
    resumed_sums_ = steps - (k_first_ ? 1 : 0);
  }

  void step() {
    step_.shape = shape_;
    step_.m = size(GemmRank::m), step_.n = size(GemmRank::n), step_.k = size(GemmRank::k);
    step_.hands_over = inner_last_;
    step_.complete = inner_last_ && k_last_;
    step_.resumed_sums = inner_k_last_ ? resumed_sums_ : 0;
    visitor_.step(step_);
  }

  /// The loop at `level`, its first and last iterations apart where they differ.
  void loops(std::size_t level) {
    const GemmLoopNode& node = nest_.loops[level];
    const std::uint64_t around = size(node.rank);
    const Split tiles = split(around, node.tile);
    const bool sums = node.rank == GemmRank::k;
    if (tiles.count == 1) return body(level + 1);
    const bool first_apart = sums && !on_chip_[output];
    const bool last_apart = tiles.last != tiles.size || sums || on_chip_[output];
    const std::uint64_t begin = first_apart ? 1 : 0, end = tiles.count - (last_apart ? 1 : 0);
    if (first_apart) iterate(level, 0, 1, tiles.size, tiles.count);
    if (begin < end) iterate(level, begin, end - begin, tiles.size, tiles.count);
    if (last_apart) iterate(level, tiles.count - 1, 1, tiles.last, tiles.count);
    size(node.rank) = around;
  }

  void iterate(std::size_t level, std::uint64_t first, std::uint64_t count, std::uint64_t tile,
               std::uint64_t all) {
    const bool sums = nest_.loops[level].rank == GemmRank::k;
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

  const GemmNest& nest_;
  /// By rank and role.
  std::array<std::array<bool, tensor_role_count>, gemm_ranks> depends_{};
  GemmExtents size_;
  Visitor& visitor_;
  std::array<bool, tensor_role_count> on_chip_{};
  bool k_first_ = true, k_last_ = true;           ///< of the loops that the outputs lie inside of
  bool inner_last_ = true, inner_k_last_ = true;  ///< of the loops inside of the present output
  std::uint64_t shape_ = 0, resumed_sums_ = 0;
  WalkStep step_;
};

}  // namespace sluice
