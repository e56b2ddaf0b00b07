// SPDX-License-Identifier: Apache-2.0
// Time and energy of counted accesses: every level works beside the others, the slowest decides.
#pragma once

#include <array>

#include "mapper/nest/counts.hpp"

namespace sluice {

struct NestCost {
  std::uint64_t cycles = 0;  ///< of the slowest level, at least the steps
  double latency = 0;        ///< the same before it is rounded up
  std::array<std::uint64_t, max_nest_levels> level_cycles{};  ///< of each, for its words alone
  std::array<std::array<double, max_nest_tensors>, max_nest_levels> energy_pj{};
  double compute_pj = 0;
  double leakage_pj = 0;
  double total_pj = 0;
  double utilization = 0;  ///< operations / (cycles x compute units)
};

/// In timeloop, an element is a word of whatever width, and the accesses of an instance (of
/// `cluster` instances) are rounded up to whole blocks; else elements are packed into words, and
/// the blocks of all instances are rounded up.
NestCost price(const NestCounts& counts, const Problem& problem, const Hierarchy& hierarchy,
               CountConvention convention);

}  // namespace sluice
