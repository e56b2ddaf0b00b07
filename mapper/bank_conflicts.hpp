// SPDX-License-Identifier: Apache-2.0
// What the systolic array loses to bank conflicts in its scratchpads (docs/systolic.md): closed
// forms for one tile step, from where its operands lie and which words it takes together.
#pragma once

#include <cstdint>

#include "arch/architecture.hpp"
#include "arch/scratchpad_banks.hpp"
#include "mapper/gemm_nest.hpp"

namespace sluice {

/// Along which rank of the product the words of one access follow each other.
enum class WalkRank : std::uint8_t { m, n, k };

/// A step of the array, and of what tile on chip it takes the input: by rank.
struct StepBox {
  GemmExtents step{}, input{};
};
/// A step of a tiling, which takes all of its tile: whole images, rows, or a part of a row.
StepBox tile_step(const GemmTask& task, std::uint64_t m, std::uint64_t n, std::uint64_t k);

/// Where the words of an operand or result lie along a rank: next to each other, but for the input
/// of a convolution, of which a tile holds each element once: pixels row by row, along k their
/// channels (taps outside, channels inside), along m one channel after the other.
WordWalk operand_walk(const GemmTask& task, const SystolicArray& array, TensorRole role,
                      WalkRank rank, const StepBox& box);

/// Cycles for which the array is held in a step, over all its folds, because words that it takes or
/// hands over in one cycle lie in the same bank. `read_back`: how often partial sums come back
/// (OperandReads).
std::uint64_t bank_conflicts(const Architecture& architecture, const GemmTask& task,
                             const StepBox& box, std::uint64_t read_back);

/// The same of a firing that passes `words` of a tensor in accesses of `lanes` words.
std::uint64_t lane_conflicts(const Architecture& architecture, TensorRole role, bool write,
                             NumberFormat format, std::uint64_t words, std::uint64_t lanes);

}  // namespace sluice
