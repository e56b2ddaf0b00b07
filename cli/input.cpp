// SPDX-License-Identifier: Apache-2.0
#include "cli/input.hpp"

#include "base/collect.hpp"
#include "workloads/cascade/load.hpp"
#include "workloads/load.hpp"

namespace sluice {
namespace {

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
  if (const auto* setup = std::get_if<SystolicSetup>(&experiment.setup))
    check_prices(setup->machine, root.find("architecture"), library);
  return experiment;
}

AnyMachine read_machine(const YamlNode& root, const Library& library) {
  Diagnostics diagnostics;
  AnyMachine machine = read_machine(root, diagnostics);
  diagnostics.throw_if_any();
  if (const auto* systolic = std::get_if<Architecture>(&machine))
    check_prices(*systolic, &root, library);
  return machine;
}

EnergyTable read_table(const YamlNode& root) {
  Diagnostics diagnostics;
  EnergyTable table = read_energy_table(root, diagnostics);
  diagnostics.throw_if_any();
  return table;
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
