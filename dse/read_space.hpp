// SPDX-License-Identifier: Apache-2.0
// Design spaces from YAML: `parameters`, a map of names, and `constraints`, a list of conditions.
#pragma once

#include <span>

#include "base/diagnostics.hpp"
#include "base/yaml.hpp"
#include "dse/space.hpp"

namespace sluice {

/// Reads `parameters` and `constraints` of a map, which may hold other keys as well. Constraints
/// that name one of `metrics` go to `metric_constraints`, over the names of the parameters and then
/// of the metrics; the others to the space. All mistakes go to `diagnostics`: an unknown kind of
/// domain, an empty range, a name twice, a condition that asks for a later parameter, a constraint
/// that no value can keep.
DesignSpace read_space(const YamlNode& map, std::span<const ExpressionName> metrics,
                       std::vector<Expression>& metric_constraints, Diagnostics& diagnostics);

}  // namespace sluice
