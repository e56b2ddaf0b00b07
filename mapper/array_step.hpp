// SPDX-License-Identifier: Apache-2.0
// Steps of the systolic array that are worth its while: what the mapper `search` builds loops from.
// Internal to this folder.
#pragma once

#include "mapper/gemm_nest.hpp"

namespace sluice {

/// The least tile of each rank, by GemmRank, of a step that fills the rows and columns of the array
/// and runs for about `steps` in time; tiles of n, k and of a plain product's m are even, all
/// others divide their extents. Taps of a convolution are whole unless channels alone fill the
/// array.
GemmExtents least_step(const GemmTask& task, const SystolicArray& array, std::uint64_t steps);

/// The same traffic, or less, in fewer steps: tiles twice as large as long as there is room, loop
/// by loop from the innermost outwards. `task` is a matrix product, `nest` a mapping that fits.
GemmNest grown(const Task& task, GemmNest nest, const Architecture& architecture);

}  // namespace sluice
