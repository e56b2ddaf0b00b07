// SPDX-License-Identifier: Apache-2.0
#include "arch/spatial_energy.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "arch/energy_scaling.hpp"
#include "base/checked.hpp"

namespace sluice {
namespace {

class Resolver {
 public:
  Resolver(const EnergyTable& table, const SpatialMachine& machine, Diagnostics& diagnostics,
           const Location& where)
      : table_(table), machine_(machine), diagnostics_(diagnostics), where_(where) {}

  EnergyModel run(std::span<const SpatialActionName> actions) {
    for (const SpatialActionName& action : actions)
      if (model_.price(action.component, action.action) == nullptr) price(action);
    const SpatialArray& grid = machine_.spatial_array;
    area("spatial_array", static_cast<double>(product(grid.rows, grid.columns)));
    area("vector_array", machine_.vector_array.lanes);
    area("global_buffer", 1);
    return std::move(model_);
  }

 private:
  const EnergyEntry* find(std::string_view component, std::string_view action) const {
    for (const EnergyEntry& entry : table_.energies) {
      const bool memory = !entry.when.memory || is_memory(machine_.dram.preset, *entry.when.memory);
      if (entry.component == component && entry.action == action && memory) return &entry;
    }
    return nullptr;
  }
  /// The entry of an operation, or of what does it.
  const EnergyEntry* find_operation(std::string_view component, std::string_view operation) const {
    if (const EnergyEntry* entry = find(component, operation)) return entry;
    if (operation == "subtract") return find_operation(component, "add");
    if (operation == "add" || operation == "multiply") return find(component, "mac");
    if (operation == "min" || operation == "relu" || operation == "abs")
      return find(component, "max");
    return nullptr;
  }
  void price(const SpatialActionName& name);
  void area(const std::string& component, double instances);

  const EnergyTable& table_;
  const SpatialMachine& machine_;
  Diagnostics& diagnostics_;
  const Location& where_;
  EnergyModel model_;
};

void Resolver::price(const SpatialActionName& name) {
  const bool moves = name.action.ends_with("_byte");
  const std::string entered = moves ? name.action.substr(0, name.action.size() - 5) : name.action;
  const EnergyEntry* entry =
      moves ? find(name.component, entered) : find_operation(name.component, entered);
  if (entry != nullptr) {
    const double one =
        entry->energy.value * scaling_factor(table_, entry->scaling, &NodeScaling::energy_factor);
    const double picojoules = moves ? one / static_cast<double>(entry->bytes.value) : one;
    model_.prices.push_back({name.component, name.action, {picojoules}, entry->source});
    return;
  }
  std::vector<std::string> priced;
  for (const EnergyEntry& other : table_.energies)
    if (other.component == name.component) priced.push_back(other.action);
  diagnostics_.error(
      where_,
      fmt::format("energy table {} has no price for {} of {}", quote(table_.name), entered,
                  name.component),
      fmt::format("{}; or leave energy_table empty: timing only",
                  priced.empty() ? fmt::format("add entries with component: {}", name.component)
                                 : fmt::format("priced: {}", fmt::join(priced, ", "))));
}

void Resolver::area(const std::string& component, double instances) {
  const auto entry = std::ranges::find(table_.areas, component, &AreaEntry::component);
  if (entry == table_.areas.end()) {
    model_.without_area.push_back(component);
    return;
  }
  if (component == "global_buffer" && entry->bytes)
    instances = static_cast<double>(machine_.global_buffer.capacity.value) /
                static_cast<double>(entry->bytes->value);
  const double one =
      entry->area.value * scaling_factor(table_, entry->scaling, &NodeScaling::area_factor);
  model_.areas.push_back({component, {one * instances}, entry->source});
}

}  // namespace

EnergyModel resolve(const EnergyTable& table, const SpatialMachine& machine,
                    std::span<const SpatialActionName> actions, Diagnostics& diagnostics,
                    const Location& where) {
  return Resolver(table, machine, diagnostics, where).run(actions);
}

}  // namespace sluice
