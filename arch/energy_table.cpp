// SPDX-License-Identifier: Apache-2.0
// Tables of energies and areas: reading, checking, and finding them by name.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <span>

#include "arch/energy.hpp"
#include "arch/pe_operations.hpp"
#include "base/print.hpp"
#include "base/read.hpp"

namespace sluice {
namespace {

namespace fs = std::filesystem;

/// What may be said of a kind of unit. Anything that is none of these names a scratchpad.
struct Kind {
  std::string_view component;
  std::vector<std::string> actions;
  std::vector<std::string> conditions;
  bool has_area = true;
};

/// What a PE of a spatial machine does that costs energy.
std::vector<std::string> pe_actions() {
  std::vector<std::string> actions = pe_operations();
  actions.insert(actions.end(), {"register_read", "register_write"});
  return actions;
}

const Kind& kind_of(std::string_view component) {
  static const Kind kinds[] = {
      {"spatial_array", pe_actions(), {}},
      {"vector_array", pe_actions(), {}},
      {"global_buffer", {"read", "write"}, {}},
      {"array", {"mac"}, {"input", "weight", "accumulator"}},
      {"vector", {"lane_cycle", "add", "multiply"}, {"format"}},
      {"dram", {"read", "write"}, {"memory"}, false},
      {"scratchpad", {"read", "write"}, {"capacity"}},
  };
  const auto known = std::ranges::find(kinds, component, &Kind::component);
  return known != std::end(kinds) ? *known : kinds[std::size(kinds) - 1];
}

constexpr std::string_view all_conditions[] = {"input",  "weight",   "accumulator",
                                               "format", "capacity", "memory"};

Location place(const YamlNode& map, std::string_view key) {
  const YamlNode* node = map.find(key);
  return node != nullptr ? node->where : map.where;
}

class TableCheck {
 public:
  TableCheck(const EnergyTable& table, const YamlNode& node, Diagnostics& diagnostics)
      : table_(table), node_(node), diagnostics_(diagnostics) {}

  void run() {
    positive(table_.node_nm, node_, "node_nm");
    positive(table_.voltage_v, node_, "voltage_v");
    check_scalings();
    const auto& energies = table_.energies;
    for (std::size_t i = 0; i < energies.size(); ++i)
      check_energy(energies[i], node_.find("energies")->items[i],
                   std::span(energies).subspan(0, i));
    const auto& areas = table_.areas;
    for (std::size_t i = 0; i < areas.size(); ++i)
      check_area(areas[i], node_.find("areas")->items[i], std::span(areas).subspan(0, i));
  }

 private:
  void positive(double value, const YamlNode& map, std::string_view key) {
    if (value > 0) return;
    diagnostics_.error(place(map, key),
                       fmt::format("{} is {}, which is not above zero", key, value));
  }

  void has_source(const std::string& source, const YamlNode& item) {
    if (!source.empty()) return;
    diagnostics_.error(place(item, "source"), "the source is empty",
                       "every number names the publication it is from");
  }

  void check_scalings() {
    for (std::size_t i = 0; i < table_.scalings.size(); ++i) {
      const NodeScaling& scaling = table_.scalings[i];
      const YamlNode& item = node_.find("scalings")->items[i];
      positive(scaling.from_nm, item, "from_nm");
      positive(scaling.from_v, item, "from_v");
      positive(scaling.energy_factor.value_or(1), item, "energy_factor");
      positive(scaling.area_factor.value_or(1), item, "area_factor");
      has_source(scaling.source, item);
      const auto before = std::span(table_.scalings).subspan(0, i);
      if (std::ranges::find(before, scaling.name, &NodeScaling::name) != before.end())
        diagnostics_.error(place(item, "name"),
                           fmt::format("a second scaling named {}", quote(scaling.name)));
    }
  }

  /// What energies and areas have in common.
  template <class Entry>
  void check_entry(const Entry& entry, const YamlNode& item) {
    has_source(entry.source, item);
    const Kind& kind = kind_of(entry.component);
    for (const std::string_view key : all_conditions)
      if (item.find(key) != nullptr &&
          std::ranges::find(kind.conditions, key) == kind.conditions.end())
        diagnostics_.error(place(item, key),
                           fmt::format("{} says nothing of {}", key, quote(entry.component)),
                           fmt::format("known: {}", fmt::join(kind.conditions, ", ")));
  }

