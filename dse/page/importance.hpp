// SPDX-License-Identifier: Apache-2.0
// Which parameters decide a metric, among the designs that were tried.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "dse/space.hpp"

namespace sluice {

struct Importance {
  std::size_t designs = 0;  ///< that it was learned from
  /// Share of the variance of designs that a forest has not seen which it explains; below 0 when it
  /// knows less than their mean.
  double explained = 0;
  /// By parameter: the share of the variance that it has a part in, alone or with others (the total
  /// effect of T. Homma and A. Saltelli, Reliability Engineering and System Safety 52, 1996).
  /// Shares of parameters that act together add up to more than one.
  std::vector<double> effect;
};

/// By exchanging a parameter's values between designs (L. Breiman, Random forests, Machine Learning
/// 45, 2001, section 10), each fifth of which extremely randomised trees predict from the others:
/// where parameters are independent, the squared error rises by twice the total effect. Of values
/// that are all positive their logarithms are learned; of more than 1500 designs an even sample.
/// Nothing when there are fewer than 40 designs, or they are all alike.
std::optional<Importance> importance_of(const DesignSpace& space, std::span<const Point> points,
                                        std::span<const double> values, std::uint64_t seed);

}  // namespace sluice
