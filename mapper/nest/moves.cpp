// SPDX-License-Identifier: Apache-2.0
#include "mapper/nest/moves.hpp"

#include <algorithm>
#include <set>

#include "mapper/nest/runs.hpp"

namespace sluice {
namespace {

/// What a rank whose tiles all divide does in one view.
struct PerfectRank {
  std::uint64_t times = 1;         ///< steps and separate lanes
  std::uint64_t lanes = 1;         ///< united lanes
  std::array<Stride, 4> spread{};  ///< these, loop by loop
  std::size_t spreads = 0;
  std::uint64_t size = 1;  ///< of the innermost range
  std::int64_t shift = 0;  ///< of its begin, in the transition
  bool moved = false;
};

PerfectRank perfect_rank(const RankChain& chain, const StepView& view) {
  PerfectRank rank;
  std::uint64_t around = chain.extent;
  for (std::uint32_t i = 0; i < chain.size && chain.loops[i].position < view.child; ++i) {
    const RankLoop& loop = chain.loops[i];
    const std::uint64_t count = loop.count;
    around = loop.tile;
    if (loop.spatial) {
      if (is_separate(loop, view)) {
        rank.times *= count;
      } else {
        rank.lanes *= count;
        if (rank.spreads < rank.spread.size()) rank.spread[rank.spreads] = {loop.tile, count};
        ++rank.spreads;
      }
    } else if (is_outer(loop, view)) {
      rank.times *= count;
    } else if (is_step(loop, view)) {
      rank.times *= count - 1;
      rank.moved = true;
      rank.shift += static_cast<std::int64_t>(loop.tile);
    } else if (count > 1) {
      rank.moved = true;
      rank.shift -= static_cast<std::int64_t>((count - 1) * loop.tile);
    }
  }
  rank.size = around;
  return rank;
}

/// A window on all its lanes while the ranks of a dimension are gathered.
struct Window {
  Strides own{}, lanes{};  ///< of the points of one lane, and from lane to lane
  std::size_t own_size = 0, lanes_size = 0;
  std::uint64_t times = 1;
  std::int64_t shift = 0;  ///< of every lane, in the transition

  /// False if the rank's lanes are more than there is room for.
  bool add(const PerfectRank& rank, std::uint64_t coefficient) {
    if (rank.spreads > rank.spread.size() || lanes_size + rank.spreads > 4) return false;
    own[own_size++] = {coefficient, rank.size};
    for (std::size_t i = 0; i < rank.spreads; ++i)
      lanes[lanes_size++] = {coefficient * rank.spread[i].step, rank.spread[i].count};
    times *= rank.times;
    shift += rank.shift * static_cast<std::int64_t>(coefficient);
    return true;
  }
  /// Points of all lanes, each of which has `points`.
  Run united(Run points) const {
    Strides all = lanes;
    all[lanes_size] = {points.step, points.length};
    return run_of(all, lanes_size + 1);
  }
};

/// Ranks of a sliding window whose tiles all divide: every lane moves alike, and ranges meet in
/// closed form. False where the points have gaps.
bool sliding_points(const NestProjection& dimension, const RankChains& chains, const StepView& view,
                    PointSums& sums) {
  if (dimension.size() > 4) return false;
  Window window;
  for (const auto& [rank, coefficient] : dimension)
    if (!chains[rank].perfect || !window.add(perfect_rank(chains[rank], view), coefficient))
      return false;
  const Run run = run_of(window.own, window.own_size);
  if (!run.even) return false;
  const Run all = window.united(run);
  if (!all.even) return false;
  sums.needed = window.times * all.length;
  sums.had = 0;
  if (!view.transition || window.times == 0) return true;
  const std::uint64_t distance =
      static_cast<std::uint64_t>(window.shift < 0 ? -window.shift : window.shift);
  if (distance == 0) {
    sums.had = sums.needed;
  } else if (run.length > 1 && distance % run.step == 0 && distance / run.step < run.length) {
    const Run brought = window.united({true, run.step, distance / run.step});
    if (!brought.even) return false;
    sums.had = window.times * (all.length - brought.length);
  }
  return true;
}

std::uint64_t ragged_steps(const RankChain& chain, const StepView& view, std::uint32_t at,
                           std::uint64_t size) {
  if (at == chain.size || chain.loops[at].position >= view.child) return 1;
  const RankLoop& loop = chain.loops[at];
  const std::uint64_t full = size / loop.tile, rest = size % loop.tile;
  const auto inside = [&](std::uint64_t part) { return ragged_steps(chain, view, at + 1, part); };
  const bool all = loop.spatial ? is_separate(loop, view) : is_outer(loop, view);
  if (!all && !is_step(loop, view)) return inside(std::min(size, loop.tile));
  std::uint64_t sum = rest > 0 ? inside(rest) : 0;
  if (full > 0) sum += full * inside(loop.tile);
  if (is_step(loop, view)) sum -= inside(std::min(size, loop.tile));
  return sum;
}

}  // namespace

PointSums sum_points(const NestProjection& dimension, const RankChains& chains,
                     const StepView& view) {
  PointSums sums;
  if (dimension.size() == 1) {
    const RankChain& chain = chains[dimension.front().rank];
    if (!chain.perfect) return unrolled_points(dimension, chains, view);
    const PerfectRank rank = perfect_rank(chain, view);
    sums.needed = rank.times * rank.lanes * rank.size;
    sums.had = rank.moved || !view.transition ? 0 : sums.needed;
    return sums;
  }
  if (dimension.empty()) return {1, view.transition ? std::uint64_t{1} : 0};
  if (sliding_points(dimension, chains, view, sums)) return sums;
  return unrolled_points(dimension, chains, view);
}

std::uint64_t sum_steps(const RankChain& chain, const StepView& view) {
  if (chain.perfect) return perfect_rank(chain, view).times;
  return ragged_steps(chain, view, 0, chain.extent);
}

std::uint64_t distinct_points(const NestProjection& dimension, const std::uint64_t* counts) {
  Strides strides{};
  if (dimension.size() <= 4) {
    for (std::size_t i = 0; i < dimension.size(); ++i)
      strides[i] = {dimension[i].coefficient, counts[i]};
    if (const Run run = run_of(strides, dimension.size()); run.even) return run.length;
  }
  std::set<std::uint64_t> points = {0};
  for (std::size_t i = 0; i < dimension.size(); ++i) {
    std::set<std::uint64_t> more;
    for (const std::uint64_t point : points)
      for (std::uint64_t j = 0; j < counts[i]; ++j)
        more.insert(point + j * dimension[i].coefficient);
    points = std::move(more);
  }
  return points.size();
}

}  // namespace sluice
