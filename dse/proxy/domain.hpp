// SPDX-License-Identifier: Apache-2.0
// Where a proxy may answer: among designs like those that it learned from.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "dse/space.hpp"

namespace sluice {

/// The values of one parameter that were seen.
struct SeenValues {
  bool absent = false;                ///< designs without the parameter
  std::uint64_t first = 1, last = 0;  ///< of ordered ones; none when first > last
  std::vector<std::uint64_t> each;    ///< of unordered ones, ascending; empty for orders of items
  bool operator==(const SeenValues&) const = default;
};

/// The independent variable hull (R. Cook, Influential observations in linear regression, JASA 74,
/// 1979): the smallest level set of (x - c)' S^-1 (x - c) that holds everything seen, with c and S
/// the mean and the scatter of the features.
struct ProxyDomain {
  std::vector<SeenValues> seen;  ///< one a parameter
  Eigen::VectorXd centre;
  Eigen::MatrixXd inverse;  ///< S^-1
  double farthest = 0;      ///< the level

  /// `x`: the features of the points (learn/encoding.hpp), a column each. At least one point.
  static ProxyDomain of(const DesignSpace& space, std::span<const Point> points,
                        const Eigen::MatrixXd& x);

  /// Why the point lies outside, or "".
  std::string refusal(const DesignSpace& space, const Point& point,
                      const Eigen::Ref<const Eigen::VectorXd>& x) const;

 private:
  double distance(const Eigen::Ref<const Eigen::VectorXd>& x) const;
};

}  // namespace sluice
