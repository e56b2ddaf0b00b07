// SPDX-License-Identifier: Apache-2.0
// The `pe` view of a job on a spatial machine: every PE of the grid and of the line is clocked,
// executes the instructions that pass through it, and computes with the words that are in its
// registers and on its links. docs/spatial.md says what is checked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "arch/number_format.hpp"
#include "sim/models/spatial.hpp"
#include "workloads/cascade/evaluate.hpp"

namespace sluice {

struct SpatialPeResult {
  std::uint64_t cycles = 0;           ///< until the last lane has the last result
  std::uint64_t busy[array_units]{};  ///< cycles in which an instruction was issued
  std::uint64_t spatial_registers = 0, vector_registers = 0;  ///< at most, of one PE
  TensorValues outputs;                                       ///< as the PEs computed them
  std::vector<std::string> hazards;  ///< words that were not where they were wanted; stops there
};

/// Runs `job` on all tensors of its cascade, which `reference` holds (evaluate_cascade): inputs and
/// what is before the loop is taken from it. With a format, every result of every operation is
/// rounded to it, and exp is 2^k times a Taylor series of order 5 (Nayak and others, FuseMax, MICRO
/// 2024, section 5); else all is in double.
SpatialPeResult simulate_spatial_pe(const SpatialJob& job, const TensorValues& reference,
                                    std::optional<NumberFormat> format);

/// The largest difference of the outputs from the reference, relative to the largest magnitude of
/// the tensor.
double largest_error(const SpatialPeResult& result, const TensorValues& reference);

}  // namespace sluice
