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

/// Prices the counts of nests of one Einsum on one machine. In timeloop, an element is a word of
/// whatever width, and the accesses of an instance (of `cluster` instances) are rounded up to whole
/// blocks; else elements are packed into words, and the blocks of all instances are rounded up.
class NestPricer {
 public:
  NestPricer(const Problem& problem, const Hierarchy& hierarchy, CountConvention convention);

  NestCost price(const NestCounts& counts) const;

 private:
  /// A level, as prices depend on it.
  struct Level {
    std::array<double, max_nest_tensors> bits{};  ///< of an element of each tensor
    double word_bits = 8, words_of_bit = 0;       ///< the latter 0 where it is not exact
    double read_bandwidth = 0, write_bandwidth = 0, shared_bandwidth = 0;
    double read_pj = 0, write_pj = 0, update_pj = 0, leak_pj = 0;
    double clustered_block = 1;
    double instances = 1, clusters = 1;
    std::uint64_t block = 1;
    bool limits = false;  ///< some bandwidth does
  };

  double words(double elements, const Level& level, std::size_t tensor) const;
  double cycles_of(const NestCounts& counts, std::size_t index) const;
  double row_energy(const AccessCount& count, const Level& level, std::size_t tensor) const;
  double leaking(const NestCounts& counts, std::size_t index) const;

  std::array<Level, max_nest_levels> level_{};
  std::size_t levels_ = 0, tensors_ = 0;
  double compute_pj_ = 0, units_ = 1;
  CountConvention convention_ = CountConvention::sluice;
};

/// The same, once.
NestCost price(const NestCounts& counts, const Problem& problem, const Hierarchy& hierarchy,
               CountConvention convention);

}  // namespace sluice
