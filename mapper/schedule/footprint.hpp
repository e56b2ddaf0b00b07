// SPDX-License-Identifier: Apache-2.0
// How many elements of a tensor the points of a tile touch. Not for users of the room; see
// tiles.hpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "workloads/cascade/cascade.hpp"

namespace sluice {

/// `count` coordinates that follow each other, of ranks together; the last rank runs fastest.
struct RankRun {
  std::vector<std::string> ranks;
  std::uint64_t count = 1;
};

/// Elements of a tensor of `sizes` that `access` touches when ranks of `runs` go through their runs
/// and all others through all their coordinates. Exact where the runs begin at a coordinate at
/// which the faster ranks are 0, and indices are single ranks or windows that leave no element out;
/// otherwise of the box around them.
std::uint64_t footprint(const Cascade& cascade, const TensorAccess& access,
                        const std::vector<TensorDimension>& sizes,
                        const std::vector<RankRun>& runs);

}  // namespace sluice
