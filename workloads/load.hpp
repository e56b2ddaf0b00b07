// SPDX-License-Identifier: Apache-2.0
// Networks from YAML files with parameters. See docs/networks.md for the format.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/registry.hpp"
#include "base/yaml.hpp"
#include "workloads/network.hpp"

namespace sluice {

/// The user's choice of network: the `workload:` map of a run file. `model` names a file of the
/// library or a path; the other keys are the network's parameters (batch, seq_len, phase, ...).
/// `search` are the folders in which a library name is looked up.
/// Throws SpecError: unknown model (nearest name), unknown parameter, unsupported operator,
/// inconsistent shapes, an extent that is not whole or is zero.
Network load_network(const YamlNode& workload, const std::vector<std::string>& search);

/// Reads a network file's tree with its parameters set as in `workload` (which may be null).
Network read_network(const YamlNode& file, const YamlNode* workload);

/// Names of the networks in `search`, sorted.
std::vector<std::string> library_networks(const std::vector<std::string>& search);

/// What `sluice list networks` says of a network file. Throws SpecError for mistakes in its
/// parameters.
Descriptor describe_network(const YamlNode& file);
/// The same of every network in `search`, sorted by name.
std::vector<Descriptor> describe_networks(const std::vector<std::string>& search);

/// The JSON Schema (draft 2020-12) of network files, from the field tables that reading uses.
std::string network_schema();

}  // namespace sluice
