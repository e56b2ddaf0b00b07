// SPDX-License-Identifier: Apache-2.0
#include "mapper/nest/cost.hpp"

#include <algorithm>
#include <cmath>

#include "base/checked.hpp"

namespace sluice {
namespace {

double row_energy(const AccessCount& count, const NestLevel& level, CountConvention convention) {
  const auto blocks = [&](std::uint64_t words) {
    if (convention != CountConvention::timeloop)
      return static_cast<double>(ceil_div(words, level.block));
    return static_cast<double>(ceil_div(count.of_instance(words), level.block)) * count.instances;
  };
  return blocks(count.reads) * level.read_pj + blocks(count.fills) * level.write_pj +
         blocks(count.updates) * level.update_pj;
}

/// Cycles that a level needs for its words, those of an average instance; at least `steps`.
std::uint64_t cycles_of(const NestCounts& counts, std::size_t index, const NestLevel& level) {
  double reads = 0, writes = 0;
  for (const AccessCount& count : counts.at[index]) {
    if (!count.kept) continue;
    reads += static_cast<double>(count.reads) / count.instances;
    writes += static_cast<double>(count.fills + count.updates) / count.instances;
  }
  double cycles = static_cast<double>(counts.steps);
  const auto limit = [&](double words, double bandwidth) {
    if (bandwidth > 0) cycles = std::max(cycles, words / bandwidth);
  };
  limit(reads, level.read_bandwidth);
  limit(writes, level.write_bandwidth);
  limit(reads + writes, level.shared_bandwidth);
  return static_cast<std::uint64_t>(std::ceil(cycles));
}

}  // namespace

NestCost price(const NestCounts& counts, const Problem& problem, const Hierarchy& hierarchy,
               CountConvention convention) {
  NestCost cost;
  cost.cycles = counts.steps;
  cost.compute_pj = static_cast<double>(counts.operations) * hierarchy.compute.pj;
  cost.total_pj = cost.compute_pj;
  for (std::size_t i = 0; i < hierarchy.levels.size(); ++i) {
    const NestLevel& level = hierarchy.levels[i];
    cost.level_cycles[i] = cycles_of(counts, i, level);
    cost.cycles = std::max(cost.cycles, cost.level_cycles[i]);
    for (std::size_t tensor = 0; tensor < problem.tensors.size(); ++tensor) {
      if (!counts.at[i][tensor].kept) continue;
      cost.energy_pj[i][tensor] = row_energy(counts.at[i][tensor], level, convention);
      cost.total_pj += cost.energy_pj[i][tensor];
    }
  }
  for (std::size_t i = 0; i < hierarchy.levels.size(); ++i)
    cost.leakage_pj += hierarchy.levels[i].leak_pj * static_cast<double>(cost.cycles) *
                       static_cast<double>(instances_of(hierarchy, i));
  cost.total_pj += cost.leakage_pj;
  const double units = static_cast<double>(instances_of(hierarchy, hierarchy.levels.size()));
  cost.utilization =
      static_cast<double>(counts.operations) / (static_cast<double>(cost.cycles) * units);
  return cost;
}

}  // namespace sluice
