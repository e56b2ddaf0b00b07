// SPDX-License-Identifier: Apache-2.0
// Searches of one Einsum that share what they have in common. Internal to this folder.
#pragma once

#include "mapper/search/bounds.hpp"

namespace sluice::search {

/// As search_mapping(). `memo` is for searches of this Einsum on this machine, whatever they ask.
SearchResult search_mapping(const Problem& problem, const Hierarchy& hierarchy,
                            const SearchOptions& options, Memo& memo);

/// What no mapping is below, each costing as much in both as one of these; without a search. Empty:
/// nothing fits.
std::vector<CostFloor> cost_floors(const Problem& problem, const Hierarchy& hierarchy,
                                   const SearchOptions& options, Memo& memo);

}  // namespace sluice::search
