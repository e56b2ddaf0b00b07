// SPDX-License-Identifier: Apache-2.0
// From an experiment on a spatial machine to its outcome; see spatial_evaluate.hpp.
#include "sim/models/spatial_evaluate.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/assert.hpp"
#include "base/diagnostics.hpp"
#include "sim/analytic/bound.hpp"
#include "sim/models/fidelity.hpp"
#include "sim/models/spatial_energy.hpp"
#include "sim/pe/spatial.hpp"
#include "sim/report/stalls.hpp"
#include "sim/run_graph.hpp"

namespace sluice {
namespace {

/// The array that a job is about.
ArrayUnit unit_of(const SpatialJob& job) {
  return busy_of(job, ArrayUnit::spatial) > 0 ? ArrayUnit::spatial : ArrayUnit::vector;
}
const char* name_of(ArrayUnit unit) {
  return unit == ArrayUnit::spatial ? "spatial_array" : "vector_array";
}
/// What it waits for when nothing else is to blame.
std::string waits_for_other(ArrayUnit unit) {
  return unit == ArrayUnit::spatial ? "input_starved:vector_array" : "input_starved:spatial_array";
}

/// Each job from the end of the one before to its own, by what the grid did in it; the vector array
/// where the grid has nothing to do.
std::vector<TaskTiming> attribute(const std::vector<SpatialJob>& jobs, const SpatialGraph& graph,
                                  const TileResult& result) {
  std::vector<TaskTiming> timings;
  const UnitStats& grid = result.units[index(graph.spatial)];
  const UnitStats& line = result.units[index(graph.vector)];
  std::uint64_t begin = 0, before[array_units] = {0, 0};
  for (std::size_t l = 0; l < graph.graph.layers.size(); ++l) {
    const bool last = l + 1 == graph.graph.layers.size();
    const std::uint64_t end =
        last ? result.cycles : std::max({begin, grid.layers[l].end, line.layers[l].end});
    const auto unit = static_cast<std::size_t>(unit_of(jobs[l]));
    const UnitStats& working = unit == 0 ? grid : line;
    TaskTiming timing = span_of(graph.graph, working, working.layers[l], before[unit], begin, end);
    timing.unit = graph.graph.units[index(unit == 0 ? graph.spatial : graph.vector)].name;
    timings.push_back(std::move(timing));
    begin = end;
    if (grid.layers[l].firings > 0) before[0] = grid.layers[l].end;
    if (line.layers[l].firings > 0) before[1] = line.layers[l].end;
  }
  return timings;
}

SpatialTiming run_tiles(const Experiment& experiment, const SpatialMachine& machine,
                        const std::vector<SpatialJob>& jobs, const SpatialGraph& graph,
                        const EvaluateHooks& hooks) {
  TileResult result = run_graph(graph.graph, {machine.dram, machine.clock}, experiment, hooks);
  SpatialTiming timing;
  timing.layers = attribute(jobs, graph, result);
  timing.units = unit_reports(graph.graph, result);
  timing.dram_counters = std::move(result.memory_counters);
  timing.cycles = result.cycles;
  return timing;
}

constexpr double most_pe_cycles = 5e8;  // a few minutes on one core

void check_pe(const Experiment& experiment, const SpatialMachine& machine,
              const std::vector<SpatialJob>& jobs) {
  Diagnostics diagnostics;
  const auto refuse = [&](const std::string& what, const std::string& hint) {
    diagnostics.error({.path = "--fidelity"}, "fidelity pe: " + what, hint);
  };
  if (const auto refusal = refused_fidelity(experiment))
    diagnostics.error(refusal->where, refusal->message, refusal->hint);
  if (machine.vector_array.lanes != machine.spatial_array.columns)
    refuse(fmt::format("{} lanes are below {} columns", machine.vector_array.lanes,
                       machine.spatial_array.columns),
           "as many lanes as columns, or use tile");
  double cycles = 0;
  for (const SpatialJob& job : jobs)
    cycles += static_cast<double>(least_cycles(job)) * machine.spatial_array.rows *
              machine.spatial_array.columns;
  if (cycles > most_pe_cycles)
    refuse(fmt::format("{:.2g} PE cycles are needed, at most {:.2g} are sensible", cycles,
                       most_pe_cycles),
           "a smaller array and network, or use tile, which agrees with pe to the cycle");
  diagnostics.throw_if_any();
}

UnitReport unit_of(const std::string& name, std::uint64_t busy, std::uint64_t cycles) {
  UnitReport unit;
  unit.name = name;
  unit.firings = unit.busy_cycles = busy;
  unit.idle_cycles = cycles - busy;
  return unit;
}

/// Every PE clocked: once in double, where the results must be those of the cascade, and once in
/// the format of the machine, whose error is a counter of the report.
SpatialTiming run_pe(const Experiment& experiment, const SpatialMachine& machine,
                     const std::vector<SpatialJob>& jobs) {
  check_pe(experiment, machine, jobs);
  SpatialTiming timing;
  std::uint64_t busy[array_units] = {0, 0};
  for (const SpatialJob& job : jobs) {
    const TensorValues inputs = random_inputs(job.cascade, experiment.simulation.seed);
    const TensorValues reference = evaluate_cascade(job.cascade, inputs);
    const SpatialPeResult exact = simulate_spatial_pe(job, reference, std::nullopt);
    SLUICE_ASSERT(exact.hazards.empty(), "a PE did not find a word that the schedule promised");
    SLUICE_ASSERT(largest_error(exact, reference) < 1e-9, "the PEs computed another result");
    const SpatialPeResult own = simulate_spatial_pe(job, reference, machine.format);
    timing.error = std::max(timing.error, largest_error(own, reference));
    TaskTiming layer;
    const ArrayUnit unit = unit_of(job);
    layer.unit = name_of(unit);
    layer.cycles = exact.cycles + (timing.layers.empty() ? 0 : 1);  // the news that it may begin
    layer.busy = exact.busy[static_cast<std::size_t>(unit)];
    layer.stalls.push_back({waits_for_other(unit), layer.cycles - layer.busy});
    timing.cycles += layer.cycles;
    timing.layers.push_back(std::move(layer));
    for (std::size_t u = 0; u < array_units; ++u) busy[u] += exact.busy[u];
  }
  timing.units = {unit_of("spatial_array", busy[0], timing.cycles),
                  unit_of("vector_array", busy[1], timing.cycles)};
  return timing;
}

}  // namespace

SpatialTiming bound_spatial(const SpatialMachine& machine, const std::vector<SpatialJob>& jobs,
                            const SpatialGraph& graph) {
  SpatialTiming timing;
  const auto actions = count_actions(graph.graph);
  const MemoryBound memory = memory_bound(machine.dram, machine.clock);
  std::uint64_t bytes = 0;
  for (std::size_t l = 0; l < jobs.size(); ++l) {
    TaskTiming layer;
    const ArrayUnit unit = unit_of(jobs[l]);
    layer.unit = name_of(unit);
    layer.cycles = least_cycles(jobs[l]);
    bytes += actions[l][static_cast<std::size_t>(SpatialAction::dram_read)] +
             actions[l][static_cast<std::size_t>(SpatialAction::dram_write)];
    const std::uint64_t passed = cycles_at_peak(memory, bytes);
    if (timing.cycles + layer.cycles < passed) layer.cycles = passed - timing.cycles;
    layer.busy = std::min(layer.cycles, busy_of(jobs[l], unit));
    const bool by_memory = layer.cycles > least_cycles(jobs[l]);
    if (layer.cycles > layer.busy)
      layer.stalls.push_back(
          {by_memory ? "memory_bandwidth" : waits_for_other(unit), layer.cycles - layer.busy});
    timing.cycles += layer.cycles;
    timing.layers.push_back(std::move(layer));
  }
  timing.units = unit_reports(graph.graph, busy_cycles(graph.graph), timing.cycles);
  return timing;
}

Outcome evaluate_spatial(const Experiment& experiment, const SpatialSetup& setup,
                         const Library& library, const EvaluateHooks& hooks) {
  auto mapped = map_spatial(experiment.network, setup);
  if (Infeasible* infeasible = std::get_if<Infeasible>(&mapped)) return *infeasible;
  const auto& jobs = std::get<std::vector<SpatialJob>>(mapped);
  const std::optional<EnergyModel> energy =
      price_jobs(jobs, setup.machine, library, hooks.energy_table);
  const SpatialGraph graph = build_spatial(jobs, setup.machine.outstanding);
  SpatialTiming timing;
  switch (experiment.simulation.fidelity) {
    case Fidelity::tile:
      timing = run_tiles(experiment, setup.machine, jobs, graph, hooks);
      break;
    case Fidelity::analytic:
      timing = bound_spatial(setup.machine, jobs, graph);
      break;
    case Fidelity::pe:
      timing = run_pe(experiment, setup.machine, jobs);
      break;
  }
  return spatial_report(experiment, setup.machine, jobs, graph, timing,
                        energy ? &*energy : nullptr);
}

}  // namespace sluice
