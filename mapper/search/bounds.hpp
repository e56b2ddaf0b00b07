// SPDX-License-Identifier: Apache-2.0
// The least energy that the inner part of a mapping can cost, for every tile that it may start
// from and by how many lanes it uses: what branch and bound compares with the best that is known.
// Internal to this folder.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "mapper/search/space.hpp"

namespace sluice::search {

/// Least energies in pJ by point of the lattice, infinite where nothing fits, in classes by the
/// lanes that are used: class k for all that use at least `from[k]`. What uses fewer than
/// `from[k - 1]` uses at most `top[k]`. Classes descend.
struct LaneTable {
  std::vector<double> from, top;
  std::vector<double> least;  ///< by point and class
  std::vector<double> lanes;  ///< all numbers of lanes that can be used, descending

  std::size_t classes() const { return from.size(); }
  const double* at(std::size_t point) const { return least.data() + point * from.size(); }
};

/// They bound from below what accesses of one block cost: the loops at a level, its fan-out, and
/// all further in. Words that compute takes are counted where the innermost lanes that may share
/// them are chosen.
struct BlockBound {
  using Table = std::shared_ptr<const LaneTable>;
  Table at_keep;   ///< the tile at the level: accesses of all links further in
  Table at_loops;  ///< the tile that its loops leave: of all links that end further in
  Table at_axes;   ///< the same without the links that end at the next level
  Table at_end;    ///< the tile that the next level keeps
  std::vector<double> operands_pj;  ///< by spread: of words that compute takes over this fan-out
  /// By tensor: of words that go on over this fan-out to a level further in than the next, if every
  /// word is served once; 0 where there are none.
  std::array<double, max_nest_tensors> passing_pj{};
  /// The same of those that the next level keeps, too.
  std::array<double, max_nest_tensors> ending_pj{};
};

/// The bounds of one choice of what levels keep. Without divisors (ragged tiles) there are none.
class Bounds {
 public:
  Bounds(const Space& space, const Keeps& keeps, Memo& memo);

  /// Null where there are none.
  const BlockBound* block(std::size_t level) const {
    return blocks_.empty() ? nullptr : blocks_[level].get();
  }
  /// Lanes from each level inwards, at most, whatever the tile.
  const double& most_lanes(std::size_t level) const { return most_lanes_[level]; }
  /// The level over whose fan-out compute takes the words of a tensor; none: the number of levels.
  std::size_t operand_level(std::size_t tensor) const { return operand_level_[tensor]; }

 private:
  std::vector<double> most_lanes_;
  std::array<std::size_t, max_nest_tensors> operand_level_{};
  std::vector<std::shared_ptr<const BlockBound>> blocks_;
};

}  // namespace sluice::search
