// SPDX-License-Identifier: Apache-2.0
#include "sim/pe/gemm.hpp"

#include <algorithm>

#include "arch/systolic_timing.hpp"
#include "base/assert.hpp"
#include "sim/pe/arithmetic.hpp"
#include "sim/pe/grid.hpp"
#include "sim/tile/systemc_context.hpp"

namespace sluice {
namespace {

PeObservation run(PeProgram& program, std::uint32_t folds, std::uint64_t interval,
                  PeBanks* banks = nullptr) {
  PeObservation observation(folds, folds * program.results_per_fold(), banks);
  const SystemcContext context;
  PeGrid(program, observation, folds, interval).run();
  return observation;
}

/// The part of a fold that must not meet the same part of the next when folds do not overlap.
/// What has a second register, the load or the drain, may still go on beside it.
struct Window {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

Window exclusive_window(const PeProgram& program, const PeFoldTimes& times) {
  const SystolicArray& array = program.array();
  const bool load_apart = !program.output_stationary() && array.double_buffered_stationary;
  const bool drain_apart =
      program.output_stationary() && array.double_buffered_output && array.drain == Drain::columns;
  return {load_apart ? times.first_stream_entry : times.first_entry,
          drain_apart ? times.last_product : times.last_exit};
}

/// The shortest interval that the array can keep, seen from one fold in the empty array.
std::uint64_t measure_interval(PeProgram program) {
  const PeObservation seen = run(program, 1, 1);
  SLUICE_ASSERT(seen.hazards().empty(), "one fold alone in the array met a hazard");
  if (program.array().overlap_folds) return seen.longest_hold();
  const Window window = exclusive_window(program, seen.folds().front());
  return std::max(seen.longest_hold(), window.last - window.first + 1);
}

/// Folds that were in the array together although the array does not allow it.
std::vector<std::string> meetings(const PeProgram& program, const PeObservation& seen) {
  std::vector<std::string> found;
  if (program.array().overlap_folds) return found;
  for (std::size_t fold = 1; fold < seen.folds().size(); ++fold) {
    const Window before = exclusive_window(program, seen.folds()[fold - 1]);
    const Window after = exclusive_window(program, seen.folds()[fold]);
    if (after.first > before.last) continue;
    found.push_back("fold " + std::to_string(fold) + " enters in cycle " +
                    std::to_string(after.first) + " while the one before is in the array until " +
                    std::to_string(before.last));
  }
  return found;
}

}  // namespace

std::optional<std::string> unsupported_by_pe(const SystolicArray& array) {
  if (auto reason = unsupported_reason(array)) return reason;
  return unsupported_formats(array);
}

PeResult simulate_gemm_pe(const SystolicArray& array, const Eigen::MatrixXd& inputs,
                          const Eigen::MatrixXd& weights, const PeOptions& options) {
  SLUICE_ASSERT(!unsupported_by_pe(array), "the array was not checked for what cannot be run");
  PeProgram program(array, inputs, weights);
  const std::uint64_t interval =
      options.forced_interval ? *options.forced_interval : measure_interval(program);
  SLUICE_ASSERT(interval >= 1, "a fold cannot start together with the one before");
  const PeObservation seen = run(program, program.folds(), interval, options.banks);

  PeResult result;
  result.initiation_interval = interval;
  result.macs = seen.macs();
  result.input_reads = seen.input_reads();
  result.weight_reads = seen.weight_reads();
  result.result_writes = seen.result_writes();
  result.hazards = seen.hazards();
  if (result.hazards.empty()) result.hazards = meetings(program, seen);
  SLUICE_ASSERT(options.forced_interval || result.hazards.empty(),
                "the interval that the controller found led to a hazard");
  result.product = program.result();
  const std::uint64_t begin = seen.folds().front().first_entry;
  for (const PeFoldTimes& times : seen.folds()) {
    result.fold_start_cycles.push_back(times.first_entry - begin);
    result.cycles = std::max(result.cycles, times.last_exit - begin + 1);
  }
  return result;
}

}  // namespace sluice
