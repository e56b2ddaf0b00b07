// SPDX-License-Identifier: Apache-2.0
// The numbering of all points of a design space, for grids, full enumeration and stratified
// samples.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "dse/space.hpp"

namespace sluice {

/// A bijection between 0 .. count() - 1 and the canonical points, whether they keep the constraints
/// or not. Holds a reference to the space. How many points follow a choice depends only on those
/// parameters that later conditions ask for; building costs as many steps as these have
/// combinations.
class SpaceIndex {
 public:
  explicit SpaceIndex(const DesignSpace& space);

  /// Nothing when there are 2^63 points or more.
  std::optional<std::uint64_t> count() const;
  /// The number of points, rounded to a double.
  double size() const;
  /// `index` below count().
  Point point(std::uint64_t index) const;
  /// `point` must be canonical.
  std::uint64_t index(const Point& point) const;

 private:
  struct Count {
    std::uint64_t exact = 0;  ///< saturated
    double size = 0;
  };
  using Key = std::vector<std::uint64_t>;

  Key key(std::size_t parameter, const Point& prefix) const;
  bool branches(std::size_t parameter) const;
  Count fill(std::size_t parameter, Point& prefix);
  std::uint64_t below(std::size_t parameter, const Point& prefix) const;

  const DesignSpace& space_;
  std::vector<std::vector<std::size_t>>
      asked_;                                 ///< by parameter: earlier ones asked for from there
  std::vector<std::map<Key, Count>> counts_;  ///< by parameter: points that follow
};

}  // namespace sluice
