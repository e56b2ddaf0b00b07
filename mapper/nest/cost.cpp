// SPDX-License-Identifier: Apache-2.0
#include "mapper/nest/cost.hpp"

#include <algorithm>
#include <cmath>

#include "base/checked.hpp"

namespace sluice {
namespace {

/// Words of a level that `elements` of a tensor take.
double words_of(double elements, const NestTensor& tensor, const NestLevel& level,
                CountConvention convention) {
  if (convention == CountConvention::timeloop) return elements;
  return elements * bits_at(level, tensor.name, tensor.bits) / level.word_bits;
}

/// Energy of the accesses to one tensor; there are `instances` of the level.
double row_energy(const AccessCount& count, const NestTensor& tensor, const NestLevel& level,
                  std::uint64_t instances, CountConvention convention) {
  const double clusters =
      std::min(count.instances, static_cast<double>(ceil_div(instances, level.cluster)));
  const auto blocks = [&](std::uint64_t elements) {
    if (convention == CountConvention::timeloop)
      return static_cast<double>(ceil_div(count.of_instance(elements), level.block)) * clusters;
    return std::ceil(words_of(static_cast<double>(elements), tensor, level, convention) /
                     static_cast<double>(level.block * level.cluster));
  };
  return blocks(count.reads) * level.read_pj + blocks(count.fills) * level.write_pj +
         blocks(count.updates) * level.update_pj;
}

/// Instances of a level that leak: in timeloop, those that are not used are switched off.
double leaking(const NestCounts& counts, std::size_t index, std::uint64_t instances,
               CountConvention convention) {
  if (convention != CountConvention::timeloop) return static_cast<double>(instances);
  double used = 0;
  for (const AccessCount& count : counts.at[index])
    if (count.kept) used = std::max(used, count.instances);
  return used;
}

/// Cycles that a level needs for its words, those of an average instance.
double cycles_of(const NestCounts& counts, const Problem& problem, std::size_t index,
                 const NestLevel& level, CountConvention convention) {
  const double steps = static_cast<double>(counts.steps);
  double reads = 0, writes = 0;
  for (std::size_t t = 0; t < problem.tensors.size(); ++t) {
    const AccessCount& count = counts.at[index][t];
    if (!count.kept) continue;
    const auto words = [&](std::uint64_t elements) {
      return words_of(static_cast<double>(elements), problem.tensors[t], level, convention) /
             count.instances;
    };
    reads += words(count.reads);
    writes += words(count.fills + count.updates);
  }
  double cycles = 0;
  const auto limit = [&](double words, double bandwidth) {
    if (bandwidth <= 0) return;
    // Timeloop divides the steps by how much a port slows them down; written as it computes, since
    // the last bit decides whether a whole number is rounded up.
    cycles = std::max(cycles, convention == CountConvention::timeloop
                                  ? steps / (bandwidth / (words / steps))
                                  : words / bandwidth);
  };
  limit(reads, level.read_bandwidth);
  limit(writes, level.write_bandwidth);
  limit(reads + writes, level.shared_bandwidth);
  return cycles;
}

}  // namespace

NestCost price(const NestCounts& counts, const Problem& problem, const Hierarchy& hierarchy,
               CountConvention convention) {
  NestCost cost;
  cost.latency = static_cast<double>(counts.steps);
  cost.compute_pj = static_cast<double>(counts.operations) * hierarchy.compute.pj;
  cost.total_pj = cost.compute_pj;
  for (std::size_t i = 0; i < hierarchy.levels.size(); ++i) {
    const NestLevel& level = hierarchy.levels[i];
    const double cycles = cycles_of(counts, problem, i, level, convention);
    cost.level_cycles[i] = static_cast<std::uint64_t>(std::ceil(cycles));
    cost.latency = std::max(cost.latency, cycles);
    for (std::size_t tensor = 0; tensor < problem.tensors.size(); ++tensor) {
      if (!counts.at[i][tensor].kept) continue;
      cost.energy_pj[i][tensor] = row_energy(counts.at[i][tensor], problem.tensors[tensor], level,
                                             instances_of(hierarchy, i), convention);
      cost.total_pj += cost.energy_pj[i][tensor];
    }
  }
  cost.cycles = static_cast<std::uint64_t>(std::ceil(cost.latency));
  for (std::size_t i = 0; i < hierarchy.levels.size(); ++i)
    if (hierarchy.levels[i].leak_pj > 0)
      cost.leakage_pj += hierarchy.levels[i].leak_pj * static_cast<double>(cost.cycles) *
                         leaking(counts, i, instances_of(hierarchy, i), convention);
  cost.total_pj += cost.leakage_pj;
  const double units = static_cast<double>(instances_of(hierarchy, hierarchy.levels.size()));
  cost.utilization =
      static_cast<double>(counts.operations) / (static_cast<double>(cost.cycles) * units);
  return cost;
}

}  // namespace sluice
