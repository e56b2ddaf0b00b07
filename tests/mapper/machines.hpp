// SPDX-License-Identifier: Apache-2.0
// Machines and random tasks that several tests of the mapper share.
#pragma once

#include <cstdint>
#include <random>

#include "mapper/mapping.hpp"

namespace sluice {

/// One scratchpad a role, int8 operands and int32 sums, a weight-stationary array.
inline Architecture machine(std::uint64_t input, std::uint64_t weight, std::uint64_t output,
                            bool double_buffered = false) {
  Architecture result;
  result.name = "test";
  result.array.rows = 4;
  result.array.columns = 4;
  result.vector.lanes = 4;
  const auto pad = [&](const char* name, std::uint64_t capacity, TensorRole role) {
    Scratchpad scratchpad;
    scratchpad.name = name;
    scratchpad.capacity = {capacity};
    scratchpad.holds = {role};
    scratchpad.double_buffered = double_buffered;
    return scratchpad;
  };
  result.scratchpads = {pad("in", input, TensorRole::input), pad("wt", weight, TensorRole::weight),
                        pad("acc", output, TensorRole::output)};
  return result;
}

/// One scratchpad for inputs and weights, one for outputs.
inline Architecture shared_machine(std::uint64_t operands, std::uint64_t output,
                                   bool double_buffered = false) {
  Architecture result = machine(operands, 0, output, double_buffered);
  result.scratchpads.erase(result.scratchpads.begin() + 1);
  result.scratchpads[0].holds = {TensorRole::input, TensorRole::weight};
  result.scratchpads[0].name = "glb";
  return result;
}

using Random = std::mt19937_64;

inline std::uint64_t pick(Random& random, std::uint64_t low, std::uint64_t high) {
  return low + random() % (high - low + 1);
}

/// m x k times k x n, `batch` times, nothing shared.
inline GemmTask plain_gemm(std::uint64_t m, std::uint64_t n, std::uint64_t k,
                           std::uint64_t batch = 1) {
  GemmTask task;
  task.m = m;
  task.n = n;
  task.k = k;
  task.batch = task.input_batch = task.weight_batch = batch;
  task.input_elements = m * k;
  return task;
}

/// A small random product; inputs and weights may be shared by runs of the batch.
inline GemmTask random_gemm(Random& random, std::uint64_t most) {
  constexpr std::uint64_t shares[] = {1, 2, 3, 6};
  GemmTask task = plain_gemm(pick(random, 1, most), pick(random, 1, most), pick(random, 1, most));
  if (random() % 2 == 0) {
    task.batch = 6;
    task.input_batch = shares[random() % 4];
    task.weight_batch = shares[random() % 4];
  }
  return task;
}

}  // namespace sluice
