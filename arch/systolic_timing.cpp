// SPDX-License-Identifier: Apache-2.0
#include "arch/systolic_timing.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "base/checked.hpp"

namespace sluice {
namespace {

/// First moving word in to last product of the fold, with the edge register.
std::uint64_t compute_span(const SystolicArray& array, std::uint64_t steps) {
  const std::uint64_t skew = std::uint64_t{array.rows} + array.columns - 2;
  return steps + skew + (array.edge_register ? 1 : 0);
}

FoldTiming stationary_timing(const SystolicArray& array, std::uint64_t steps) {
  const bool by_columns = array.stationary_load == StationaryLoad::columns;
  const std::uint64_t load = by_columns ? array.rows : array.columns;
  const std::uint64_t span = compute_span(array, steps);
  FoldTiming timing{.latency = load + span, .stationary_load = load};
  if (array.double_buffered_stationary) {
    timing.initiation_interval = std::max(load, array.overlap_folds ? steps : span);
  } else if (array.overlap_folds) {
    timing.initiation_interval = load + steps - (by_columns ? 1 : 0);
  } else {
    timing.initiation_interval = timing.latency;
  }
  return timing;
}

FoldTiming output_timing(const SystolicArray& array, std::uint64_t steps) {
  const std::uint64_t span = compute_span(array, steps);
  if (array.drain == Drain::direct) {
    return {.initiation_interval = array.overlap_folds ? steps : span, .latency = span};
  }
  const std::uint64_t rows = array.rows;
  FoldTiming timing{.latency = span + rows};
  if (array.double_buffered_output) {
    timing.initiation_interval = std::max(rows, array.overlap_folds ? steps : span);
  } else {
    timing.initiation_interval = array.overlap_folds ? steps + rows - 1 : timing.latency;
  }
  return timing;
}

}  // namespace

std::optional<std::string> unsupported_reason(const SystolicArray& array) {
  if (array.rows == 0 || array.columns == 0) return "an array needs a row and a column of PEs";
  if (array.dataflow != Dataflow::output_stationary && array.double_buffered_stationary &&
      array.stationary_load == StationaryLoad::rows) {
    return "double_buffered_stationary needs stationary_load: columns, because with rows the "
           "stationary tile travels through the registers of the moving operand, which are in use "
           "while a fold computes";
  }
  return std::nullopt;
}

FoldTiming fold_timing(const SystolicArray& array, std::uint64_t steps) {
  SLUICE_ASSERT(!unsupported_reason(array), "the array was not checked for what cannot be built");
  SLUICE_ASSERT(steps >= 1, "a fold has at least one step");
  return array.dataflow == Dataflow::output_stationary ? output_timing(array, steps)
                                                       : stationary_timing(array, steps);
}

GemmFolds fold_gemm(const SystolicArray& array, std::uint64_t m, std::uint64_t n, std::uint64_t k) {
  SLUICE_ASSERT(m >= 1 && n >= 1 && k >= 1, "a matrix product has extents of at least one");
  const auto folds = [&](std::uint64_t on_rows, std::uint64_t on_columns, std::uint64_t steps) {
    return GemmFolds{ceil_div(on_rows, array.rows), ceil_div(on_columns, array.columns), steps};
  };
  switch (array.dataflow) {
    case Dataflow::weight_stationary:
      return folds(k, n, m);
    case Dataflow::input_stationary:
      return folds(k, m, n);
    case Dataflow::output_stationary:
      break;
  }
  return folds(m, n, k);
}

std::uint64_t total_cycles(const SystolicArray& array, std::uint64_t m, std::uint64_t n,
                           std::uint64_t k) {
  const GemmFolds folds = fold_gemm(array, m, n, k);
  const FoldTiming timing = fold_timing(array, folds.steps);
  const std::uint64_t count = product(folds.row_folds, folds.column_folds);
  return product(count - 1, timing.initiation_interval) + timing.latency;
}

OperandReads operand_reads(const SystolicArray& array, std::uint64_t m, std::uint64_t n,
                           std::uint64_t k) {
  const std::uint64_t rows = array.rows, columns = array.columns;
  switch (array.dataflow) {
    case Dataflow::weight_stationary:
      return {product(m, k, ceil_div(n, columns)), product(k, n), ceil_div(k, rows), product(k, n)};
    case Dataflow::input_stationary:
      return {product(k, m), product(n, k, ceil_div(m, columns)), ceil_div(k, rows), product(k, m)};
    case Dataflow::output_stationary:
      break;
  }
  return {product(m, k, ceil_div(n, columns)), product(k, n, ceil_div(m, rows)), 1, product(m, n)};
}

}  // namespace sluice
