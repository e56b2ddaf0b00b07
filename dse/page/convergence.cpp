// SPDX-License-Identifier: Apache-2.0
#include "dse/page/convergence.hpp"

#include <algorithm>
#include <cmath>

#include "dse/front.hpp"

namespace sluice {
namespace {

using Costs = std::vector<double>;

/// The costs of all trials; empty where one is not ok.
std::vector<Costs> scaled_costs(std::span<const Objective> objectives,
                                std::span<const Trial> trials) {
  std::vector<Costs> costs;
  for (const Trial& trial : trials) costs.push_back(costs_of(objectives, trial.result));
  for (std::size_t o = 0; o < objectives.size(); ++o) {
    const double sign = objectives[o].maximize ? -1 : 1;
    const bool positive = std::all_of(costs.begin(), costs.end(),
                                      [&](const Costs& c) { return c.empty() || sign * c[o] > 0; });
    if (!positive) continue;
    for (Costs& c : costs)
      if (!c.empty()) c[o] = sign * std::log(sign * c[o]);
  }
  return costs;
}

/// The worst of each objective; empty when no trial is ok.
Costs worst_of(const std::vector<Costs>& costs) {
  Costs worst;
  for (const Costs& c : costs) {
    if (worst.empty()) worst = c;
    for (std::size_t o = 0; o < c.size(); ++o) worst[o] = std::max(worst[o], c[o]);
  }
  return worst;
}

/// Adds to costs none of which dominates another.
void add_to_front(std::vector<Costs>& front, const Costs& costs) {
  if (costs.empty()) return;
  for (const Costs& member : front)
    if (member == costs || dominates(member, costs)) return;
  std::erase_if(front, [&](const Costs& member) { return dominates(costs, member); });
  front.push_back(costs);
}

void add_to_best(Costs& best, std::span<const Objective> objectives, const Trial& trial) {
  const Costs costs = costs_of(objectives, trial.result);
  for (std::size_t o = 0; o < costs.size(); ++o) {
    const double value = objectives[o].maximize ? -costs[o] : costs[o];
    const bool better = objectives[o].maximize ? value > best[o] : value < best[o];
    if (std::isnan(best[o]) || better) best[o] = value;
  }
}

}  // namespace

Convergence convergence_of(std::span<const Objective> objectives, std::span<const Trial> trials,
                           std::size_t places) {
  Convergence result;
  result.best.resize(objectives.size());
  const std::vector<Costs> costs = scaled_costs(objectives, trials);
  const Costs reference = worst_of(costs);
  const bool volumes = objectives.size() > 1 && !reference.empty();
  Costs best(objectives.size(), std::nan(""));
  std::vector<Costs> front;
  std::size_t place = 0;
  for (std::size_t t = 0; t < trials.size(); ++t) {
    add_to_best(best, objectives, trials[t]);
    if (volumes) add_to_front(front, costs[t]);
    if (t + 1 != (place + 1) * trials.size() / std::min(places, trials.size())) continue;
    ++place;
    result.evaluations.push_back(t + 1);
    for (std::size_t o = 0; o < best.size(); ++o) result.best[o].push_back(best[o]);
    if (volumes) result.hypervolume.push_back(front.empty() ? 0 : hypervolume(front, reference));
  }
  const double all = volumes ? result.hypervolume.back() : 0;
  for (double& volume : result.hypervolume) volume = all > 0 ? volume / all : 1;
  return result;
}

}  // namespace sluice
