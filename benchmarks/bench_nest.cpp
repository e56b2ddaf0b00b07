// SPDX-License-Identifier: Apache-2.0
// How many mappings of a convolution on three levels are counted and priced a second on one core.
#include <cstdio>

#include "benchmarks/figures.hpp"
#include "mapper/nest/cost.hpp"

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

Nest nest() {
  Nest result;
  result.keep(0, all).loop(P, 7).loop(M, 32).loop(C, 64);
  result.keep(1, all).loop(Q, 7).loop(R, 1).loop(C, 16);
  result.spread(1, 0, M, 2).spread(1, 1, C, 1);
  result.keep(2, all).loop(S, 1).loop(P, 1).loop(Q, 1).loop(M, 1);
  return result;
}

}  // namespace

int main() {
  const Problem problem = convolution();
  const Hierarchy hierarchy = machine();
  const Nest mapping = nest();
  bench::Figures figures;
  constexpr int calls = 20000;
  for (const auto& [name, convention] : {std::pair{"sluice", CountConvention::sluice},
                                         std::pair{"timeloop", CountConvention::timeloop},
                                         std::pair{"accelforge", CountConvention::accelforge}}) {
    NestCounts counts;
    double energy = 0;
    const double seconds = bench::least_seconds(7, bench::cpu_seconds, [&] {
      for (int call = 0; call < calls; ++call) {
        count_accesses(mapping, problem, hierarchy, {convention, 0}, counts);
        energy += price(counts, problem, hierarchy, convention).total_pj;
      }
    });
    figures.note(std::string("mappings a second, convention ") + name, calls / seconds, "1/s");
    if (energy < 0) return 1;
  }
  return figures.status();
}
