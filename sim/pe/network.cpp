// SPDX-License-Identifier: Apache-2.0
// Networks on the grid of PEs; see network.hpp.
#include "sim/pe/network.hpp"

#include <fmt/format.h>

#include <Eigen/Dense>
#include <algorithm>
#include <deque>
#include <random>

#include "arch/systolic_timing.hpp"
#include "base/assert.hpp"
#include "base/checked.hpp"
#include "sim/models/fidelity.hpp"
#include "sim/pe/gemm.hpp"
#include "sim/pe/vector_unit.hpp"

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
  if (gemm == nullptr)
    return refuse(
        diagnostics,
        fmt::format("task {} is no matrix product, and the vector unit runs only epilogues",
                    mapped.task.name),
        "use tile, which counts its cycles");
  if (gemm->epilogue_ops > 0 && !is_floating(architecture.vector.format))
    return refuse(diagnostics,
                  fmt::format("task {} has an epilogue, and {} has no fractions", mapped.task.name,
                              name_of(architecture.vector.format)),
                  "use tile, which computes no numbers");
  const auto* tiling = std::get_if<GemmTiling>(&mapped.tiling);
  if (tiling == nullptr)
    return refuse(diagnostics, fmt::format("task {} is cut by loops of its own", mapped.task.name),
                  "use mapper: whole");
  const GemmLoop loop = gemm_loop(*gemm, *tiling);
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

/// Whether anything but the array uses a port, or the array uses one for longer than it works.
bool ports_take_time(const SystolicGraph& machine) {
  return std::ranges::any_of(machine.graph.firings, [&](const Firing& firing) {
    return std::ranges::any_of(firing.ports, [&](const PortUse& use) {
      return firing.unit != machine.array || use.beats > firing.interval * firing.repeat;
    });
  });
}

void check_machine(const Experiment& experiment, const Architecture& architecture,
                   const Mapping& mapping, const SystolicGraph& machine) {
  Diagnostics diagnostics;
  if (const auto refusal = refused_fidelity(experiment))
    diagnostics.error(refusal->where, refusal->message, refusal->hint);
  if (const auto reason = unsupported_by_pe(architecture.array))
    refuse(diagnostics, *reason, "use tile, which computes no numbers");
  for (const Scratchpad& pad : architecture.scratchpads)
    if (pad.width.value > 0 && ports_take_time(machine))
      refuse(diagnostics,
             fmt::format("scratchpad {} has ports of {} B for which units wait, and pe has only "
                         "the array and its banks",
                         pad.name, pad.width.value),
             "leave its width out, or use tile");
  double pe_cycles = 0;
  for (const TaskMapping& mapped : mapping.tasks)
    check_task(mapped, architecture, diagnostics, pe_cycles);
  if (pe_cycles > most_pe_cycles)
    refuse(diagnostics,
           fmt::format("{:.2g} PE cycles are needed, at most {:.2g} are sensible", pe_cycles,
                       most_pe_cycles),
           "use tile, which agrees with pe to the cycle");
  diagnostics.throw_if_any();
}

/// Steps of the epilogue of a task's result: what the operator itself adds, then what the layer
/// lists.
LaneProgram epilogue_of(const Layer& layer, const Task& task, const VectorUnit& unit,
                        std::mt19937_64& random) {
  const auto& gemm = std::get<GemmTask>(task.work);
  LaneProgram program;
  const auto rows = static_cast<Eigen::Index>(gemm.m), columns = static_cast<Eigen::Index>(gemm.n);
  for (const ElementwiseKind kind : epilogue_kinds(layer, task))
    append_steps(program, kind, unit, rows, columns, random);
  std::uint64_t cycles = 0;
  for (const LaneStep& step : program) cycles += step.lane_cycles;
  SLUICE_ASSERT(cycles == gemm.epilogue_ops, "an epilogue's steps are not those that were counted");
  return program;
}

/// The array and the vector unit, task after task, by the clock of the array.
class PeRun {
 public:
  PeRun(const Experiment& experiment, const Architecture& architecture,
        const SystolicGraph& machine)
      : experiment_(experiment),
        architecture_(architecture),
        random_(experiment.simulation.seed),
        buffers_(output_buffers(architecture)) {
    const std::vector<std::uint64_t> firings = count_firings(machine.graph);
    array_.name = "array", array_.firings = firings[index(machine.array)];
    vector_.name = "vector", vector_.firings = firings[index(machine.vector)];
  }

  void run(const Task& task);
  ReportParts finish();

 private:
  static std::size_t output_buffers(const Architecture& a) {
    return a.scratchpads[scratchpad_of(a, TensorRole::output)].double_buffered ? 2 : 1;
  }
  void product(const GemmTask& task, const LaneProgram& epilogue);
  void finish_on_vector(const Eigen::MatrixXd& result, const LaneProgram& epilogue,
                        std::uint64_t ready);
  static void add(std::vector<Stall>& stalls, const std::string& cause, std::uint64_t cycles);

