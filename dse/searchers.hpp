// SPDX-License-Identifier: Apache-2.0
// The searchers by name, as sweep files name them. Which there are is in searchers.def; how each
// searches is in searchers/.
#pragma once

#include <string_view>
#include <vector>

#include "base/diagnostics.hpp"
#include "base/registry.hpp"
#include "dse/searcher.hpp"

namespace sluice {

/// A searcher of this name. Throws SpecError when there is none, or for mistakes in its settings.
AnySearcher make_searcher(std::string_view name, const SearchProblem& problem,
                          const YamlNode& settings);

/// What the searchers say of themselves, in the order of searchers.def.
std::vector<Descriptor> searcher_descriptors();

/// The hyperparameters of the searcher of this name as a design space, whose paths are those of
/// sweep files (`search.settings.population`). Throws SpecError when there is no such searcher.
DesignSpace hyperparameters_of(std::string_view name);

/// Whether what the searcher of this name tries depends on the budget. Of any other, a run is the
/// beginning of every longer one with asks as large. Throws SpecError when there is none.
bool knows_budget(std::string_view name);

/// Reports at `search` (the map that names it) a searcher that there is not, and what is wrong with
/// its settings.
void check_searcher(const YamlNode& search, const std::string& name, const YamlNode& settings,
                    Diagnostics& diagnostics);

}  // namespace sluice
