// SPDX-License-Identifier: Apache-2.0
// The importers of networks by name. Which there are is in importers.def; what each reads is in its
// own file.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/registry.hpp"
#include "workloads/network.hpp"

namespace sluice {

/// An importer's parameters by name, as texts; what is not there has its default. An importer with
/// a parameter `*` judges the names itself.
using ImportSettings = std::map<std::string, std::string, std::less<>>;

/// Reads the file `text`, which messages call `path`, with the importer of this name. Throws
/// SpecError: no such importer or parameter, a wrong value, and every mistake in the file.
Network import_network(std::string_view importer, std::string_view text, const std::string& path,
                       const ImportSettings& settings = {});

/// What the importers say of themselves, in the order of importers.def.
std::vector<Descriptor> importer_descriptors();

}  // namespace sluice
