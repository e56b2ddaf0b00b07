// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "mapper/nest/fields.hpp"
#include "mapper/nest/map_table.hpp"
#include "sim/mapped/mapped.hpp"

namespace sluice {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const CascadeMapping& mapping, const Hierarchy& hierarchy, const CascadeCost& cost,
             std::size_t index) {
  const MappedEinsum& einsum = mapping.einsums[index];
  const EinsumCost& result = cost.einsums[index];
  Json accesses = Json::array();
  for (std::size_t l = 0; l < hierarchy.levels.size(); ++l)
    for (std::size_t t = 0; t < einsum.problem.tensors.size(); ++t) {
      const AccessCount& count = result.counts.at[l][t];
      if (count.kept)
        accesses.push_back({{"level", hierarchy.levels[l].name},
                            {"tensor", einsum.problem.tensors[t].name},
                            {"tile", count.tile},
                            {"instances", count.instances},
                            {"reads", count.reads},
                            {"fills", count.fills},
                            {"updates", count.updates},
                            {"energy_pj", result.cost.energy_pj[l][t]}});
    }
  return {{"name", einsum.problem.name},
          {"unit", einsum.unit.empty() ? hierarchy.compute.name : einsum.unit},
          {"operations", result.counts.operations},
          {"steps", result.counts.steps},
          {"cycles", result.cost.cycles},
          {"energy_pj", result.cost.total_pj},
          {"accesses", accesses}};
}

}  // namespace

std::string to_json(const MapFile& file, const CascadeCost& cost) {
  const CascadeMapping& mapping = *file.mapping;
  Json levels = Json::array(), einsums = Json::array();
  for (const LevelCost& level : level_costs(mapping, file.hierarchy, cost))
    levels.push_back({{"name", level.name},
                      {"cycles", level.cycles},
                      {"bounds_cycles", level.bounds},
                      {"energy_pj", level.energy_pj},
                      {"peak_bits", level.peak_bits},
                      {"capacity_bits", level.capacity_bits}});
  for (std::size_t i = 0; i < mapping.einsums.size(); ++i)
    einsums.push_back(json_of(mapping, file.hierarchy, cost, i));
  const Json json = {{"name", file.name},
                     {"convention", name_of(file.convention)},
                     {"mapping", to_text(mapping, file.hierarchy)},
                     {"cycles", cost.cycles},
                     {"latency", cost.latency},
                     {"energy_pj", cost.total_pj},
                     {"utilization", utilization_of(mapping, file.hierarchy, cost)},
                     {"why", why(mapping, file.hierarchy, cost)},
                     {"levels", levels},
                     {"einsums", einsums}};
  return json.dump(2) + "\n";
}

}  // namespace sluice
