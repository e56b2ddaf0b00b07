// SPDX-License-Identifier: Apache-2.0
#include "mapper/nest/cost.hpp"

#include <algorithm>
#include <bit>

#include "base/checked.hpp"

namespace sluice {
namespace {

/// Rounds up; `value` is not negative and fits an integer.
double whole(double value) {
  const auto below = static_cast<double>(static_cast<std::int64_t>(value));
  return below < value ? below + 1 : below;
}

}  // namespace

NestPricer::NestPricer(const Problem& problem, const Hierarchy& hierarchy,
                       CountConvention convention)
    : levels_(hierarchy.levels.size()),
      tensors_(problem.tensors.size()),
      compute_pj_(hierarchy.compute.pj),
      units_(static_cast<double>(instances_of(hierarchy, hierarchy.levels.size()))),
      convention_(convention) {
  for (std::size_t i = 0; i < levels_; ++i) {
    const NestLevel& from = hierarchy.levels[i];
    Level& level = level_[i];
    for (std::size_t t = 0; t < tensors_; ++t)
      level.bits[t] = bits_at(from, problem.tensors[t].name, problem.tensors[t].bits);
    level.word_bits = from.word_bits;
    if (std::has_single_bit(from.word_bits)) level.words_of_bit = 1 / level.word_bits;
    level.read_bandwidth = from.read_bandwidth;
    level.write_bandwidth = from.write_bandwidth;
    level.shared_bandwidth = from.shared_bandwidth;
    level.limits = from.read_bandwidth > 0 || from.write_bandwidth > 0 || from.shared_bandwidth > 0;
    level.read_pj = from.read_pj;
    level.write_pj = from.write_pj;
    level.update_pj = from.update_pj;
    level.leak_pj = from.leak_pj;
    level.block = from.block;
    level.clustered_block = static_cast<double>(from.block * from.cluster);
    const std::uint64_t instances = instances_of(hierarchy, i);
    level.instances = static_cast<double>(instances);
    level.clusters = static_cast<double>(ceil_div(instances, from.cluster));
  }
}

/// Words of a level that `elements` of a tensor take.
double NestPricer::words(double elements, const Level& level, std::size_t tensor) const {
  if (convention_ == CountConvention::timeloop) return elements;
  const double bits = elements * level.bits[tensor];
  return level.words_of_bit > 0 ? bits * level.words_of_bit : bits / level.word_bits;
}

/// Energy of the accesses to one tensor.
double NestPricer::row_energy(const AccessCount& count, const Level& level,
                              std::size_t tensor) const {
  const double clusters = std::min(count.instances, level.clusters);
  const auto blocks = [&](std::uint64_t elements) -> double {
    if (elements == 0) return 0;
    if (convention_ == CountConvention::timeloop)
      return static_cast<double>(ceil_div(count.of_instance(elements), level.block)) * clusters;
    const double packed = words(static_cast<double>(elements), level, tensor);
    return whole(level.clustered_block > 1 ? packed / level.clustered_block : packed);
  };
  return blocks(count.reads) * level.read_pj + blocks(count.fills) * level.write_pj +
         blocks(count.updates) * level.update_pj;
}

/// Instances of a level that leak: in timeloop, those that are not used are switched off.
double NestPricer::leaking(const NestCounts& counts, std::size_t index) const {
  if (convention_ != CountConvention::timeloop) return level_[index].instances;
  double used = 0;
  for (std::size_t t = 0; t < tensors_; ++t)
    if (counts.at[index][t].kept) used = std::max(used, counts.at[index][t].instances);
  return used;
}

/// Cycles that a level needs for its words, those of an average instance.
double NestPricer::cycles_of(const NestCounts& counts, std::size_t index) const {
  const Level& level = level_[index];
  if (!level.limits) return 0;
  const auto steps = static_cast<double>(counts.steps);
  double reads = 0, writes = 0;
  for (std::size_t t = 0; t < tensors_; ++t) {
    const AccessCount& count = counts.at[index][t];
    if (!count.kept) continue;
    reads += words(static_cast<double>(count.reads), level, t) / count.instances;
    writes += words(static_cast<double>(count.fills + count.updates), level, t) / count.instances;
  }
  double cycles = 0;
  const auto limit = [&](double amount, double bandwidth) {
    if (bandwidth <= 0) return;
    // Timeloop divides the steps by how much a port slows them down; written as it computes, since
    // the last bit decides whether a whole number is rounded up.
    cycles = std::max(cycles, convention_ == CountConvention::timeloop
                                  ? steps / (bandwidth / (amount / steps))
                                  : amount / bandwidth);
  };
  limit(reads, level.read_bandwidth);
  limit(writes, level.write_bandwidth);
  limit(reads + writes, level.shared_bandwidth);
  return cycles;
}

NestCost NestPricer::price(const NestCounts& counts) const {
  NestCost cost;
  cost.latency = static_cast<double>(counts.steps);
  cost.compute_pj = static_cast<double>(counts.operations) * compute_pj_;
  cost.total_pj = cost.compute_pj;
  for (std::size_t i = 0; i < levels_; ++i) {
    const double cycles = cycles_of(counts, i);
    cost.level_cycles[i] = static_cast<std::uint64_t>(whole(cycles));
    cost.latency = std::max(cost.latency, cycles);
    for (std::size_t t = 0; t < tensors_; ++t) {
      if (!counts.at[i][t].kept) continue;
      cost.energy_pj[i][t] = row_energy(counts.at[i][t], level_[i], t);
      cost.total_pj += cost.energy_pj[i][t];
    }
  }
  cost.cycles = static_cast<std::uint64_t>(whole(cost.latency));
  for (std::size_t i = 0; i < levels_; ++i)
    if (level_[i].leak_pj > 0)
      cost.leakage_pj += level_[i].leak_pj * static_cast<double>(cost.cycles) * leaking(counts, i);
  cost.total_pj += cost.leakage_pj;
  cost.utilization =
      static_cast<double>(counts.operations) / (static_cast<double>(cost.cycles) * units_);
  return cost;
}

NestCost price(const NestCounts& counts, const Problem& problem, const Hierarchy& hierarchy,
               CountConvention convention) {
  return NestPricer(problem, hierarchy, convention).price(counts);
}

}  // namespace sluice
