// SPDX-License-Identifier: Apache-2.0
// From an experiment to its outcome, in a straight line; see evaluate.hpp.
#include "sim/evaluate.hpp"

#include <optional>

#include "arch/energy.hpp"
#include "mapper/mappers.hpp"
#include "sim/analytic/analytic.hpp"
#include "sim/models/fusemax_forms.hpp"
#include "sim/models/spatial_evaluate.hpp"
#include "sim/models/systolic.hpp"
#include "sim/pe/network.hpp"
#include "sim/report/assemble.hpp"
#include "sim/report/overlap.hpp"
#include "sim/report/stalls.hpp"
#include "sim/run_graph.hpp"

namespace sluice {
namespace {

std::optional<EnergyModel> energy_of(const Architecture& architecture, const Library& library,
                                     const EnergyTable* table) {
  if (architecture.energy_table.empty()) return std::nullopt;
  if (table == nullptr) {
    const EnergyTable read = load_energy_table(architecture.energy_table, library.tables);
    return energy_of(architecture, library, &read);
  }
  Diagnostics diagnostics;
  EnergyModel model = resolve(*table, architecture, diagnostics, {}, PriceSources::left_out);
  diagnostics.throw_if_any();
  return model;
}

/// Runs the graph on SystemC and attributes its cycles.
ReportParts run_tile_fidelity(const Experiment& experiment, const Mapping& mapping,
                              const SystolicGraph& machine, const EvaluateHooks& hooks) {
  const TileMemory memory{experiment.architecture.dram, experiment.architecture.clock};
  TileResult result = run_graph(machine.graph, memory, experiment, hooks);
  ReportParts parts;
  parts.cycles = result.cycles;
  parts.tasks = attribute_cycles(mapping, machine, result);
  const auto overlapped =
      overlapped_bytes({experiment.architecture, mapping, machine, result}, parts.tasks);
  for (std::size_t t = 0; t < parts.tasks.size(); ++t)
    parts.tasks[t].overlapped_bytes = overlapped[t];
  parts.units = unit_reports(machine.graph, result);
  parts.dram_counters = std::move(result.memory_counters);
  return parts;
}

}  // namespace

Outcome evaluate(const Experiment& experiment, const Library& library, const EvaluateHooks& hooks) {
  if (experiment.memory) return run_memory(experiment);
  if (experiment.spatial) return evaluate_spatial(experiment, library, hooks);
  if (experiment.forms) return evaluate_forms(experiment);
  const std::optional<EnergyModel> energy =
      energy_of(experiment.architecture, library, hooks.energy_table);
  auto mapped = map_experiment(experiment);
  if (Infeasible* infeasible = std::get_if<Infeasible>(&mapped)) return *infeasible;
  const Mapping& mapping = std::get<Mapping>(mapped);
  const SystolicGraph machine =
      build_systolic(experiment.network, experiment.architecture, mapping);
  ReportParts parts;
  switch (experiment.simulation.fidelity) {
    case Fidelity::tile:
      parts = run_tile_fidelity(experiment, mapping, machine, hooks);
      break;
    case Fidelity::analytic:
      parts = analyze(experiment.architecture, mapping, machine);
      break;
    case Fidelity::pe:
      parts = run_pe_fidelity(experiment, mapping, machine);
      break;
  }
  parts.actions = count_actions(machine.graph);
  return assemble_report(experiment, mapping, parts, energy ? &*energy : nullptr, hooks.detail);
}

}  // namespace sluice
