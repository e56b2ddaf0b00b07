// SPDX-License-Identifier: Apache-2.0
#include "mapper/attention.hpp"

#include <algorithm>

namespace sluice {

/// Of each operation of the cascade (configs/cascades/attention_*.yaml) as one of the vector unit;
/// a division by what a row has once is a multiplication by its reciprocal, one division a row.
///   3pass           max; subtract, exp, add to the sum; multiply
///   3pass_deferred  max; subtract, exp, add; results times the reciprocal
///   2pass_local     max, subtract, exp, add, all of the tile; a tile's row: max, correction
///                   (subtract, exp), its sum (multiply, add); twice multiply
///   2pass_online    the same in the first; a tile's row: running max, correction (subtract, min,
///                   exp), sum (multiply, add); subtract, exp, multiply
///   1pass           that first pass is all; each result is corrected a tile (multiply, add) and in
///                   the end multiplied by the reciprocal
AttentionCycles attention_cycles(AttentionForm form, const VectorUnit& unit,
                                 std::uint64_t score_ops, std::uint64_t epilogue_ops) {
  const std::uint64_t exp = unit.exp_cycles;
  const std::uint64_t first = score_ops + 1, softmax = 1 + exp + 1;
  AttentionCycles cycles;
  cycles.row = unit.divide_cycles;
  cycles.output = epilogue_ops;
  switch (form) {
    case AttentionForm::automatic:
    case AttentionForm::unfused:
      break;
    case AttentionForm::three_pass:
      cycles.score = {first, softmax, 1};
      break;
    case AttentionForm::three_pass_deferred:
      cycles.score = {first, softmax};
      cycles.output += 1;
      break;
    case AttentionForm::two_pass_local:
      cycles.score = {first + softmax, 2};
      cycles.tile_row = 1 + (1 + exp) + 2;
      break;
    case AttentionForm::two_pass_online:
      cycles.score = {first + softmax, 1 + exp + 1};
      cycles.tile_row = 1 + (2 + exp) + 2;
      break;
    case AttentionForm::one_pass:
      cycles.score = {first + softmax};
      cycles.tile_row = 1 + (2 + exp) + 2;
      cycles.tile_output = 2;
      cycles.output += 1;
      break;
  }
  return cycles;
}

std::size_t traversals(const AttentionCycles& cycles) {
  return static_cast<std::size_t>(
      std::ranges::count_if(cycles.score, [](std::uint64_t each) { return each > 0; }));
}

}  // namespace sluice
