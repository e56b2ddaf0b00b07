// SPDX-License-Identifier: Apache-2.0
// How many mappings of a convolution on three levels are counted and priced a second on one core,
// each from its first node to its last.
#include <algorithm>
#include <random>

#include "benchmarks/figures.hpp"
#include "mapper/nest/cost.hpp"
#include "mapper/nest/tally.hpp"

namespace {

using namespace sluice;

enum Rank : std::size_t { C, M, R, S, P, Q };
constexpr std::uint16_t all = 7;

/// The 3 x 3 layers of ResNet-50's third stage (He et al. 2016, table 1).
Problem convolution() {
  return {"conv",
          {{"C", 128, false},
           {"M", 128, false},
           {"R", 3, false},
           {"S", 3, false},
           {"P", 28, false},
           {"Q", 28, false}},
          {{"Weights", {{{C, 1}}, {{M, 1}}, {{R, 1}}, {{S, 1}}}, false, 8},
           {"Inputs", {{{C, 1}}, {{P, 1}, {R, 1}}, {{Q, 1}, {S, 1}}}, false, 8},
           {"Outputs", {{{M, 1}}, {{P, 1}}, {{Q, 1}}}, true, 8}}};
}

Hierarchy machine() {
  Hierarchy result;
  for (const char* name : {"DRAM", "buffer", "registers"}) {
    NestLevel level;
    level.name = name;
    level.read_pj = level.write_pj = level.update_pj = 1;
    level.shared_bandwidth = 64;
    result.levels.push_back(level);
  }
  result.levels[1].fan_out = {{"X", 16, {}}, {"Y", 16, {}}};
  return result;
}

/// Mappings as a mapper meets them: factors of every rank on every level, any order, lanes on both
/// axes; always the same ones.
std::vector<Nest> nests(const Problem& problem) {
  std::mt19937_64 random(1);
  std::vector<Nest> list(512);
  for (Nest& nest : list) {
    std::vector<std::uint64_t> tiles;
    for (const NestRank& rank : problem.ranks) tiles.push_back(rank.extent);
    const auto cut = [&](std::size_t rank, std::uint64_t most) {
      std::uint64_t count = 1 + random() % std::min(most, tiles[rank]);
      while (tiles[rank] % count != 0) --count;
      return tiles[rank] /= count;
    };
    const auto loops = [&](std::uint64_t most) {
      std::vector<std::size_t> order = {C, M, R, S, P, Q};
      std::ranges::shuffle(order, random);
      for (const std::size_t rank : order) {
        const std::uint64_t around = tiles[rank], tile = cut(rank, most);
        if (tile < around) nest.loop(rank, tile);
      }
    };
    nest.keep(0, all);
    loops(8);
    nest.keep(1, all);
    loops(8);
    nest.spread(1, 0, M, cut(M, 16)).spread(1, 1, C, cut(C, 16));
    nest.keep(2, all);
    loops(128);
    for (const std::size_t rank : {C, M, R, S, P, Q})
      if (tiles[rank] > 1) nest.loop(rank, 1);
  }
  return list;
}

constexpr double required = 1e6;  ///< mappings a second on one core

}  // namespace

int main() {
  const Problem problem = convolution();
  const Hierarchy hierarchy = machine();
  const std::vector<Nest> mappings = nests(problem);
  bench::Figures figures;
  constexpr int rounds = 50;
  for (const auto& [name, convention] : {std::pair{"sluice", CountConvention::sluice},
                                         std::pair{"timeloop", CountConvention::timeloop},
                                         std::pair{"accelforge", CountConvention::accelforge}}) {
    const NestCounter counter(problem, hierarchy, convention);
    const NestPricer pricer(problem, hierarchy, convention);
    NestCounts counts;
    double energy = 0;
    const double seconds = bench::least_seconds(7, bench::cpu_seconds, [&] {
      for (int round = 0; round < rounds; ++round)
        for (const Nest& nest : mappings) {
          counter.count(nest, counts);
          energy += pricer.price(counts).total_pj;
        }
    });
    figures.at_least(std::string("mappings a second, convention ") + name,
                     rounds * static_cast<double>(mappings.size()) / seconds, required, "1/s");
    if (energy < 0) return 1;
  }
  return figures.status();
}
