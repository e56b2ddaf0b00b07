// SPDX-License-Identifier: Apache-2.0
// A genetic algorithm on one number; of several objectives their product counts.
#include "dse/evolution.hpp"

namespace sluice::searchers {

AnySearcher make_genetic(const SearchProblem& problem, const YamlNode& settings,
                         Diagnostics& diagnostics) {
  return make_evolution(problem, settings, diagnostics, by_scalar(problem.scalarisation));
}

SearcherInfo describe_genetic() {
  return searcher_info<EvolutionSettings>(
      "genetic", "parents by tournament, uniform crossing, neighbours as mutations, one number",
      "Goldberg, Genetic algorithms, 1989; steady state as in Whitley, ICGA 1989");
}

}  // namespace sluice::searchers