  const Experiment& experiment_;
  const Architecture& architecture_;
  std::mt19937_64 random_;
  std::size_t buffers_;
  ReportParts parts_;
  UnitReport array_, vector_;
  TaskTiming task_;  ///< the present one
  std::uint64_t array_free_ = 0, vector_free_ = 0;
  std::uint64_t done_ = 0;             ///< when the last result of all was there
  std::deque<std::uint64_t> emptied_;  ///< when the vector unit left a tile of this task
  bool first_tile_ = true;             ///< of this task for the vector unit
};

void PeRun::add(std::vector<Stall>& stalls, const std::string& cause, std::uint64_t cycles) {
  if (cycles == 0) return;
  for (Stall& stall : stalls)
    if (stall.cause == cause) {
      stall.cycles += cycles;
      return;
    }
  stalls.push_back({cause, cycles});
}

/// One product on the grid; the next may follow it like its last fold the one before.
void PeRun::product(const GemmTask& task, const LaneProgram& epilogue) {
  const Eigen::MatrixXd inputs = random_matrix(task.m, task.k, random_);
  const Eigen::MatrixXd weights = random_matrix(task.k, task.n, random_);
  PeBanks banks(architecture_, task);
  const PeResult result = simulate_gemm_pe(architecture_.array, inputs, weights, {{}, &banks});
  SLUICE_ASSERT(result.hazards.empty(), "the grid of PEs lost a word");
  SLUICE_ASSERT(result.product == inputs * weights, "the grid of PEs computed a wrong product");
  std::uint64_t start = array_free_;
  if (emptied_.size() >= buffers_)
    start = std::max(start, emptied_[emptied_.size() - buffers_] + 1);
  add(task_.stalls, "output_blocked:vector", start - array_free_);
  const std::uint64_t held = banks.held();
  add(task_.stalls, "bank_conflict", held);
  start += held;
  const std::uint64_t kept = result.fold_start_cycles.back() + result.initiation_interval;
  task_.busy += kept;
  array_free_ = start + kept;
  done_ = std::max(done_, start + result.cycles);
  if (!epilogue.empty()) finish_on_vector(result.product, epilogue, start + result.cycles);
}

void PeRun::finish_on_vector(const Eigen::MatrixXd& result, const LaneProgram& epilogue,
                             std::uint64_t ready) {
  const VectorRun run = run_vector_unit(architecture_.vector, epilogue, result);
  const std::uint64_t start = std::max(vector_free_, ready);
  add(vector_.stalls, first_tile_ ? "fill" : "input_starved:array", start - vector_free_);
  first_tile_ = false;
  vector_.busy_cycles += run.issue_cycles;
  vector_free_ = start + run.issue_cycles;
  emptied_.push_back(vector_free_);
  done_ = std::max(done_, start + run.result_cycles);
}
/// Tasks follow each other: the next begins when the last result is there.
void PeRun::run(const Task& task) {
  const auto& gemm = std::get<GemmTask>(task.work);
  const Layer& layer = experiment_.network.layers[task.layer];
  const std::uint64_t begin = done_;
  add(array_.stalls, "drain", begin - array_free_);
  array_free_ = begin;
  task_ = {};
  task_.unit = array_.name;
  emptied_.clear();
  first_tile_ = true;
  LaneProgram epilogue;
  if (gemm.epilogue_ops > 0) epilogue = epilogue_of(layer, task, architecture_.vector, random_);
  for (std::uint64_t b = 0; b < gemm.batch; ++b) product(gemm, epilogue);
  array_.busy_cycles += task_.busy;
  for (const Stall& stall : task_.stalls) add(array_.stalls, stall.cause, stall.cycles);
  add(task_.stalls, "drain", done_ - array_free_);
  task_.cycles = done_ - begin;
  parts_.tasks.push_back(task_);
}

ReportParts PeRun::finish() {
  parts_.cycles = done_;
  for (UnitReport* unit : {&array_, &vector_}) {
    unit->idle_cycles = done_ - unit->busy_cycles;
    for (const Stall& stall : unit->stalls) unit->idle_cycles -= stall.cycles;
    std::stable_sort(unit->stalls.begin(), unit->stalls.end(),
                     [](const Stall& a, const Stall& b) { return a.cycles > b.cycles; });
    parts_.units.push_back(*unit);
  }
  return std::move(parts_);
}

}  // namespace

ReportParts run_pe_fidelity(const Experiment& experiment, const Architecture& architecture,
                            const Mapping& mapping, const SystolicGraph& machine) {
  check_machine(experiment, architecture, mapping, machine);
  PeRun run(experiment, architecture, machine);
  for (const TaskMapping& mapped : mapping.tasks) run.run(mapped.task);
  return run.finish();
}

}  // namespace sluice
