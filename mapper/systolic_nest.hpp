// SPDX-License-Identifier: Apache-2.0
// The systolic machine seen as a hierarchy of memories, its matrix products as Einsums, and their
// mappings as loop nests, and back: which nests the machine can run, and what is wrong with others.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "mapper/mapping.hpp"
#include "mapper/nest/nest.hpp"

namespace sluice {

/// The main memory; the scratchpads, which keep their tensors' tiles; and the PEs, each of which
/// keeps a word of the tensor that is stationary. Rows and columns of the array are the fan-out of
/// the last scratchpad. Results are as wide as inputs in main memory, and as sums elsewhere.
Hierarchy hierarchy_of(const Architecture& architecture);

/// Ranks m, n, k, and of the batch those that have an extent; tensors input, weight and output, in
/// this order. A convolution has n images, g groups if several, k filters, c channels, p and q
/// pixels, r and s taps, and no padding: its windows read elements outside of the image, too.
Problem problem_of(const GemmTask& task, const Architecture& architecture);

/// The ranks of that problem, in order.
std::vector<GemmRank> ranks_in(const GemmTask& task);

/// The nest of a mapping: its loops and places, the folds of a step, the array in space, and the
/// rank that runs in time.
Nest nest_of(const GemmTask& task, const GemmNest& mapping, const Architecture& architecture);

/// The mapping that a legal nest (verify()) stands for, or why the machine cannot run it: it does
/// not go around scratchpads, and its dataflow says which ranks lie on rows and columns.
std::variant<GemmNest, std::vector<std::string>> mapping_of(const Nest& nest, const GemmTask& task,
                                                            const Architecture& architecture);

}  // namespace sluice
