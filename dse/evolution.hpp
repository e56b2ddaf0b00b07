// SPDX-License-Identifier: Apache-2.0
// Evolution by selection, crossing and mutation, for searchers that differ in whom they prefer.
#pragma once

#include <string>
#include <vector>

#include "base/describe.hpp"
#include "dse/preference.hpp"
#include "dse/sampling.hpp"
#include "dse/searcher_info.hpp"

namespace sluice {

struct EvolutionSettings {
  std::uint64_t population = 24;
  double crossing = 0.9;  ///< probability that a child has two parents
  double mutation = 0.1;  ///< of each parameter of a child
  std::uint64_t tournament = 4;
};

template <class Visitor>
void describe(Visitor& v, EvolutionSettings& s) {
  v.field("population", s.population, {.doc = "designs that survive", .min = 2, .max = 4096});
  v.field("crossing", s.crossing, {.doc = "probability that a child has two parents", .max = 1});
  v.field("mutation", s.mutation, {.doc = "probability that a parameter changes", .max = 1});
  v.field("tournament", s.tournament,
          {.doc = "designs of which the best becomes a parent", .min = 1, .max = 64});
}

/// A steady state: the survivors of all trials so far, best first, are parents of every ask.
class Evolution {
 public:
  Evolution(const SearchProblem& problem, const EvolutionSettings& settings, Preference preference)
      : space_(problem.space),
        settings_(settings),
        random_(problem.seed),
        survivors_(problem.objectives, settings.population, std::move(preference)) {}

  std::vector<Point> ask(std::size_t count);
  void tell(std::span<const Trial> trials) { survivors_.add(trials); }

 private:
  std::optional<Point> child();
  const Point& parent();

  const DesignSpace& space_;
  EvolutionSettings settings_;
  Random random_;
  Seen seen_;
  Elite survivors_;
};

/// Makes a searcher of this preference; mistakes in its settings go to `diagnostics`.
AnySearcher make_evolution(const SearchProblem& problem, const YamlNode& settings,
                           Diagnostics& diagnostics, Preference preference);

}  // namespace sluice
