// SPDX-License-Identifier: Apache-2.0
// Evaluation of runs of the model `systolic`, in a straight line; evaluate() comes here.
#include "sim/models/systolic_evaluate.hpp"

#include <optional>

#include "arch/energy.hpp"
#include "mapper/mappers.hpp"
#include "sim/analytic/analytic.hpp"
#include "sim/models/systolic.hpp"
#include "sim/pe/network.hpp"
#include "sim/report/assemble.hpp"
#include "sim/report/overlap.hpp"
#include "sim/report/stalls.hpp"
#include "sim/run_graph.hpp"

namespace sluice {
namespace {

std::optional<EnergyModel> energy_of(const Architecture& architecture, const Library& library,
                                     const EvaluateHooks& hooks) {
  if (architecture.energy_table.empty()) return std::nullopt;
  std::optional<EnergyTable> read;
  const EnergyTable* table = hooks.energy_table;
  if (table == nullptr)
    table = &read.emplace(load_energy_table(architecture.energy_table, library.tables));
  Diagnostics diagnostics;
  EnergyModel model =
      resolve(*table, architecture, diagnostics, {}, PriceSources::left_out, hooks.priced);
  diagnostics.throw_if_any();
  return model;
}

/// Runs the graph on SystemC and attributes its cycles.
ReportParts run_tile_fidelity(const Experiment& experiment, const Architecture& architecture,
                              const Mapping& mapping, const SystolicGraph& machine,
                              const EvaluateHooks& hooks) {
  const TileMemory memory{architecture.dram, architecture.clock};
  TileResult result = run_graph(machine.graph, memory, experiment, hooks);
  ReportParts parts;
  parts.cycles = result.cycles;
  parts.tasks = attribute_cycles(mapping, machine, result);
  const auto overlapped = overlapped_bytes({architecture, mapping, machine, result}, parts.tasks);
  for (std::size_t t = 0; t < parts.tasks.size(); ++t)
    parts.tasks[t].overlapped_bytes = overlapped[t];
  parts.units = unit_reports(machine.graph, result);
  parts.dram_counters = std::move(result.memory_counters);
  return parts;
}

}  // namespace

Outcome evaluate_systolic(const Experiment& experiment, const SystolicSetup& setup,
                          const Library& library, const EvaluateHooks& hooks) {
  const std::optional<EnergyModel> energy = energy_of(setup.machine, library, hooks);
  auto mapped = map_network(experiment.network, setup);
  if (Infeasible* infeasible = std::get_if<Infeasible>(&mapped)) return *infeasible;
  const Mapping& mapping = std::get<Mapping>(mapped);
  const SystolicGraph machine = build_systolic(experiment.network, setup.machine, mapping);
  ReportParts parts;
  switch (experiment.simulation.fidelity) {
    case Fidelity::tile:
      parts = run_tile_fidelity(experiment, setup.machine, mapping, machine, hooks);
      break;
    case Fidelity::analytic:
      parts = analyze(setup.machine, mapping, machine, hooks.detail);
      break;
    case Fidelity::pe:
      parts = run_pe_fidelity(experiment, setup.machine, mapping, machine);
      break;
  }
  parts.actions = count_actions(machine.graph);
  return assemble_report(experiment, setup.machine, mapping, parts, energy ? &*energy : nullptr,
                         hooks.detail);
}

}  // namespace sluice
