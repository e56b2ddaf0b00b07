// SPDX-License-Identifier: Apache-2.0
// Prices of the actions of a spatial machine, and the areas of its parts.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "arch/energy.hpp"
#include "arch/spatial_machine.hpp"

namespace sluice {

/// An action that a run does and a table must price: of `spatial_array` and `vector_array` an
/// operation of a PE, register_read or register_write (a word); of `global_buffer` and `dram`
/// read_byte or write_byte.
struct SpatialActionName {
  std::string component;
  std::string action;
  bool operator==(const SpatialActionName&) const = default;
};

/// The prices of `actions`, each once. An operation without an entry of its own costs what does it:
/// subtract what add costs, add and multiply what mac costs, min, relu and abs what max costs. One
/// without a price is an error at `where`. Areas: `spatial_array` and `vector_array` of a PE, its
/// registers included, and `global_buffer`.
EnergyModel resolve(const EnergyTable& table, const SpatialMachine& machine,
                    std::span<const SpatialActionName> actions, Diagnostics& diagnostics,
                    const Location& where = {});

}  // namespace sluice
