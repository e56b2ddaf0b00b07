// SPDX-License-Identifier: Apache-2.0
#include "dse/preference.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "dse/front.hpp"

namespace sluice {
namespace {

std::vector<std::size_t> first_to_last(std::size_t count) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  return order;
}

/// The members of one front, those with the most room around them first.
std::vector<std::size_t> by_crowding(const std::vector<std::size_t>& members,
                                     const std::vector<std::vector<double>>& costs) {
  if (costs[members[0]].empty()) return members;
  std::vector<std::vector<double>> front;
  for (const std::size_t member : members) front.push_back(costs[member]);
  const std::vector<double> crowding = crowding_of(front);
  std::vector<std::size_t> places = first_to_last(members.size());
  std::ranges::stable_sort(places,
                           [&](std::size_t a, std::size_t b) { return crowding[a] > crowding[b]; });
  for (std::size_t& place : places) place = members[place];
  return places;
}

}  // namespace

std::vector<std::size_t> by_cost(std::span<const Objective> objectives,
                                 const std::vector<Trial>& trials) {
  return by_scalar({})(objectives, trials);
}

Preference by_scalar(const Scalarisation& scalarisation) {
  return [scalarisation](std::span<const Objective> objectives, const std::vector<Trial>& trials) {
    const std::vector<double> costs = scalar_costs(objectives, scalarisation, trials);
    std::vector<std::size_t> order = first_to_last(trials.size());
    std::ranges::stable_sort(order,
                             [&](std::size_t a, std::size_t b) { return costs[a] < costs[b]; });
    return order;
  };
}

std::vector<std::size_t> by_rank(std::span<const Objective> objectives,
                                 const std::vector<Trial>& trials) {
  std::vector<std::vector<double>> costs;
  for (const Trial& trial : trials) costs.push_back(costs_of(objectives, trial.result));
  const std::vector<std::size_t> ranks = ranks_of(costs);
  std::map<std::size_t, std::vector<std::size_t>> fronts;
  for (std::size_t i = 0; i < trials.size(); ++i) fronts[ranks[i]].push_back(i);
  std::vector<std::size_t> order;
  for (const auto& [rank, members] : fronts) {
    const std::vector<std::size_t> sorted = by_crowding(members, costs);
    order.insert(order.end(), sorted.begin(), sorted.end());
  }
  return order;
}

std::vector<std::size_t> by_objectives(std::span<const Objective> objectives,
                                       const std::vector<Trial>& trials) {
  return objectives.size() > 1 ? by_rank(objectives, trials) : by_cost(objectives, trials);
}

void Elite::add(std::span<const Trial> trials) {
  trials_.insert(trials_.end(), trials.begin(), trials.end());
  const std::vector<std::size_t> order = preference_(objectives_, trials_);
  std::vector<Trial> kept;
  for (std::size_t i = 0; i < std::min(order.size(), most_); ++i)
    kept.push_back(std::move(trials_[order[i]]));
  trials_ = std::move(kept);
}

std::vector<std::size_t> to_learn_from(std::span<const Objective> objectives,
                                       const std::vector<Trial>& trials, std::size_t most) {
  std::vector<std::size_t> order = first_to_last(trials.size());
  if (order.size() <= most) return order;
  std::vector<double> costs;
  for (const Trial& trial : trials) costs.push_back(scalar_cost(objectives, trial.result));
  const auto best = static_cast<std::ptrdiff_t>(most - most / 2);
  const auto latest = static_cast<std::ptrdiff_t>(trials.size() - most / 2);
  std::stable_sort(order.begin(), order.begin() + latest,
                   [&](std::size_t a, std::size_t b) { return costs[a] < costs[b]; });
  order.erase(order.begin() + best, order.begin() + latest);
  return order;
}

std::vector<double> log_costs(std::span<const Objective> objectives, const Result& result) {
  std::vector<double> costs;
  for (const Objective& objective : objectives) {
    if (objective.metric >= result.metrics.size() ||
        !std::isfinite(result.metrics[objective.metric]))
      return {};
    const double value =
        std::log(std::max(result.metrics[objective.metric], std::numeric_limits<double>::min()));
    costs.push_back(objective.maximize ? -value : value);
  }
  return costs;
}

}  // namespace sluice
