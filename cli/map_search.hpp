// SPDX-License-Identifier: Apache-2.0
// The part of `sluice map` that asks the mapper `search` for the mapping of a map file.
#pragma once

#include <string>

#include "cli/arguments.hpp"
#include "mapper/search/map_file.hpp"

namespace sluice {

struct MapSearch {
  CascadeSearchResult result;
  SearchObjective objective = SearchObjective::edp;
  bool cached = false;  ///< with a folder of results
  bool interrupted = false;
};

/// Searches for as long as it is given, or until a signal comes.
MapSearch search_map(const MapArguments& arguments, const MapFile& file);

/// What was looked for and how well it was done, and the front if there is one.
std::string search_text(const MapSearch& search);

}  // namespace sluice
