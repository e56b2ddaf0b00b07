// SPDX-License-Identifier: Apache-2.0
// A matrix product computed by a systolic array, PE by PE and cycle by cycle. The reference for
// arch/systolic_timing.hpp; meant for arrays of up to some 32 x 32 PEs and short products.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "arch/systolic_array.hpp"
#include "sim/pe/banks.hpp"

namespace sluice {

struct PeResult {
  Eigen::MatrixXd product;  ///< M x N, numbers of the accumulator's format
  /// From the first cycle in which a word enters (stationary ones included) to the last in which a
  /// result leaves, both included.
  std::uint64_t cycles = 0;
  std::vector<std::uint64_t> fold_start_cycles;  ///< first word in, from the first fold on
  std::uint64_t initiation_interval = 0;         ///< that the controller used
  std::uint64_t macs = 0;                        ///< padding of edge folds excluded
  std::uint64_t input_reads = 0;                 ///< input words that entered by an edge
  std::uint64_t weight_reads = 0;                ///< weight words that entered by an edge
  std::uint64_t result_writes = 0;               ///< results, or partial sums, that left the array
  /// Words lost, overwritten or mistaken, and folds that met although they must not: the run ended
  /// there and the other fields mean little. Always empty with the interval of the controller.
  std::vector<std::string> hazards;
};

struct PeOptions {
  /// Cycles from fold to fold, instead of those that the controller finds: for tests that show
  /// which intervals the hardware cannot keep.
  std::optional<std::uint64_t> forced_interval;
  /// The scratchpads that the words come from and go to; the array's own time is without them.
  PeBanks* banks = nullptr;
};

/// Why simulate_gemm_pe cannot run this array; nothing when it can.
std::optional<std::string> unsupported_by_pe(const SystolicArray& array);

/// inputs (M x K) times weights (K x N) on `array`, which must be supported.
///
/// The controller learns the interval between folds from the hardware: it lets one fold through
/// the empty array and notes for how long that fold keeps every register and every wire. Folds are
/// alike, so that the longest of these times, shared by the copies of a double-buffered register,
/// is the earliest distance of the next fold; without `overlap_folds` it also waits until the fold
/// has left. In the run proper every PE checks the tags of all words it uses.
///
/// Operands are rounded to their formats first. Integers wrap around at the accumulator's width;
/// sums of floats are taken in the order of k within a fold, then over folds.
/// Runs in a SystemC context of its own: not from two threads, not from within a simulation.
PeResult simulate_gemm_pe(const SystolicArray& array, const Eigen::MatrixXd& inputs,
                          const Eigen::MatrixXd& weights, const PeOptions& options = {});

}  // namespace sluice
