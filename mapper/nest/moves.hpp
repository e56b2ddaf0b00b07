// SPDX-License-Identifier: Apache-2.0
// How many points of one dimension of a tensor a set of lanes needs, and how many of them they have
// already, summed over the steps of a nest. Internal to this folder; exact with ragged tiles.
#pragma once

#include <array>
#include <cstdint>

#include "mapper/nest/nest.hpp"

namespace sluice {

/// One loop over a rank, in time or space, at its position in the nest.
struct RankLoop {
  std::uint64_t tile;
  std::uint64_t count;  ///< iterations in a whole tile of the loop around it
  std::uint32_t position;
  bool spatial;
};

/// The loops over one rank, outer to inner.
struct RankChain {
  std::uint64_t extent = 1;
  std::uint32_t size = 0;
  bool perfect = true;             ///< every tile divides the one around it
  std::array<RankLoop, 24> loops;  ///< the first `size`; the others are never read
};
using RankChains = std::array<RankChain, max_nest_ranks>;

RankChains chains_of(const Nest& nest, const Problem& problem);

/// Which steps are asked for. Loops in time at positions below `cut` run freely; with `transition`,
/// the loop at `cut` steps from one iteration to the next; what lies further in starts at its first
/// iteration, and before the transition stood at its last. Only loops above `child` count. Lanes of
/// spatial loops in `separate` (bit: position) are summed, those of others are united.
struct StepView {
  std::uint32_t child = 0;
  std::uint32_t cut = 0;
  bool transition = false;
  std::uint64_t separate = 0;
  /// Positions (bits) of the keeps above `child` that an idle lane's content needs: it is lost when
  /// they move on without the lane. None for what is only read.
  std::uint64_t anchors = 0;
};

/// What a loop does in a view.
inline bool is_outer(const RankLoop& loop, const StepView& view) {
  return !loop.spatial && loop.position < view.cut;
}
inline bool is_step(const RankLoop& loop, const StepView& view) {
  return !loop.spatial && view.transition && loop.position == view.cut;
}
inline bool is_separate(const RankLoop& loop, const StepView& view) {
  return (view.separate >> loop.position & 1) != 0;
}

/// Points summed over the steps: all that are needed, and those that were there before.
struct PointSums {
  std::uint64_t needed = 0;
  std::uint64_t had = 0;
};

PointSums sum_points(const NestProjection& dimension, const RankChains& chains,
                     const StepView& view);

/// The same lane by lane, for ragged ranks and points with gaps.
PointSums unrolled_points(const NestProjection& dimension, const RankChains& chains,
                          const StepView& view);

/// Steps (times separate lanes) of a rank that the tensor does not depend on.
std::uint64_t sum_steps(const RankChain& chain, const StepView& view);

/// Distinct values of a sum of terms that each run over `counts` values.
std::uint64_t distinct_points(const NestProjection& dimension, const std::uint64_t* counts);

/// Words of the tile of `tensor` that the loops at `position` and further in cover.
std::uint64_t tile_words(const NestTensor& tensor, const RankChains& chains,
                         std::uint32_t position);

}  // namespace sluice
