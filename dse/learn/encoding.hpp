// SPDX-License-Identifier: Apache-2.0
// Points of a design space as vectors of numbers, for models that learn from them.
#pragma once

#include <Eigen/Core>
#include <span>
#include <vector>

#include "dse/space.hpp"

namespace sluice {

/// The features of a parameter stand together:
///   ordered     its place between 0 and 1 (coordinate())
///   unordered   one feature a value, so that any two values are at distance 1
///   an order    the place of each item, so that exchanging neighbours is a small step
/// and one more for a parameter that does not exist in every point: whether it is absent. All are
/// between 0 and 1.
class Encoding {
 public:
  explicit Encoding(const DesignSpace& space);

  std::size_t features() const { return parameter_.size(); }
  /// The parameter that each feature belongs to, ascending.
  const std::vector<std::size_t>& parameter_of_feature() const { return parameter_; }
  Eigen::VectorXd encode(const Point& point) const;
  /// The least value that a feature has in any point, of those that are `x` or more; `x` where none
  /// is.
  double next_value(std::size_t feature, double x) const;
  /// One column a point.
  Eigen::MatrixXd encode(std::span<const Point> points) const;

 private:
  void encode(const Point& point, Eigen::Ref<Eigen::VectorXd> features) const;

  const DesignSpace& space_;
  std::vector<std::size_t> first_;      ///< feature of each parameter
  std::vector<std::size_t> parameter_;  ///< of each feature
};

}  // namespace sluice
