// SPDX-License-Identifier: Apache-2.0
// The registry's entry for map_for_least_traffic(); the mapper itself is mapper/tiling.cpp.
#include "base/registry.hpp"
#include "mapper/mapping.hpp"

namespace sluice::mappers {

std::variant<Mapping, Infeasible> map_simple(const Network& network,
                                             const Architecture& architecture) {
  return map_for_least_traffic(network, architecture);
}

Descriptor describe_map_simple() {
  return {"simple", "the tiling with the least DRAM traffic that fits the scratchpads", "", {}};
}

}  // namespace sluice::mappers
