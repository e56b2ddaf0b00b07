// SPDX-License-Identifier: Apache-2.0
// Mappings of a matrix product by numbers alone: a tile size of each rank, the order of the loops
// over tiles, and how far out each tensor stays on chip. What a design space can vary.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "mapper/mapping.hpp"

namespace sluice {

/// One loop over each of m, n and k, outer to inner, inside of those over the batch, which take one
/// product at a time.
struct TileLoops {
  std::array<GemmLoopNode, 3> loops;
  /// By role: how many of the three lie outside of the tensor's place. 3: a tile of all three is on
  /// chip; 0: what one product has of the tensor.
  std::array<std::size_t, tensor_role_count> kept{3, 3, 3};
};

/// The tiling that loops are of a task, or what is wrong with them, each a sentence. A convolution
/// takes k innermost and 3 of each. Whether there is room is another question (overflow_of()).
std::variant<Tiling, std::vector<std::string>> tiling_of(const TileLoops& loops,
                                                         const GemmTask& task);

/// The first scratchpad that the tiles of a task overflow, or nothing. For matrix products whose
/// tiling is right otherwise.
std::optional<Infeasible> overflow_of(const TaskMapping& mapping, const Architecture& architecture);

}  // namespace sluice
