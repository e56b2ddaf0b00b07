// SPDX-License-Identifier: Apache-2.0
// The least energy that the inner part of a mapping can cost, for every tile that it may start
// from: what branch and bound compares with the best that is known. Internal to this folder.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "mapper/search/space.hpp"

namespace sluice::search {

/// Least energies in pJ by point of the lattice, infinite where nothing fits. They bound from below
/// what accesses of one block cost: the loops at a level, its fan-out, and all further in.
struct BlockBound {
  std::vector<double> at_keep;  ///< the tile at the level: accesses of all links further in
  /// `at_axis[a]`: the tile before axis a of the fan-out is spread, the link over the block not
  /// counted; the last entry is the tile that the next level keeps.
  std::vector<std::vector<double>> at_axis;
  /// In the same places, the most lanes of this fan-out and all further in; 0 where nothing fits.
  std::vector<double> lanes_at_keep;
  std::vector<std::vector<double>> lanes_at_axis;
};

/// The bounds of one choice of what levels keep. Without divisors (ragged tiles) there are none.
class Bounds {
 public:
  using Memo = std::map<std::vector<std::uint32_t>, std::shared_ptr<const BlockBound>>;

  /// `memo` outlives calls for other choices, which have parts in common.
  Bounds(const Space& space, const Keeps& keeps, Memo& memo);

  double at_keep(std::size_t level, std::size_t point) const {
    return blocks_.empty() ? 0 : blocks_[level]->at_keep[point];
  }
  double at_axis(std::size_t level, std::size_t axis, std::size_t point) const {
    return blocks_.empty() ? 0 : blocks_[level]->at_axis[axis][point];
  }
  double lanes_at_keep(std::size_t level, std::size_t point) const {
    return blocks_.empty() ? most_lanes_[level] : blocks_[level]->lanes_at_keep[point];
  }
  double lanes_at_axis(std::size_t level, std::size_t axis, std::size_t point) const {
    return blocks_.empty() ? most_lanes_[level] : blocks_[level]->lanes_at_axis[axis][point];
  }

 private:
  std::vector<double> most_lanes_;  ///< from each level inwards, whatever the tile
  std::vector<std::shared_ptr<const BlockBound>> blocks_;
};

}  // namespace sluice::search
