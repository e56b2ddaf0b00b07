// SPDX-License-Identifier: Apache-2.0
#include "dse/front.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <pagmo/utils/hypervolume.hpp>
#include <pagmo/utils/multi_objective.hpp>

namespace sluice {

std::vector<double> costs_of(std::span<const Objective> objectives, const Result& result) {
  std::vector<double> costs;
  if (result.status != TrialStatus::ok) return costs;
  for (const Objective& objective : objectives) {
    const double value = result.metrics[objective.metric];
    costs.push_back(objective.maximize ? -value : value);
  }
  return costs;
}

double scalar_cost(std::span<const Objective> objectives, const Result& result) {
  return scalar_cost(objectives, Scalarisation{}, result);
}

bool dominates(const std::vector<double>& a, const std::vector<double>& b) {
  bool better = false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] > b[i]) return false;
    better = better || a[i] < b[i];
  }
  return better;
}

std::vector<std::size_t> ranks_of(const std::vector<std::vector<double>>& costs) {
  std::vector<std::vector<double>> feasible;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < costs.size(); ++i) {
    if (costs[i].empty()) continue;
    feasible.push_back(costs[i]);
    places.push_back(i);
  }
  std::vector<std::size_t> ranks(costs.size(), costs.size());
  if (feasible.size() == 1) ranks[places[0]] = 0;
  if (feasible.size() < 2) return ranks;
  const auto fronts = std::get<0>(pagmo::fast_non_dominated_sorting(feasible));
  for (std::size_t rank = 0; rank < fronts.size(); ++rank)
    for (const auto member : fronts[rank]) ranks[places[member]] = rank;
  return ranks;
}

std::vector<double> crowding_of(const std::vector<std::vector<double>>& costs) {
  if (costs.size() < 3)
    return std::vector<double>(costs.size(), std::numeric_limits<double>::infinity());
  if (costs[0].size() < 2) return std::vector<double>(costs.size(), 0);  // equal, or not one front
  return pagmo::crowding_distance(costs);
}

std::vector<std::size_t> front_of(std::span<const Objective> objectives,
                                  std::span<const Trial> trials) {
  std::vector<std::pair<std::vector<double>, std::size_t>> kept;  // none covers another
  for (std::size_t i = 0; i < trials.size(); ++i) {
    std::vector<double> costs = costs_of(objectives, trials[i].result);
    if (costs.empty()) continue;
    const auto covering = std::ranges::find_if(kept, [&](const auto& other) {
      return other.first == costs || dominates(other.first, costs);
    });
    if (covering != kept.end()) {
      std::swap(*covering, kept.front());  // what covers one covers many: it is asked first
      continue;
    }
    std::erase_if(kept, [&](const auto& other) { return dominates(costs, other.first); });
    kept.emplace_back(std::move(costs), i);
  }
  std::ranges::sort(kept);
  std::vector<std::size_t> front;
  for (const auto& [costs, index] : kept) front.push_back(index);
  return front;
}

double hypervolume(const std::vector<std::vector<double>>& costs,
                   const std::vector<double>& reference) {
  std::vector<std::vector<double>> inside;
  for (const std::vector<double>& point : costs) {
    bool below = point.size() == reference.size();
    for (std::size_t i = 0; below && i < point.size(); ++i) below = point[i] < reference[i];
    if (below) inside.push_back(point);
  }
  if (inside.empty()) return 0;
  if (reference.size() == 1) return reference[0] - std::ranges::min(inside)[0];
  return pagmo::hypervolume(inside, true).compute(reference);
}

}  // namespace sluice
