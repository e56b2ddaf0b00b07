// SPDX-License-Identifier: Apache-2.0
// The kinds of things that there are to choose from, and where each kind's entries come from: the
// registries of the libraries, and the files of the library.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/registry.hpp"
#include "cli/library.hpp"

namespace sluice {

struct Kind {
  std::string_view name;                             ///< `networks`
  std::string_view doc;                              ///< one line
  std::function<std::vector<std::string>()> names;   ///< reads no file
  std::function<std::vector<Descriptor>()> entries;  ///< reads the files; throws SpecError
};

/// All kinds. The functions refer to `folders`.
std::vector<Kind> catalogue(const LibraryFolders& folders);

}  // namespace sluice
