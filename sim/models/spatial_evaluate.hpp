// SPDX-License-Identifier: Apache-2.0
// Evaluation of experiments on spatial machines; evaluate() in sim/evaluate.hpp comes here.
#pragma once

#include <vector>

#include "sim/evaluate.hpp"
#include "sim/models/spatial.hpp"
#include "sim/report/assemble.hpp"

namespace sluice {

Outcome evaluate_spatial(const Experiment& experiment, const SpatialSetup& setup,
                         const Library& library, const EvaluateHooks& hooks);

/// What a run of the jobs took; `layers` by job.
struct SpatialTiming {
  std::vector<TaskTiming> layers;
  std::vector<UnitReport> units;
  std::vector<Counter> dram_counters;
  std::uint64_t cycles = 0;
  double error = 0;  ///< of `pe`: of the outputs in the machine's format, to their largest
};

/// A lower bound: the epochs of every job, and all traffic at the peak of the memory.
SpatialTiming bound_spatial(const SpatialMachine& machine, const std::vector<SpatialJob>& jobs,
                            const SpatialGraph& graph);

/// `energy` is nothing where only time is asked for.
Report spatial_report(const Experiment& experiment, const SpatialMachine& machine,
                      const std::vector<SpatialJob>& jobs, const SpatialGraph& graph,
                      const SpatialTiming& timing, const EnergyModel* energy);

}  // namespace sluice
