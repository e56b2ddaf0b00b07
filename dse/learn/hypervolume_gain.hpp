// SPDX-License-Identifier: Apache-2.0
// How much an uncertain candidate is expected to improve on what was found.
#pragma once

#include <span>
#include <vector>

namespace sluice {

/// A normal distribution.
struct Prediction {
  double mean = 0;
  double deviation = 1;
};

/// E[max(0, best - y)] of a value y that is to be small (J. Mockus, 1975; D. Jones, M. Schonlau and
/// W. Welch, 1998, equation 15).
double expected_improvement(const Prediction& y, double best);

/// The volume that independent costs are expected to add to what a front dominates below a
/// reference (expected hypervolume improvement; M. Emmerich, K. Giannakoglou and B. Naujoks, IEEE
/// TEC 10(4), 2006). The region that the front leaves is cut into boxes; of each box a cost y
/// dominates the product of (u_j - max(l_j, y_j))+, whose expectation is a product of differences
/// of expected improvements. For any number of objectives; boxes are at most front^(objectives -
/// 1).
class HypervolumeGain {
 public:
  /// `front`: costs, dominated ones among them allowed; those beyond the reference count as far as
  /// they reach below it.
  HypervolumeGain(std::vector<std::vector<double>> front, std::vector<double> reference);

  double operator()(std::span<const Prediction> costs) const;
  std::size_t boxes() const { return boxes_.size(); }

 private:
  struct Side {
    double low, high;  ///< low may be minus infinity
  };
  void cut(const std::vector<std::vector<double>>& front, std::size_t objectives,
           std::vector<Side>& sides);

  std::vector<double> reference_;
  std::vector<std::vector<Side>> boxes_;
};

}  // namespace sluice
