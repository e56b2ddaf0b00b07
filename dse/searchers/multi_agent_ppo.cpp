// SPDX-License-Identifier: Apache-2.0
// An agent for each group of parameters, all with the same reward.
#include "dse/policy_search.hpp"

namespace sluice::searchers {

AnySearcher make_multi_agent_ppo(const SearchProblem& problem, const YamlNode& settings,
                                 Diagnostics& diagnostics) {
  PolicySettings values;
  read_value(settings, values, {.name = "settings"}, diagnostics);
  return AnySearcher(PolicySearch(problem, values, false));
}

SearcherInfo describe_multi_agent_ppo() {
  return searcher_info<PolicySettings>(
      "multi_agent_ppo", "an agent for each group of parameters, with the same reward, one number",
      "Krishnan and others, Multi-agent reinforcement learning for microprocessor design space "
      "exploration, 2022 (arXiv 2211.16385); Schulman and others, 2017");
}

}  // namespace sluice::searchers
