// SPDX-License-Identifier: Apache-2.0
#include "cli/input.hpp"

#include <algorithm>
#include <initializer_list>

#include "base/files.hpp"
#include "workloads/cascade/load.hpp"
#include "workloads/load.hpp"

namespace sluice {
namespace {

bool has_any(const YamlNode& root, std::initializer_list<std::string_view> keys) {
  return std::ranges::any_of(keys, [&](std::string_view key) { return root.find(key) != nullptr; });
}

/// Adds what `read` throws to the other mistakes.
template <class Read>
void collecting(Diagnostics& diagnostics, Read read) {
  try {
    read();
  } catch (const SpecError& error) {
    for (const Diagnostic& d : error.diagnostics()) diagnostics.error(d.where, d.message, d.hint);
  }
}

/// The mistakes of the energy table that `machine` names at `node`.
void check_prices(const Architecture& machine, const YamlNode* node, const Library& library) {
  if (machine.energy_table.empty()) return;
  const YamlNode* name = node == nullptr ? nullptr : node->find("energy_table");
  const Location where = name == nullptr ? Location{} : name->where;
  Diagnostics diagnostics;
  const EnergyTable table = load_energy_table(machine.energy_table, library.tables, where);
  resolve(table, machine, diagnostics, where);
  diagnostics.throw_if_any();
}

Experiment read_run(const YamlNode& root, const Library& library) {
  Experiment experiment = read_experiment(root, library);
  check_prices(experiment.architecture, root.find("architecture"), library);
  return experiment;
}

FileContent read_machine(const YamlNode& root, const Library& library) {
  Diagnostics diagnostics;
  if (is_spatial(root)) {
    SpatialMachine machine = read_spatial_machine(root, diagnostics);
    diagnostics.throw_if_any();
    return machine;
  }
  Architecture machine = read_architecture(root, diagnostics);
  diagnostics.throw_if_any();
  check_prices(machine, &root, library);
  return machine;
}

EnergyTable read_table(const YamlNode& root) {
  Diagnostics diagnostics;
  EnergyTable table = read_energy_table(root, diagnostics);
  diagnostics.throw_if_any();
  return table;
}

/// A mapping that is not legal is a mistake of the file.
MapFile read_legal_map(const YamlNode& root) {
  // The text tells the places of lines in blocks; a tree that comes from elsewhere has none.
  const auto text = try_read_file(root.where.path, YamlLimits{}.file_bytes);
  const auto* known = std::get_if<std::string>(&text);
  MapFile file = read_map(root, known == nullptr ? std::string_view{} : *known);
  Diagnostics diagnostics;
  if (file.mapping)
    for (const std::string& mistake : verify(*file.mapping, file.hierarchy))
      diagnostics.error(root.find("mapping")->where, mistake);
  diagnostics.throw_if_any();
  return file;
}

}  // namespace

YamlNode load_input(const std::string& path, const std::vector<Setting>& settings) {
  YamlNode root = load_yaml(path);
  Diagnostics diagnostics;
  for (const Setting& setting : settings)
    collecting(diagnostics, [&] { set_path(root, setting.path, setting.value); });
  diagnostics.throw_if_any();
  return root;
}

std::optional<FileKind> find_kind(const YamlNode& root) {
  if (has_any(root, {"experiment", "objectives"})) return FileKind::sweep;
  if (has_any(root, {"workload", "architecture"})) return FileKind::run;
  if (has_any(root, {"hierarchy"})) return FileKind::map;
  if (has_any(root, {"claims"})) return FileKind::claims;
  if (has_any(root, {"layers", "blocks"})) return FileKind::network;
  if (has_any(root, {"einsums"})) return FileKind::cascade;
  if (has_any(root, {"energies", "areas"})) return FileKind::table;
  if (has_any(root, {"array", "scratchpads", "spatial_array", "dram"}))
    return FileKind::architecture;
  return std::nullopt;
}

FileKind kind_of(const YamlNode& root) {
  if (const auto kind = find_kind(root)) return *kind;
  throw SpecError(
      {{root.where, "this is no file of sluice",
        "a run has 'workload' and 'architecture', a machine 'array' and 'scratchpads', "
        "a network 'layers', a cascade 'einsums', a map file 'hierarchy', an energy "
        "table 'energies', a claim file 'claims', a sweep 'experiment' and 'parameters'"}});
}

std::string_view kind_text(FileKind kind) {
  switch (kind) {
    case FileKind::run:
      return "a run";
    case FileKind::architecture:
      return "a machine";
    case FileKind::network:
      return "a network";
    case FileKind::cascade:
      return "a cascade";
    case FileKind::table:
      return "an energy table";
    case FileKind::map:
      return "a mapping";
    case FileKind::claims:
      return "a claim file";
    case FileKind::sweep:
      return "a sweep";
  }
  return "";
}

FileContent read_input(const YamlNode& root, const Library& library) {
  switch (kind_of(root)) {
    case FileKind::run:
      return read_run(root, library);
    case FileKind::architecture:
      return read_machine(root, library);
    case FileKind::network:
      return read_network(root, nullptr);
    case FileKind::cascade:
      return read_cascade(root);
    case FileKind::table:
      return read_table(root);
    case FileKind::map:
      return read_legal_map(root);
    case FileKind::claims:
      return read_claims(root);
    case FileKind::sweep:
      return read_sweep(root, library);
  }
  return {};
}

}  // namespace sluice
