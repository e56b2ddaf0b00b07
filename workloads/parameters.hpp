// SPDX-License-Identifier: Apache-2.0
// The `parameters:` of a network file: their declarations, and the values that a run gives them.
// Not for users of the room; see load.hpp.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/registry.hpp"
#include "base/yaml.hpp"
#include "workloads/formula.hpp"
#include "workloads/mistakes.hpp"

namespace sluice {

struct ParameterRule {
  std::string name;
  const YamlNode* default_value = nullptr;  ///< a formula over the parameters before it
  std::int64_t least = 1;
  std::optional<std::int64_t> most;
  std::vector<std::string> choices;  ///< not empty: the parameter is a word
  std::string doc;
};

/// Reads the declarations; `parameters` may be null.
std::vector<ParameterRule> read_parameters(const YamlNode* parameters, Mistakes& mistakes);

/// The parameters' values: those of `workload` (which may be null), else the defaults.
FormulaScope parameter_values(const std::vector<ParameterRule>& rules, const YamlNode* workload,
                              const std::string& network, Mistakes& mistakes);

/// What `list` says of a parameter.
ParameterInfo to_info(const ParameterRule& rule);

}  // namespace sluice
