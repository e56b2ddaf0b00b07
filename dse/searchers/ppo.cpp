// SPDX-License-Identifier: Apache-2.0
// One agent learns by proximal policy optimisation which designs are good.
#include "dse/policy_search.hpp"

namespace sluice::searchers {

AnySearcher make_ppo(const SearchProblem& problem, const YamlNode& settings,
                     Diagnostics& diagnostics) {
  PolicySettings values;
  read_value(settings, values, {.name = "settings"}, diagnostics);
  return AnySearcher(PolicySearch(problem, values, true));
}

SearcherInfo describe_ppo() {
  return searcher_info<PolicySettings>(
      "ppo", "one agent learns which values to choose, by proximal policy optimisation, one number",
      "Schulman, Wolski, Dhariwal, Radford and Klimov, 2017");
}

}  // namespace sluice::searchers
