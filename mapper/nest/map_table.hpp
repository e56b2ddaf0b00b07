// SPDX-License-Identifier: Apache-2.0
// What a mapping of a cascade costs, for people to read and for other programs.
#pragma once

#include <string>
#include <vector>

#include "mapper/nest/fusion.hpp"

namespace sluice {

/// A level, or a compute unit (named last), over all Einsums.
struct LevelCost {
  std::string name;
  std::uint64_t cycles = 0;  ///< that it is busy; the sum over Einsums
  std::uint64_t bounds = 0;  ///< cycles of the Einsums that it is the slowest of
  double energy_pj = 0;      ///< without leakage
  std::uint64_t peak_bits = 0;
  std::uint64_t capacity_bits = 0;  ///< 0: without bound
  bool operator==(const LevelCost&) const = default;
};

std::vector<LevelCost> level_costs(const CascadeMapping& mapping, const Hierarchy& hierarchy,
                                   const CascadeCost& cost);

/// Operations of a cycle, of those that the compute units of the Einsums could do. 0..1.
double utilization_of(const CascadeMapping& mapping, const Hierarchy& hierarchy,
                      const CascadeCost& cost);

/// One sentence: what bounds the time, by how much, and where most energy goes.
std::string why(const CascadeMapping& mapping, const Hierarchy& hierarchy, const CascadeCost& cost);

/// The loop nest, accesses by level and tensor, time and energy by level, and why.
std::string to_table(const CascadeMapping& mapping, const Hierarchy& hierarchy,
                     const CascadeCost& cost);

/// A line for each Einsum, level and tensor, with a head; fields quoted as in RFC 4180, lines ended
/// by CR LF.
std::string to_csv(const CascadeMapping& mapping, const Hierarchy& hierarchy,
                   const CascadeCost& cost);

}  // namespace sluice
