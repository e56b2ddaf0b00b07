// SPDX-License-Identifier: Apache-2.0
// The mappers by name, as run files name them. Which there are is in mappers.def; how each maps is
// in mappers/.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/registry.hpp"
#include "mapper/mapping.hpp"

namespace sluice {

/// What a user may ask of any mapper.
struct MappingOptions {
  AttentionForm attention = AttentionForm::automatic;
};

/// Maps `network` with the mapper of this name. Throws SpecError when there is none.
std::variant<Mapping, Infeasible> map_network(std::string_view mapper, const Network& network,
                                              const Architecture& architecture,
                                              const MappingOptions& options = {});

/// What to say to someone who asks for a mapper that there is not.
std::string mapper_suggestion(std::string_view mapper);

/// What the mappers say of themselves, in the order of mappers.def.
std::vector<Descriptor> mapper_descriptors();

/// Whether mappings of this mapper keep to the capacities of scratchpads, so that verify() holds.
/// Throws SpecError when there is none of this name.
bool respects_capacity(std::string_view mapper);

}  // namespace sluice