  /// The scaling that an entry names exists and has the factor that the entry needs.
  void check_scaling(const std::string& name, const YamlNode& item, std::string_view key,
                     std::optional<double> NodeScaling::*factor) {
    if (name.empty()) return;
    const auto& scalings = table_.scalings;
    const auto found = std::ranges::find(scalings, name, &NodeScaling::name);
    std::vector<std::string> names;
    for (const NodeScaling& scaling : scalings) names.push_back(scaling.name);
    if (found == scalings.end())
      diagnostics_.error(place(item, "scaling"), fmt::format("there is no scaling {}", quote(name)),
                         names.empty() ? "add it to scalings" : suggestion(name, names));
    else if (!((*found).*factor))
      diagnostics_.error(place(item, "scaling"),
                         fmt::format("scaling {} has no {}", quote(name), key),
                         fmt::format("add {} to it, with its source", key));
  }

  void check_energy(const EnergyEntry& entry, const YamlNode& item,
                    std::span<const EnergyEntry> before) {
    check_entry(entry, item);
    check_scaling(entry.scaling, item, "energy_factor", &NodeScaling::energy_factor);
    if (entry.when.memory) check_memory(*entry.when.memory, item);
    const auto& actions = kind_of(entry.component).actions;
    if (std::ranges::find(actions, entry.action) == actions.end())
      diagnostics_.error(
          place(item, "action"),
          fmt::format("{} has no action {}", quote(entry.component), quote(entry.action)),
          suggestion(entry.action, actions));
    if (entry.when.capacity && !(entry.energy.value > 0))
      diagnostics_.error(place(item, "energy"), "the energy of an access is zero",
                         "between capacities energies are interpolated by their logarithms");
    if (std::ranges::any_of(before, [&](const EnergyEntry& other) {
          return other.component == entry.component && other.action == entry.action &&
                 other.when == entry.when;
        }))
      diagnostics_.error(item.where,
                         fmt::format("{} of {} is priced twice under the same conditions",
                                     entry.action, quote(entry.component)));
  }

  void check_memory(const std::string& memory, const YamlNode& item) {
    std::vector<std::string> presets;
    for (const DramPreset& preset : dram_presets()) presets.emplace_back(preset.name);
    const auto known = [&](const std::string& preset) { return is_memory(preset, memory); };
    if (std::ranges::none_of(presets, known))
      diagnostics_.error(place(item, "memory"), fmt::format("there is no DRAM {}", quote(memory)),
                         suggestion(memory, presets));
  }

  void check_area(const AreaEntry& entry, const YamlNode& item, std::span<const AreaEntry> before) {
    check_entry(entry, item);
    check_scaling(entry.scaling, item, "area_factor", &NodeScaling::area_factor);
    if (!kind_of(entry.component).has_area)
      diagnostics_.error(place(item, "component"), "the dram is not on the chip and has no area");
    if (std::ranges::any_of(before, [&](const AreaEntry& other) {
          return other.component == entry.component && other.when == entry.when;
        }))
      diagnostics_.error(item.where,
                         fmt::format("the area of {} is given twice under the same conditions",
                                     quote(entry.component)));
  }

  const EnergyTable& table_;
  const YamlNode& node_;
  Diagnostics& diagnostics_;
};

bool is_path(const std::string& name) {
  return name.find('/') != std::string::npos || name.ends_with(".yaml") || name.ends_with(".yml");
}

/// The file of a name or path. A path is relative to the file in which it is written.
std::string table_file(const std::string& name, const std::vector<std::string>& search,
                       const Location& where) {
  std::error_code error;
  if (is_path(name)) {
    const fs::path beside = fs::path(where.path).parent_path() / name;
    if (fs::is_regular_file(beside, error)) return beside.string();
    if (fs::is_regular_file(name, error)) return name;
    throw SpecError({{where, fmt::format("there is no file {}", quote(name)), {}}});
  }
  for (const std::string& folder : search) {
    const fs::path file = fs::path(folder) / (name + ".yaml");
    if (fs::is_regular_file(file, error)) return file.string();
  }
  throw SpecError({{where, fmt::format("there is no energy table {}", quote(name)),
                    suggestion(name, library_energy_tables(search))}});
}

}  // namespace

EnergyTable read_energy_table(const YamlNode& node, Diagnostics& diagnostics) {
  EnergyTable table;
  const std::size_t before = diagnostics.size();
  read_value(node, table, FieldInfo{}, diagnostics);
  if (diagnostics.size() == before) TableCheck(table, node, diagnostics).run();
  return table;
}

EnergyTable load_energy_table(const std::string& name, const std::vector<std::string>& search,
                              const Location& where) {
  Diagnostics diagnostics;
  EnergyTable table = read_energy_table(load_yaml(table_file(name, search, where)), diagnostics);
  diagnostics.throw_if_any();
  return table;
}

std::vector<std::string> library_energy_tables(const std::vector<std::string>& search) {
  std::vector<std::string> names;
  for (const std::string& folder : search) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error))
      if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem().string());
  }
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

std::string to_text(const EnergyTable& table) {
  return to_text(to_yaml(table, {.omit_defaults = true}));
}

}  // namespace sluice
