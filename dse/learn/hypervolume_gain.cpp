// SPDX-License-Identifier: Apache-2.0
#include "dse/learn/hypervolume_gain.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "base/sorted_set.hpp"

namespace sluice {

double expected_improvement(const Prediction& y, double best) {
  if (!(y.deviation > 0)) return std::max(0.0, best - y.mean);
  const double u = (best - y.mean) / y.deviation;
  const double density = std::exp(-0.5 * u * u) / std::sqrt(2 * std::numbers::pi);
  const double below = 0.5 * std::erfc(-u / std::numbers::sqrt2);
  return y.deviation * (u * below + density);
}

HypervolumeGain::HypervolumeGain(std::vector<std::vector<double>> front,
                                 std::vector<double> reference)
    : reference_(std::move(reference)) {
  std::vector<Side> sides(reference_.size());
  cut(front, reference_.size(), sides);
}

/// Slices along the last of `objectives`: between two of the front's values, those points count
/// that begin below, and the slice is cut by the objectives before it.
void HypervolumeGain::cut(const std::vector<std::vector<double>>& front, std::size_t objectives,
                          std::vector<Side>& sides) {
  const std::size_t last = objectives - 1;
  if (last == 0) {
    double best = reference_[0];
    for (const std::vector<double>& costs : front) best = std::min(best, costs[0]);
    sides[0] = {-std::numeric_limits<double>::infinity(), best};
    boxes_.push_back(sides);
    return;
  }
  std::vector<double> edges;
  for (const std::vector<double>& costs : front)
    if (costs[last] < reference_[last]) edges.push_back(costs[last]);
  edges.push_back(reference_[last]);
  sort_unique(edges);
  double low = -std::numeric_limits<double>::infinity();
  for (const double high : edges) {
    std::vector<std::vector<double>> below;
    for (const std::vector<double>& costs : front)
      if (costs[last] <= low) below.push_back(costs);
    sides[last] = {low, high};
    cut(below, last, sides);
    low = high;
  }
}

/// Of the last cost, a slice begins where the one before ended.
double HypervolumeGain::operator()(std::span<const Prediction> costs) const {
  const auto improvement = [&](std::size_t j, double edge) {
    return std::isinf(edge) ? 0 : expected_improvement(costs[j], edge);
  };
  const std::size_t last = reference_.size() - 1;
  double sum = 0, edge = -std::numeric_limits<double>::infinity(), at_edge = 0;
  for (const std::vector<Side>& box : boxes_) {
    double volume = 1;
    for (std::size_t j = 0; j < last && volume > 0; ++j)
      volume *= improvement(j, box[j].high) - improvement(j, box[j].low);
    if (volume > 0) {
      const double below = box[last].low == edge ? at_edge : improvement(last, box[last].low);
      edge = box[last].high;
      at_edge = improvement(last, edge);
      volume *= at_edge - below;
    }
    sum += volume;
  }
  return sum;
}

}  // namespace sluice
