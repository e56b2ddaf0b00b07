// SPDX-License-Identifier: Apache-2.0
// The registry's entry for mappings that the run file gives: the nests of single tasks, which are
// put in after this (sim/fixed_mapping); all other tasks are mapped as `heuristic` maps them.
#include "base/registry.hpp"
#include "mapper/mappers.hpp"

namespace sluice::mappers {

std::variant<Mapping, Infeasible> map_heuristic(const Network&, const Architecture&,
                                                const MappingOptions&);

std::variant<Mapping, Infeasible> map_fixed(const Network& network,
                                            const Architecture& architecture,
                                            const MappingOptions& options) {
  // Products that nests can name are those of attention in three tasks.
  MappingOptions asked = options;
  if (asked.attention == AttentionForm::automatic) asked.attention = AttentionForm::unfused;
  return map_heuristic(network, architecture, asked);
}

Descriptor describe_map_fixed() {
  return {"fixed",
          "the loop nests that mapping.nests gives for single tasks; the others as heuristic",
          "",
          {}};
}

}  // namespace sluice::mappers
