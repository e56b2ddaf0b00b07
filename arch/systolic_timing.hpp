// SPDX-License-Identifier: Apache-2.0
// How long a systolic array takes: the closed forms. They hold for the array alone, with operands
// always at hand and results always taken; what a memory does to that is not here. Every form is
// confirmed, cycle for cycle, by the grid of clocked PEs in sim/pe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "arch/systolic_array.hpp"

namespace sluice {

/// Times of one fold, in cycles.
///
/// The PE. In cycle t it takes what is on its wires, multiplies and adds, and at the end of t
/// writes its registers; what it passes on is on the neighbour's wires in t + 1. A register may be
/// written at the end of the very cycle in which its old value is used for the last time. Operands
/// are skewed: row r and column c start r and c cycles late, so PE (r, c) does at t + r + c what
/// the corner PE does at t. A fold ends in the cycle in which its last result leaves.
///
/// With R rows, C columns, T steps, from the cycle of the first operand word:
///
///   ws, is. The stationary tile enters in L cycles: L = R down the columns, L = C along the rows.
///   The T moving words of row 0 follow in cycles L .. L + T - 1; the last one reaches PE
///   (R-1, C-1) R + C - 2 cycles later, which is when the last sum leaves:
///     latency = L + T + R + C - 2.
///
///   os. The T products of the corner PE take cycles 0 .. T - 1, those of PE (R-1, C-1) end
///   R + C - 2 cycles later:
///     latency = T + R + C - 2        results read where they are (Drain::direct)
///             + R                    results shifted down, from the cycle after the last product
///                                    of the column on (Drain::columns).
///
/// The initiation interval, from the start of a fold to the start of the next, is the longest time
/// for which one fold holds any one register or wire, and, unless `overlap_folds`, at least the
/// time for which it is in the array:
///
///   ws, is                            overlap             no overlap
///     load by columns                 L + T - 1           latency
///     load by rows                    L + T               latency
///     double_buffered_stationary      max(L, T)           max(L, T + R + C - 2)
///   os
///     direct                          T                   latency
///     columns                         T + R - 1           latency
///     columns, double buffered        max(T, R)           max(T + R + C - 2, R)
///
///   - Load by columns: the first weight of the next tile is written into the corner PE at the end
///     of the cycle in which the last moving word is multiplied there (load cycle 0 coincides with
///     cycle L + T - 1), and the load wavefront follows the last operands with their skew. Hence
///     L + T - 1. Load by rows: the weights use the wire of the moving operand, so that they can
///     only come after its last word. Hence L + T.
///   - double_buffered_stationary: a bank is held for L + T - 1 cycles out of two intervals, which
///     never binds; the load wire (L) and the wire of the moving operand (T) do.
///   - columns, single: the accumulator of PE r is written first at r (of its own skew) and is
///     still passing the results of the rows above until T + R - 1 + r; the first product of the
///     next fold replaces the last of them in the cycle in which it shifts down.
///   - columns, double buffered: the output register takes the finished sum at T - 1 + r and is
///     free again R cycles later; the accumulator is held for T - 1 cycles.
///
/// `edge_register` adds one cycle to the latency, and to the interval where folds do not overlap
/// (a fold is then in the array for one cycle more). Between overlapping folds it is hidden.
///
/// A fold that uses a part of the array costs as much as a full one: the wires are as long.
struct FoldTiming {
  std::uint64_t initiation_interval = 0;  ///< start of a fold to the earliest start of the next
  std::uint64_t latency = 0;              ///< first word in to last result out, both included
  std::uint64_t stationary_load = 0;      ///< cycles of `latency` before the first moving word
  bool operator==(const FoldTiming&) const = default;
};

/// How often a product is cut to fit the array, and how many steps a fold has.
struct GemmFolds {
  std::uint64_t row_folds = 0;
  std::uint64_t column_folds = 0;
  std::uint64_t steps = 0;  ///< T
  bool operator==(const GemmFolds&) const = default;
};

/// Why no such array can be built, as a sentence; nothing when it can.
std::optional<std::string> unsupported_reason(const SystolicArray& array);

/// Times of a fold of `steps` >= 1 steps. The array must be supported.
FoldTiming fold_timing(const SystolicArray& array, std::uint64_t steps);

/// Folds of inputs (m x k) times weights (k x n); all extents >= 1.
GemmFolds fold_gemm(const SystolicArray& array, std::uint64_t m, std::uint64_t n, std::uint64_t k);

/// Cycles of the whole product: (folds - 1) * initiation_interval + latency.
std::uint64_t total_cycles(const SystolicArray& array, std::uint64_t m, std::uint64_t n,
                           std::uint64_t k);

/// Operand words that the array reads for an m x n x k tile over all its folds, how many partial
/// sums each result has, and the PEs used summed over the folds.
struct OperandReads {
  std::uint64_t input = 0, weight = 0, partial_sums = 1, used_pes = 0;
};
OperandReads operand_reads(const SystolicArray& array, std::uint64_t m, std::uint64_t n,
                           std::uint64_t k);

}  // namespace sluice
