// SPDX-License-Identifier: Apache-2.0
// Numbers of other nodes, carried to that of a table: what the resolvers of all machines share.
#pragma once

#include <algorithm>
#include <optional>
#include <string>

#include "arch/energy.hpp"
#include "base/assert.hpp"

namespace sluice {

/// The factor of a named scaling of a table that was checked; 1 where none is named.
inline double scaling_factor(const EnergyTable& table, const std::string& name,
                             std::optional<double> NodeScaling::*factor) {
  if (name.empty()) return 1;
  const auto found = std::ranges::find(table.scalings, name, &NodeScaling::name);
  SLUICE_ASSERT(found != table.scalings.end() && (*found).*factor,
                "a scaling is missing although the table was checked");
  return *((*found).*factor);
}

}  // namespace sluice
