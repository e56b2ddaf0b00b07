// SPDX-License-Identifier: Apache-2.0
// Networks on the grid of PEs; see network.hpp.
#include "sim/pe/network.hpp"

#include <fmt/format.h>

#include <Eigen/Dense>
#include <random>

#include "arch/systolic_timing.hpp"
#include "base/assert.hpp"
#include "base/checked.hpp"
#include "sim/pe/gemm.hpp"

namespace sluice {
namespace {

constexpr double most_pe_cycles = 5e8;  // a few minutes on one core

/// Small integers: every format holds them, and their products and sums are exact in all.
Eigen::MatrixXd random_matrix(std::uint64_t rows, std::uint64_t columns, std::mt19937_64& random) {
  Eigen::MatrixXd matrix(static_cast<Eigen::Index>(rows), static_cast<Eigen::Index>(columns));
  for (Eigen::Index i = 0; i < matrix.size(); ++i)
    matrix.data()[i] = static_cast<double>(random() % 3) - 1;
  return matrix;
}

void refuse(Diagnostics& diagnostics, const std::string& message, const std::string& hint) {
  diagnostics.error({"--fidelity", 0, 0, ""}, "fidelity pe: " + message, hint);
}

void check_task(const TaskMapping& mapped, const Architecture& architecture,
                Diagnostics& diagnostics, double& pe_cycles) {
  const auto* gemm = std::get_if<GemmTask>(&mapped.task.work);
  if (gemm == nullptr || gemm->epilogue_ops > 0)
    return refuse(diagnostics,
                  fmt::format("task {} needs the vector unit, which has no PEs", mapped.task.name),
                  "use tile, which counts its cycles");
  const GemmLoop loop = gemm_loop(*gemm, std::get<GemmTiling>(mapped.tiling));
  if (loop.m.count * loop.n.count * loop.k.count > 1)
    return refuse(diagnostics,
                  fmt::format("task {} is cut into {} tiles", mapped.task.name,
                              loop.m.count * loop.n.count * loop.k.count),
                  "use mapper: whole");
  const auto cycles =
      static_cast<double>(total_cycles(architecture.array, gemm->m, gemm->n, gemm->k));
  pe_cycles += static_cast<double>(gemm->batch) * cycles * architecture.array.rows *
               architecture.array.columns;
}

void check_experiment(const Experiment& experiment, const Mapping& mapping,
                      const SystolicGraph& machine) {
  Diagnostics diagnostics;
  if (machine.has_memory)
    refuse(diagnostics, "the memory takes time, and pe has only the array",
           "set architecture.dram to preset: ideal without a bandwidth, or use tile");
  if (const auto reason = unsupported_by_pe(experiment.architecture.array))
    refuse(diagnostics, *reason, "use tile, which computes no numbers");
  double pe_cycles = 0;
  for (const TaskMapping& mapped : mapping.tasks)
    check_task(mapped, experiment.architecture, diagnostics, pe_cycles);
  if (pe_cycles > most_pe_cycles)
    refuse(diagnostics,
           fmt::format("{:.2g} PE cycles are needed, at most {:.2g} are sensible", pe_cycles,
                       most_pe_cycles),
           "use tile, which agrees with pe to the cycle");
  diagnostics.throw_if_any();
}

/// All products of one task; consecutive products follow each other like the folds of one.
TaskTiming run_task(const GemmTask& task, const SystolicArray& array, std::mt19937_64& random) {
  TaskTiming timing;
  timing.unit = "array";
  for (std::uint64_t b = 0; b < task.batch; ++b) {
    const Eigen::MatrixXd inputs = random_matrix(task.m, task.k, random);
    const Eigen::MatrixXd weights = random_matrix(task.k, task.n, random);
    const PeResult result = simulate_gemm_pe(array, inputs, weights);
    SLUICE_ASSERT(result.hazards.empty(), "the grid of PEs lost a word");
    SLUICE_ASSERT(result.product == inputs * weights, "the grid of PEs computed a wrong product");
    const std::uint64_t last_fold =
        result.fold_start_cycles.back() - result.fold_start_cycles.front();
    timing.cycles += b + 1 == task.batch ? result.cycles : last_fold + result.initiation_interval;
  }
  timing.busy = timing.cycles;
  return timing;
}

}  // namespace

ReportParts run_pe_fidelity(const Experiment& experiment, const Mapping& mapping,
                            const SystolicGraph& machine) {
  check_experiment(experiment, mapping, machine);
  std::mt19937_64 random(experiment.simulation.seed);
  ReportParts parts;
  UnitReport unit;
  unit.name = "array";
  for (const TaskMapping& mapped : mapping.tasks) {
    parts.tasks.push_back(
        run_task(std::get<GemmTask>(mapped.task.work), experiment.architecture.array, random));
    parts.cycles += parts.tasks.back().cycles;
  }
  unit.busy_cycles = parts.cycles;
  unit.firings = count_firings(machine.graph)[index(machine.array)];
  parts.units.push_back(unit);
  return parts;
}

}  // namespace sluice
