// SPDX-License-Identifier: Apache-2.0
#include "mapper/search/map_file.hpp"

#include <algorithm>

namespace sluice {
namespace {

/// The unit of each Einsum: that of the mapping in the file, if it binds them.
std::vector<std::string> units_of(const MapFile& file, const std::vector<Problem>& problems) {
  std::vector<std::string> units;
  for (const Problem& problem : problems) {
    units.emplace_back();
    if (!file.mapping) continue;
    for (const MappedEinsum& einsum : file.mapping->einsums)
      if (einsum.problem.name == problem.name) units.back() = einsum.unit;
  }
  return units;
}

}  // namespace

CascadeSearchResult search_map_file(const MapFile& file, CascadeSearchOptions options) {
  std::vector<Problem> problems;
  for (const EinsumProblem& einsum : problems_of(file).problems) problems.push_back(einsum.problem);
  options.search.convention = file.convention;
  options.units = units_of(file, problems);
  return search_cascade(problems, file.hierarchy, options);
}

const FoundCascade& shown(const CascadeSearchResult& result) {
  return *std::ranges::min_element(result.found, {}, [](const FoundCascade& found) {
    return objective_value(SearchObjective::edp, found.cycles, found.energy_pj);
  });
}

}  // namespace sluice
