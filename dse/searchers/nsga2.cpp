// SPDX-License-Identifier: Apache-2.0
// NSGA-II: survivors by rank of domination, within a rank by crowding; what is not feasible comes
// last.
#include "dse/evolution.hpp"

namespace sluice::searchers {

AnySearcher make_nsga2(const SearchProblem& problem, const YamlNode& settings,
                       Diagnostics& diagnostics) {
  return make_evolution(problem, settings, diagnostics, by_rank);
}

SearcherInfo describe_nsga2() {
  return searcher_info<EvolutionSettings>(
      "nsga2", "evolution by rank of domination and crowding, feasible designs first",
      "Deb, Pratap, Agarwal and Meyarivan, IEEE TEC 6(2), 2002");
}

}  // namespace sluice::searchers
