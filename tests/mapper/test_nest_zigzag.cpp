// SPDX-License-Identifier: Apache-2.0
// A published result of ZigZag (KULeuven-MICAS/zigzag 3d12a96e, inputs/hardware/gemm_l1.yaml),
// which counts four movements at every level and, unlike every convention here, the first touch of
// a sum.
#include <doctest/doctest.h>

#include "mapper/nest/cost.hpp"

namespace sluice {
namespace {

constexpr std::size_t d0 = 0, d1 = 1, d2 = 2;
constexpr std::uint16_t in = 1, weight = 2, out = 4;
constexpr std::size_t L1 = 0, reg = 1;

/// O[d0,d1] += I[d0,d2] W[d2,d1] of 128 cubed: 8 bits, sums of 32.
Problem product() {
  return {"gemm",
          {{"d0", 128, false}, {"d1", 128, false}, {"d2", 128, false}},
          {{"I", {{{d0, 1}}, {{d2, 1}}}, false, 8},
           {"W", {{{d2, 1}}, {{d1, 1}}}, false, 8},
           {"O", {{{d0, 1}}, {{d1, 1}}}, true, 32}}};
}

/// L1 above 8 x 8 x 8 multipliers, of which those along D2 add up into one register of O.
Hierarchy machine() {
  Hierarchy hierarchy;
  NestLevel level;
  level.name = "L1";
  level.fan_out = {{"D1", 8, {}}, {"D3", 8, {}}};
  hierarchy.levels.push_back(level);
  level.name = "reg_O";
  level.fan_out = {{"D2", 8, {}}};
  hierarchy.levels.push_back(level);
  hierarchy.compute.latch = true;  // the next words of I and W come when they change
  return hierarchy;
}

TEST_CASE("Z1: a product on three dimensions of multipliers") {
  Nest nest;
  nest.keep(L1, in | weight | out);
  // From the innermost: D1 4, D2 4, D0 4, D2 4, D1 4, D0 4.
  nest.loop(d0, 32).loop(d1, 32).loop(d2, 32).loop(d0, 8).loop(d2, 8).loop(d1, 8);
  nest.spread(L1, 0, d0, 1).spread(L1, 1, d1, 1).keep(reg, out).spread(reg, 0, d2, 1);
  REQUIRE(verify(nest, product(), machine()) == std::vector<std::string>{});
  NestCounts counts;
  count_accesses(nest, product(), machine(), {CountConvention::sluice, 0}, counts);
  const std::uint64_t steps = 128 * 128 * 128 / 512, lanes = 64;
  CHECK(counts.steps == steps);  // ZigZag's ideal latency
  // L1 moves 64 words of each operand at once: ZigZag prints 1024, 4096, 4096 and 4096 accesses.
  const auto& above = counts.at[L1];
  CHECK(above[0].reads == 1024 * lanes);
  CHECK(above[1].reads == 4096 * lanes);
  CHECK(above[2].updates == 4096 * lanes);
  // Of these 4096, 256 bring a sum that nothing was added to yet, which is not read here.
  const std::uint64_t sums = 128 * 128;
  CHECK(above[2].reads == (4096 - 256) * lanes);
  CHECK(sums == 256 * lanes);
  // Registers: 262144 of each of four movements, less the first touches.
  CHECK(counts.at[reg][2].updates == 262144);
  CHECK(counts.at[reg][2].fills + sums == 262144);
  CHECK(counts.at[reg][2].reads + sums == 2 * 262144u);  // to the adders, and to L1
  // With the first touches, the energy that ZigZag prints, 528936.96 pJ: MACs; registers at 0.02 a
  // movement; L1 at 22.9 a read and 52.01 a write of 64 words.
  const auto accesses = [&](std::uint64_t words) { return static_cast<double>(words / lanes); };
  const double moved = static_cast<double>(counts.at[reg][2].updates + counts.at[reg][2].fills +
                                           counts.at[reg][2].reads + 2 * sums);
  const double energy = static_cast<double>(counts.operations) * 0.04 + moved * 0.02 +
                        22.9 * accesses(above[0].reads + above[1].reads + above[2].reads + sums) +
                        52.01 * accesses(above[2].updates);
  CHECK(energy == doctest::Approx(528936.96).epsilon(1e-12));
}

}  // namespace
}  // namespace sluice
