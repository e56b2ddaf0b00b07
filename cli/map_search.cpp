// SPDX-License-Identifier: Apache-2.0
#include "cli/map_search.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "cli/interrupt.hpp"

namespace sluice {
namespace {

using Clock = std::chrono::steady_clock;

SearchObjective objective_of(const MapArguments& arguments) {
  if (arguments.pareto) return SearchObjective::pareto;
  const std::string name = arguments.objective.value_or("edp");
  return name == "cycles"   ? SearchObjective::cycles
         : name == "energy" ? SearchObjective::energy
                            : SearchObjective::edp;
}

std::string_view name_of(SearchObjective objective) {
  switch (objective) {
    case SearchObjective::cycles:
      return "fewest cycles";
    case SearchObjective::energy:
      return "least energy";
    case SearchObjective::edp:
      return "least energy x cycles";
    case SearchObjective::pareto:
      break;
  }
  return "front of cycles and energy";
}

}  // namespace

MapSearch search_map(const MapArguments& arguments, const MapFile& file) {
  CascadeSearchOptions options;
  options.search.objective = objective_of(arguments);
  options.search.convention = file.convention;
  options.search.exhaustive = arguments.exhaustive;
  options.search.threads = arguments.threads.value_or(0);
  const auto begin = Clock::now();
  const double seconds = arguments.time ? arguments.time->value : 0;
  options.search.stop = [&, begin] {
    if (InterruptWatch::requested()) return true;
    return seconds > 0 && std::chrono::duration<double>(Clock::now() - begin).count() > seconds;
  };
  std::vector<Problem> problems;
  for (const EinsumProblem& einsum : problems_of(file).problems) problems.push_back(einsum.problem);
  const InterruptWatch watch;
  MapSearch search;
  search.objective = options.search.objective;
  search.result = search_cascade(problems, file.hierarchy, options);
  search.interrupted = InterruptWatch::requested();
  return search;
}

const FoundCascade& shown(const CascadeSearchResult& result) {
  return *std::ranges::min_element(result.found, {}, [](const FoundCascade& found) {
    return objective_value(SearchObjective::edp, found.cycles, found.energy_pj);
  });
}

std::string search_text(const MapSearch& search) {
  const CascadeSearchResult& result = search.result;
  std::string text = fmt::format(
      "{}: {}, {} mappings priced, {} searches made and {} known\n", name_of(search.objective),
      result.optimal ? "proven to be the best of the map space"
                     : "the search was ended, so that a better one may exist",
      result.evaluations, result.searches, result.recalled);
  if (search.objective != SearchObjective::pareto) return text;
  text += fmt::format("{:>16}  {:>16}\n", "cycles", "energy (pJ)");
  for (const FoundCascade& found : result.found)
    text += fmt::format("{:>16}  {:>16.6g}{}\n", found.cycles, found.energy_pj,
                        &found == &shown(result) ? "  shown below" : "");
  return text;
}

}  // namespace sluice
