// SPDX-License-Identifier: Apache-2.0
// A genetic algorithm on one number; of several objectives their product counts.
#include <algorithm>
#include <numeric>

#include "base/parameters.hpp"
#include "base/read.hpp"
#include "dse/evolution.hpp"
#include "dse/front.hpp"

namespace sluice::searchers {
namespace {

/// By cost; equal ones by age, so that the order follows from the trials alone.
std::vector<std::size_t> by_cost(std::span<const Objective> objectives,
                                 const std::vector<Trial>& trials) {
  std::vector<double> costs;
  for (const Trial& trial : trials) costs.push_back(scalar_cost(objectives, trial.result));
  std::vector<std::size_t> order(trials.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order,
                           [&](std::size_t a, std::size_t b) { return costs[a] < costs[b]; });
  return order;
}

}  // namespace

AnySearcher make_genetic(const SearchProblem& problem, const YamlNode& settings,
                         Diagnostics& diagnostics) {
  EvolutionSettings values;
  read_value(settings, values, {.name = "settings"}, diagnostics);
  const auto objectives = problem.objectives;
  return AnySearcher(Evolution(problem, values, [objectives](const std::vector<Trial>& trials) {
    return by_cost(objectives, trials);
  }));
}

Descriptor describe_genetic() {
  return {"genetic", "parents by tournament, uniform crossing, neighbours as mutations, one number",
          "Goldberg, Genetic algorithms, 1989; steady state as in Whitley, ICGA 1989",
          parameters_of(EvolutionSettings{})};
}

}  // namespace sluice::searchers
