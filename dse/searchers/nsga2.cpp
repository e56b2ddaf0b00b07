// SPDX-License-Identifier: Apache-2.0
// NSGA-II: survivors by rank of domination, within a rank by crowding; what is not feasible comes
// last.
#include <algorithm>
#include <map>
#include <numeric>

#include "base/parameters.hpp"
#include "base/read.hpp"
#include "dse/evolution.hpp"
#include "dse/front.hpp"

namespace sluice::searchers {
namespace {

std::vector<std::size_t> by_rank(std::span<const Objective> objectives,
                                 const std::vector<Trial>& trials) {
  std::vector<std::vector<double>> costs;
  for (const Trial& trial : trials) costs.push_back(costs_of(objectives, trial.result));
  const std::vector<std::size_t> ranks = ranks_of(costs);
  std::map<std::size_t, std::vector<std::size_t>> fronts;
  for (std::size_t i = 0; i < trials.size(); ++i) fronts[ranks[i]].push_back(i);
  std::vector<std::size_t> order;
  for (auto& [rank, members] : fronts) {
    std::vector<double> crowding(members.size(), 0);
    if (!costs[members[0]].empty()) {
      std::vector<std::vector<double>> front;
      for (const std::size_t member : members) front.push_back(costs[member]);
      crowding = crowding_of(front);
    }
    std::vector<std::size_t> places(members.size());
    std::iota(places.begin(), places.end(), 0);
    std::ranges::stable_sort(
        places, [&](std::size_t a, std::size_t b) { return crowding[a] > crowding[b]; });
    for (const std::size_t place : places) order.push_back(members[place]);
  }
  return order;
}

}  // namespace

AnySearcher make_nsga2(const SearchProblem& problem, const YamlNode& settings,
                       Diagnostics& diagnostics) {
  EvolutionSettings values;
  read_value(settings, values, {.name = "settings"}, diagnostics);
  const auto objectives = problem.objectives;
  return AnySearcher(Evolution(problem, values, [objectives](const std::vector<Trial>& trials) {
    return by_rank(objectives, trials);
  }));
}

Descriptor describe_nsga2() {
  return {"nsga2", "evolution by rank of domination and crowding, feasible designs first",
          "Deb, Pratap, Agarwal and Meyarivan, IEEE TEC 6(2), 2002",
          parameters_of(EvolutionSettings{})};
}

}  // namespace sluice::searchers
