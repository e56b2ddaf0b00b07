// SPDX-License-Identifier: Apache-2.0
#include "dse/evolution.hpp"

#include <algorithm>

namespace sluice {

/// The first population is drawn at random.
std::vector<Point> Evolution::ask(std::size_t count) {
  return distinct(space_, count, seen_, random_, [&] {
    return survivors_.trials().size() < settings_.population ? random_point(space_, random_)
                                                             : child();
  });
}

const Point& Evolution::parent() {
  const std::vector<Trial>& survivors = survivors_.trials();
  std::uint64_t best = survivors.size();
  for (std::uint64_t i = 0; i < settings_.tournament; ++i)
    best = std::min(best, random_.below(survivors.size()));
  return survivors[best].point;
}

std::optional<Point> Evolution::child() {
  const Point& first = parent();
  if (!random_.chance(settings_.crossing))
    return mutated(space_, first, settings_.mutation, random_);
  const Point mixed = crossed(space_, first, parent(), random_);
  return perturbed(space_, mixed, settings_.mutation, random_);
}

AnySearcher make_evolution(const SearchProblem& problem, const YamlNode& settings,
                           Diagnostics& diagnostics, Preference preference) {
  EvolutionSettings values;
  read_value(settings, values, {.name = "settings"}, diagnostics);
  return AnySearcher(Evolution(problem, values, std::move(preference)));
}

}  // namespace sluice
