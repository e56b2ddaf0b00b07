// SPDX-License-Identifier: Apache-2.0
// Mappings of single tasks that a run file fixes, each as the loops of its nest or as tiles.
#pragma once

#include <vector>

#include "base/diagnostics.hpp"
#include "base/yaml.hpp"
#include "sim/models/systolic_run.hpp"

namespace sluice {

/// Reads `mapping.nests` of a run file, `mapping` being its node. Reports what is no nest, no
/// matrix product of the network, not legal, or not what the machine can run.
std::vector<FixedTask> read_fixed(const YamlNode& mapping, const Network& network,
                                  const SystolicSetup& setup, Diagnostics& diagnostics);

}  // namespace sluice
