// SPDX-License-Identifier: Apache-2.0
#include "dse/scalarisation.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "dse/front.hpp"
#include "dse/preference.hpp"

namespace sluice {
namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

/// Beyond what a point has in common with the front, in logarithms.
double gain(const std::vector<std::vector<double>>& front, const std::vector<double>& point,
            const std::vector<double>& reference) {
  std::vector<std::vector<double>> with = front;
  with.push_back(point);
  return hypervolume(with, reference) - hypervolume(front, reference);
}

/// The targets as logarithms of costs.
std::vector<double> reference_of(std::span<const Objective> objectives,
                                 const Scalarisation& scalarisation) {
  std::vector<double> reference;
  for (std::size_t i = 0; i < objectives.size(); ++i)
    reference.push_back((objectives[i].maximize ? -1 : 1) * std::log(scalarisation.targets[i]));
  return reference;
}

double product_cost(std::span<const Objective> objectives, const Scalarisation& scalarisation,
                    const std::vector<double>& costs) {
  if (costs.size() == 1) return costs[0];
  double sum = 0;
  for (std::size_t i = 0; i < costs.size(); ++i) {
    const double sign = objectives[i].maximize ? -1 : 1;
    sum += weight_of(scalarisation, i) * sign *
           std::log(std::max(sign * costs[i], std::numeric_limits<double>::min()));
  }
  return sum;
}

}  // namespace

double scalar_cost(std::span<const Objective> objectives, const Scalarisation& scalarisation,
                   const Result& result) {
  const std::vector<double> costs = costs_of(objectives, result);
  if (costs.empty()) return infinite;
  const auto weight = [&](std::size_t i) { return weight_of(scalarisation, i); };
  /// By which share of its target an objective is worse.
  const auto miss = [&](std::size_t i) {
    const double target = scalarisation.targets[i];
    return (costs[i] - (objectives[i].maximize ? -target : target)) / target;
  };
  double sum = 0, largest = -infinite;
  switch (scalarisation.kind) {
    case ScalarKind::product:
      return product_cost(objectives, scalarisation, costs);
    case ScalarKind::weighted:
      for (std::size_t i = 0; i < costs.size(); ++i) sum += weight(i) * costs[i];
      return sum;
    case ScalarKind::target:
      for (std::size_t i = 0; i < costs.size(); ++i) sum += weight(i) * std::max(0.0, miss(i));
      return sum;
    case ScalarKind::chebyshev:
      for (std::size_t i = 0; i < costs.size(); ++i)
        largest = std::max(largest, weight(i) * miss(i));
      return largest;
    case ScalarKind::hypervolume_gain:
      return -gain({}, log_costs(objectives, result), reference_of(objectives, scalarisation));
  }
  return infinite;
}

double dominated_volume(std::span<const Objective> objectives, const Scalarisation& scalarisation,
                        const std::vector<std::vector<double>>& points) {
  return hypervolume(points, reference_of(objectives, scalarisation));
}

double Scalariser::tell(const Result& result) {
  const double alone = scalar_cost(objectives_, scalarisation_, result);
  if (scalarisation_.kind != ScalarKind::hypervolume_gain || !std::isfinite(alone)) return alone;
  const std::vector<double> point = log_costs(objectives_, result);
  const double more = gain(front_, point, reference_of(objectives_, scalarisation_));
  if (more > 0) {
    std::erase_if(front_,
                  [&](const std::vector<double>& other) { return dominates(point, other); });
    front_.push_back(point);
  }
  return -more;
}

std::vector<double> scalar_costs(std::span<const Objective> objectives,
                                 const Scalarisation& scalarisation,
                                 std::span<const Trial> trials) {
  std::vector<double> costs;
  for (const Trial& trial : trials)
    costs.push_back(scalar_cost(objectives, scalarisation, trial.result));
  if (scalarisation.kind != ScalarKind::hypervolume_gain) return costs;
  const std::vector<double> reference = reference_of(objectives, scalarisation);
  std::vector<std::vector<double>> points;
  for (const Trial& trial : trials)
    points.push_back(trial.result.status == TrialStatus::ok ? log_costs(objectives, trial.result)
                                                            : std::vector<double>{});
  const double all = hypervolume(points, reference);
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (points[i].empty()) continue;
    const std::vector<double> point = std::exchange(points[i], {});
    costs[i] = hypervolume(points, reference) - all;
    points[i] = point;
  }
  return costs;
}

}  // namespace sluice
