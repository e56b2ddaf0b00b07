// SPDX-License-Identifier: Apache-2.0
#include "arch/energy_import.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/read.hpp"

namespace sluice {
namespace {

constexpr FieldInfo picojoules{.doc = "energy of one action", .unit = "pJ"};
constexpr FieldInfo square_micrometres{.doc = "area of one instance", .unit = "um2"};

/// `system.PE[0..167].mac` without its instance ranges: `system.PE.mac`.
std::string without_ranges(std::string_view name) {
  std::string plain;
  int depth = 0;
  for (const char c : name) {
    if (c == '[') ++depth;
    if (depth == 0) plain += c;
    if (c == ']' && depth > 0) --depth;
  }
  return plain;
}

class AccelergyImport {
 public:
  AccelergyImport(const AccelergyOptions& options, Diagnostics& diagnostics)
      : options_(options), diagnostics_(diagnostics) {
    table_.name = options.name;
    table_.source = options.source;
    table_.node_nm = options.node_nm;
    table_.voltage_v = options.voltage_v;
  }

  EnergyTable run(const YamlNode& ert, const YamlNode* art) {
    for_each_table(ert, "ERT", [&](const auto& item) { read_energies(item); });
    if (art != nullptr) for_each_table(*art, "ART", [&](const auto& item) { read_area(item); });
    for (const AccelergyComponent& component : options_.components)
      if (!seen_.contains(component.from))
        diagnostics_.error(
            ert.where, fmt::format("there is no component {} in the ERT", quote(component.from)),
            suggestion(component.from, {seen_.begin(), seen_.end()}));
    return std::move(table_);
  }

 private:
  /// Calls `use` for every entry of `tables` under `key`.
  template <class Use>
  void for_each_table(const YamlNode& file, std::string_view key, Use use) {
    if (!is_map(file)) return;
    FieldReader top(file, diagnostics_);
    const YamlNode* root = top.take_required(key, {.doc = "reference table of Accelergy"});
    top.finish();
    if (root == nullptr || !is_map(*root)) return;
    FieldReader reader(*root, diagnostics_);
    std::string version;
    reader.required("version", version, {.doc = "version of the format"});
    const YamlNode* tables = reader.take_required("tables", {.doc = "one entry a component"});
    reader.finish();
    if (tables == nullptr) return;
    if (!tables->is_sequence()) {
      diagnostics_.error(tables->where,
                         fmt::format("{} version {} has no list of tables", key, version),
                         "write it with Accelergy 0.3 or 0.4");
      return;
    }
    for (const YamlNode& item : tables->items)
      if (is_map(item)) use(item);
  }
  bool is_map(const YamlNode& node) {
    if (!node.is_map()) diagnostics_.error(node.where, "a map is expected here");
    return node.is_map();
  }

  /// What a component named in the file is here; nullptr when it is left out or not known.
  const AccelergyComponent* component(const std::string& name, const YamlNode& item) {
    const std::string plain = without_ranges(name);
    seen_.insert(plain);
    const auto found = std::ranges::find(options_.components, plain, &AccelergyComponent::from);
    if (found == options_.components.end()) {
      diagnostics_.error(item.find("name")->where,
                         fmt::format("nothing is said of component {}", quote(plain)),
                         "name it in the options with what it is here, or leave it out with an "
                         "empty `to`");
      return nullptr;
    }
    return found->to.empty() ? nullptr : &*found;
  }

  void read_energies(const YamlNode& item) {
    FieldReader reader(item, diagnostics_);
    std::string name;
    reader.required("name", name, {.doc = "component"});
    const YamlNode* actions = reader.take_required("actions", {.doc = "one entry an action"});
    reader.finish();
    if (name.empty() || actions == nullptr) return;
    const AccelergyComponent* known = component(name, item);
    if (known == nullptr) return;
    if (!actions->is_sequence()) {
      diagnostics_.error(actions->where, "a list of actions is expected here");
      return;
    }
    std::map<std::string, double> dearest;
    for (const YamlNode& action : actions->items)
      if (is_map(action)) read_action(action, *known, dearest);
    for (const auto& [action, energy] : dearest) {
      const bool moves = action == "read" || action == "write";
      table_.energies.push_back({.component = known->to,
                                 .action = action,
                                 .when = {},
                                 .bytes = moves ? known->word : Bytes{1},
                                 .energy = {energy},
                                 .scaling = {},
                                 .source = fmt::format("{}: ERT, {}", options_.source, name)});
    }
  }

  void read_action(const YamlNode& node, const AccelergyComponent& known,
                   std::map<std::string, double>& dearest) {
    FieldReader reader(node, diagnostics_);
    std::string name;
    double energy = 0;
    reader.required("name", name, {.doc = "action"});
    if (const YamlNode* arguments = reader.take("arguments");
        arguments != nullptr && !arguments->is_map() && !arguments->is_null())
      diagnostics_.error(arguments->where, "a map of arguments is expected here");
    reader.required("energy", energy, picojoules);
    reader.finish();
    if (name.empty()) return;
    const std::optional<std::string> action = meaning(name, node, known);
    if (!action) return;
    const auto [entry, added] = dearest.emplace(*action, energy);
    if (!added) entry->second = std::max(entry->second, energy);
  }

  /// What an action of the ERT is called here; nothing when it is left out or not known.
  std::optional<std::string> meaning(const std::string& name, const YamlNode& node,
                                     const AccelergyComponent& known) {
    const auto given = std::ranges::find(known.actions, name, &AccelergyAction::from);
    if (given != known.actions.end())
      return given->to.empty() ? std::nullopt : std::optional(given->to);
    if (known.to == "array" && name == "compute") return "mac";
    if (known.to == "vector" && name == "compute") return "lane_cycle";
    const bool memory = known.to != "array" && known.to != "vector";
    if (memory && (name == "read" || name == "write")) return name;
    diagnostics_.error(node.find("name")->where,
                       fmt::format("action {} of {} has no meaning for {}", quote(name),
                                   quote(known.from), quote(known.to)),
                       "say what it is in `actions` of the component, or leave it out with an "
                       "empty `to`");
    return std::nullopt;
  }

  void read_area(const YamlNode& item) {
    FieldReader reader(item, diagnostics_);
    std::string name;
    double area = 0;
    reader.required("name", name, {.doc = "component"});
    reader.required("area", area, square_micrometres);
    reader.finish();
    if (name.empty()) return;
    const AccelergyComponent* known = component(name, item);
    if (known == nullptr || known->to == "dram") return;  // off the chip
    table_.areas.push_back({.component = known->to,
                            .when = {},
                            .bytes = {},
                            .area = {area},
                            .scaling = {},
                            .source = fmt::format("{}: ART, {}", options_.source, name)});
  }

  const AccelergyOptions& options_;
  Diagnostics& diagnostics_;
  EnergyTable table_;
  std::set<std::string> seen_;
};

}  // namespace

EnergyTable import_accelergy(const YamlNode& ert, const YamlNode* art,
                             const AccelergyOptions& options, Diagnostics& diagnostics) {
  return AccelergyImport(options, diagnostics).run(ert, art);
}

}  // namespace sluice
