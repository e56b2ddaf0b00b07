// SPDX-License-Identifier: Apache-2.0
// The best mapping of a map file, as the command and the Python package ask for it.
#pragma once

#include "mapper/nest/map_file.hpp"
#include "mapper/search/fuse.hpp"

namespace sluice {

/// Searches for the mapping of the file's cascade. The convention is that of the file; the units
/// are those to which a mapping in the file binds the Einsums.
CascadeSearchResult search_map_file(const MapFile& file, CascadeSearchOptions options);

/// Which of the mappings found is shown: of a front, the one with the least energy x cycles.
const FoundCascade& shown(const CascadeSearchResult& result);

}  // namespace sluice
