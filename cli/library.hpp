// SPDX-License-Identifier: Apache-2.0
// Where the files lie that come with sluice: networks, energy tables, machines,
// cascades, claim files.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/experiment.hpp"

namespace sluice {

/// The folders of one library. Under its root they are called as in the source tree:
/// workloads/library, arch/tables, configs/arch, configs/cascades, configs/reproduce.
struct LibraryFolders {
  Library library;                    ///< what libraries look names up in
  std::vector<std::string> machines;  ///< for `list machines`
  std::vector<std::string> cascades;  ///< for `list cascades`
  std::vector<std::string> papers;    ///< claim files, for `reproduce`
};

/// The library at `root` (of --library); else the one beside the program, ../share/sluice; else the
/// source tree that the program was built from. Looks at two folders at most and lists none. Throws
/// SpecError when there is none at `root`.
LibraryFolders find_library(const std::optional<std::string>& root);

}  // namespace sluice
