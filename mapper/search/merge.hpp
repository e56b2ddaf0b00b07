// SPDX-License-Identifier: Apache-2.0
// Ranks that no count can tell apart are one rank to a search. Internal to this folder.
#pragma once

#include <vector>

#include "mapper/nest/nest.hpp"

namespace sluice::search {

/// A problem without ranks of one iteration, and with one rank for all that stand in the same
/// tensors, each in a dimension of its own: counts only depend on the product of their tiles, and
/// every divisor of a product is a product of divisors.
struct MergedProblem {
  Problem problem;
  std::vector<std::vector<std::uint8_t>> parts;  ///< of each rank, in the other problem
};

/// `apart` (bits): ranks that stay by themselves.
MergedProblem merge_ranks(const Problem& problem, std::uint32_t apart);

/// A nest of the merged problem as one of the other: every loop as loops over parts of its rank.
Nest split_ranks(const Nest& nest, const MergedProblem& merged, const Problem& problem);

}  // namespace sluice::search
