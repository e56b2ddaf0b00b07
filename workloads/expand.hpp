// SPDX-License-Identifier: Apache-2.0
// Unfolds the `layers:` of a network file: repetitions, blocks with arguments, conditions and
// definitions become plain layers in execution order, with their producers found by name.
// Not for users of the room; see load.hpp.
#pragma once

#include <vector>

#include "base/yaml.hpp"
#include "workloads/formula.hpp"
#include "workloads/mistakes.hpp"
#include "workloads/network.hpp"

namespace sluice {

/// The layers of `file`, whose formulas see `scope`. After mistakes the list is incomplete.
std::vector<Layer> expand_layers(const YamlNode& file, FormulaScope scope, Mistakes& mistakes);

}  // namespace sluice
