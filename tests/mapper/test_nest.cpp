// SPDX-License-Identifier: Apache-2.0
// Nests: what verify() says, how they print, and counts that can be followed by hand.
#include <doctest/doctest.h>

#include "mapper/nest/cost.hpp"
#include "mapper/nest/counts.hpp"

namespace sluice {
namespace {

enum Rank : std::size_t { M, N, K };
constexpr std::uint16_t in_a = 1, in_b = 2, out_z = 4, all = 7;

Problem gemm(std::uint64_t m, std::uint64_t n, std::uint64_t k) {
  return {"gemm",
          {{"M", m, false}, {"N", n, false}, {"K", k, false}},
          {{"A", {{{M, 1}}, {{K, 1}}}, false, 8},
           {"B", {{{K, 1}}, {{N, 1}}}, false, 8},
           {"Z", {{{M, 1}}, {{N, 1}}}, true, 8}}};
}

/// DRAM, a buffer of 2048 bits, four lanes.
Hierarchy machine() {
  Hierarchy result;
  result.name = "small";
  NestLevel dram;
  dram.name = "DRAM";
  NestLevel buffer;
  buffer.name = "GB";
  buffer.capacity_bits = 2048;
  buffer.fan_out = {{"X", 4, {}}};
  result.levels = {dram, buffer};
  result.compute.name = "MAC";
  return result;
}

Nest legal() {
  Nest nest;
  nest.keep(0, all).loop(M, 4).keep(1, all).spread(1, 0, N, 2).loop(K, 1).loop(M, 1).loop(N, 1);
  return nest;
}

using Mistakes = std::vector<std::string>;

TEST_CASE("a legal nest has no mistakes, and prints as loops") {
  CHECK(verify(legal(), gemm(8, 8, 8), machine()) == Mistakes{});
  CHECK(to_text(legal(), gemm(8, 8, 8), machine()) == R"(keep A, B, Z in DRAM
for M in 0..8 step 4
  keep A, B, Z in GB
  spread N in 0..8 step 2 over GB.X
    for K in 0..8 step 1
      for M in 0..4 step 1
        for N in 0..2 step 1
          compute gemm on MAC
)");
}

TEST_CASE("tiles beyond a capacity are refused with the bits of each tensor") {
  // A 4 x 16 = 64, B 16 x 16 = 256, Z 4 x 16 = 64 words of 8 bits: 3072 bits.
  Nest nest;
  nest.keep(0, all).loop(M, 4).keep(1, all).spread(1, 0, N, 4).loop(K, 1).loop(M, 1).loop(N, 1);
  CHECK(verify(nest, gemm(8, 16, 16), machine()) ==
        Mistakes{"GB needs 3072 bits (A 512 + B 2048 + Z 512), holds 2048"});
  Hierarchy twice = machine();
  twice.levels[1].double_buffered = true;
  twice.levels[1].capacity_bits = 6143;
  CHECK(verify(nest, gemm(8, 16, 16), twice) ==
        Mistakes{"GB needs 6144 bits (A 1024 + B 4096 + Z 1024, each twice), holds 6143"});
  twice.levels[1].capacity_bits = 6144;
  CHECK(verify(nest, gemm(8, 16, 16), twice).empty());
}

TEST_CASE("a fan-out that is too narrow is refused") {
  Nest nest;
  nest.keep(0, all).keep(1, all).spread(1, 0, N, 2).spread(1, 0, M, 2);
  nest.loop(K, 1).loop(M, 1).loop(N, 1);
  CHECK(verify(nest, gemm(5, 4, 4), machine()) ==
        Mistakes{"axis GB.X needs 6 instances, there are 4"});
}

TEST_CASE("a rank that is not covered, or cut twice, is refused") {
  Nest nest;
  nest.keep(0, all).loop(M, 2).keep(1, all).loop(M, 3).loop(N, 1).loop(K, 1);
  CHECK(verify(nest, gemm(8, 8, 8), machine()) ==
        Mistakes{"rank M has a tile of 3 inside of one of 2",
                 "rank M is not covered: the innermost tile has 2 of 8, 1 is needed"});
}

TEST_CASE("a tensor that is kept nowhere, too late, or where it may not be is refused") {
  Nest nest;
  nest.keep(0, in_a).loop(M, 1).keep(1, in_b | out_z).loop(N, 1).loop(K, 1);
  Hierarchy restricted = machine();
  restricted.levels[1].keeps = {"B"};
  CHECK(
      verify(nest, gemm(4, 4, 4), restricted) ==
      Mistakes{"GB may not keep tensor Z", "tensor Z is kept nowhere outside of the loop over M"});
  Nest none;
  none.keep(0, in_a | out_z).loop(M, 1).loop(N, 1).loop(K, 1);
  CHECK(
      verify(none, gemm(4, 4, 4), machine()) ==
      Mistakes{"tensor B is kept nowhere", "tensor B is kept nowhere outside of the loop over N"});
}

TEST_CASE("levels out of order are refused") {
  Nest twice;
  twice.keep(1, in_a).keep(0, all).loop(M, 1).loop(N, 1).loop(K, 1);
  CHECK(verify(twice, gemm(4, 4, 4), machine()) ==
        Mistakes{"tensor A is kept in DRAM inside of GB"});
  Nest inside;
  inside.keep(0, all).spread(1, 0, M, 1).keep(1, in_a).loop(N, 1).loop(K, 1);
  CHECK(verify(inside, gemm(4, 4, 4), machine()) ==
        Mistakes{"GB keeps tensors inside of the fan-out of GB"});
  Hierarchy both = machine();
  both.levels[0].fan_out = {{"Y", 4, {}}};
  Nest swapped;
  swapped.keep(0, all).spread(1, 0, M, 1).spread(0, 0, N, 1).loop(K, 1);
  CHECK(verify(swapped, gemm(4, 4, 4), both) ==
        Mistakes{"the fan-out of GB lies outside of that of DRAM"});
  Nest above;
  above.keep(0, all).keep(1, in_a).spread(0, 0, N, 1).loop(M, 1).loop(K, 1);
  CHECK(verify(above, gemm(4, 4, 4), both) ==
        Mistakes{"GB keeps tensors outside of the fan-out of DRAM, which lies above it"});
}

TEST_CASE("a recurrence in space, and a reduction where there is none, are refused") {
  Problem problem = gemm(4, 4, 4);
  problem.ranks[K].ordered = true;
  Hierarchy separate = machine();
  separate.levels[1].fan_out[0].separate = {"Z"};
  Nest nest;
  nest.keep(0, all).keep(1, all).spread(1, 0, K, 1).loop(M, 1).loop(N, 1);
  CHECK(verify(nest, problem, separate) ==
        Mistakes{"rank K is a recurrence: it runs in order, not over axis GB.X",
                 "rank K is reduced over GB.X, which does not reduce tensor Z"});
}

TEST_CASE("a problem that no nest can map is refused") {
  Problem problem = gemm(4, 4, 0);
  problem.ranks[N].name = "M";
  problem.tensors[0].dimensions = {{{M, 1}}, {{M, 1}}};
  problem.tensors[1].output = true;
  CHECK(verify(legal(), problem, machine()) ==
        Mistakes{"rank M is declared twice", "rank K has extent 0",
                 "rank M stands twice in tensor A", "2 outputs, exactly 1 is expected"});
}

TEST_CASE("a node that names what there is not is refused") {
  Nest nest;
  nest.keep(2, all);
  CHECK(verify(nest, gemm(4, 4, 4), machine()) == Mistakes{"a node names level 2, there are 2"});
  Nest rank;
  rank.loop(3, 1);
  CHECK(verify(rank, gemm(4, 4, 4), machine()) == Mistakes{"a node names rank 3, there are 3"});
  Nest axis;
  axis.spread(1, 1, M, 1);
  CHECK(verify(axis, gemm(4, 4, 4), machine()) ==
        Mistakes{"a node names axis 1 of GB, which has 1"});
  Nest tensors;
  tensors.keep(0, 15);
  CHECK(verify(tensors, gemm(4, 4, 4), machine()) ==
        Mistakes{"a node keeps tensors beyond the 3 of gemm"});
}

NestCounts counted(const Nest& nest, const Problem& problem, const Hierarchy& hierarchy,
                   CountConvention convention) {
  NestCounts counts;
  count_accesses(nest, problem, hierarchy, {convention, 0}, counts);
  return counts;
}

TEST_CASE("ragged tiles count what they hold") {
  // M 5 in tiles of 2: 2, 2, 1. GB takes A whole once, 5 x 3 = 15; B 3 x 2 = 6 once, since M does
  // not move it; Z arrives 5 x 2 = 10 words and leaves as many.
  Nest nest;
  nest.keep(0, all).loop(M, 2).keep(1, all).loop(N, 1).loop(K, 1).loop(M, 1);
  const NestCounts counts = counted(nest, gemm(5, 2, 3), machine(), CountConvention::sluice);
  CHECK(counts.operations == 30);
  CHECK(counts.steps == 30);
  CHECK(counts.at[1][0].fills == 15);
  CHECK(counts.at[0][1].reads == 6);
  CHECK(counts.at[0][2].updates == 10);
  CHECK(counts.at[0][2].reads == 0);
  CHECK(counts.at[1][2].fills == 0);
  // 30 sums, 10 of them the first of a word, and 10 words that drain.
  CHECK(counts.at[1][2].reads == 20 + 10);
}

TEST_CASE("a partial sum goes back to one of the lanes that reduce it") {
  // K 4 on two lanes of two, N outer: Z is brought for each of K's two steps. Each of the 4 x 2
  // words is reduced over the lanes and written twice, read back once, and filled into one lane.
  Hierarchy hierarchy = machine();
  hierarchy.levels[1].fan_out[0].size = 2;
  NestLevel registers;
  registers.name = "RF";
  hierarchy.levels.push_back(registers);
  Nest nest;
  nest.keep(0, all).keep(1, all).loop(K, 2).loop(M, 1).loop(N, 1).spread(1, 0, K, 1);
  nest.keep(2, all);
  const Problem problem = gemm(4, 2, 4);
  const NestCounts ours = counted(nest, problem, hierarchy, CountConvention::sluice);
  CHECK(ours.at[1][2].updates == 16);
  CHECK(ours.at[1][2].reads == 8 + 8);  // and 8 words that drain to DRAM
  CHECK(ours.at[2][2].fills == 8);
  // Timeloop fills both lanes: 8 words each, so that one sum would be added twice.
  const NestCounts theirs = counted(nest, problem, hierarchy, CountConvention::timeloop);
  CHECK(theirs.at[1][2].reads == 8);
  CHECK(theirs.at[2][2].fills == 16);
}

TEST_CASE("a window keeps what the next needs, also across an outer loop") {
  // I[p+r], P 4 in tiles of 2, R 3 outside of it: windows of 2 at 0, 2, 1, 3, 2, 4. All of a new
  // one are new but where it steps from 2 to 1 (1 word stays) and from 3 to 2 (1 word).
  Problem problem{"conv",
                  {{"P", 4, false}, {"R", 3, false}},
                  {{"W", {{{1, 1}}}, false, 8},
                   {"I", {{{0, 1}, {1, 1}}}, false, 8},
                   {"O", {{{0, 1}}}, true, 8}}};
  Nest nest;
  nest.keep(0, all).loop(1, 1).loop(0, 2).keep(1, all).loop(0, 1);
  CHECK(counted(nest, problem, machine(), CountConvention::sluice).at[1][1].fills == 10);
  // Timeloop: 3 x 2 windows of which only the inner step could save, and shares nothing.
  CHECK(counted(nest, problem, machine(), CountConvention::timeloop).at[1][1].fills == 12);
  CHECK(counted(nest, problem, machine(), CountConvention::accelforge).at[1][1].fills == 12);
}

TEST_CASE("lanes on a diagonal share what they read") {
  // P 3 on X and R 3 on Y: 9 lanes need the words 0 to 4, which Timeloop reads 9 times.
  Problem problem{"conv",
                  {{"P", 3, false}, {"R", 3, false}},
                  {{"W", {{{1, 1}}}, false, 8},
                   {"I", {{{0, 1}, {1, 1}}}, false, 8},
                   {"O", {{{0, 1}}}, true, 8}}};
  Hierarchy hierarchy = machine();
  hierarchy.levels[1].fan_out = {{"X", 3, {}}, {"Y", 3, {}}};
  Nest nest;
  nest.keep(0, all).keep(1, all).spread(1, 0, 0, 1).spread(1, 1, 1, 1);
  CHECK(counted(nest, problem, hierarchy, CountConvention::sluice).at[1][1].reads == 5);
  CHECK(counted(nest, problem, hierarchy, CountConvention::timeloop).at[1][1].reads == 9);
}

TEST_CASE("a latch saves the reads of an operand that stays") {
  // N innermost: A stays for 5 steps. 16 x 8 = 128 reads instead of 640.
  Hierarchy hierarchy = machine();
  hierarchy.levels[1].fan_out.clear();
  Nest nest;
  nest.keep(0, all).keep(1, all).loop(M, 1).loop(K, 1).loop(N, 1);
  const Problem problem = gemm(16, 5, 8);
  CHECK(counted(nest, problem, hierarchy, CountConvention::sluice).at[1][0].reads == 640);
  hierarchy.compute.latch = true;
  CHECK(counted(nest, problem, hierarchy, CountConvention::sluice).at[1][0].reads == 128);
}

TEST_CASE("lanes that idle in a ragged pass count on average") {
  // 30 rows in passes of 16 and 14: 15 of 16 lanes on average, each of which takes 8 of 120 words.
  Hierarchy hierarchy = machine();
  hierarchy.levels[0].fan_out = {{"X", 16, {}}};
  hierarchy.levels[1].fan_out.clear();
  Nest nest;
  nest.keep(0, all).loop(M, 16).spread(0, 0, M, 1).keep(1, all).loop(K, 1).loop(N, 1);
  const NestCounts counts = counted(nest, gemm(30, 1, 4), hierarchy, CountConvention::timeloop);
  CHECK(counts.steps == 8);
  CHECK(counts.at[1][0].instances == 15);
  CHECK(counts.at[1][0].of_instance(counts.at[1][0].reads) == 8);
}

TEST_CASE(
    "elements are packed into words, as wide as a level keeps them, and clusters share blocks") {
  // 4 x 4 x 4: GB reads A 64 times; 8 bits in words of 32, two words a block: 64 / 8 accesses.
  Hierarchy hierarchy = machine();
  hierarchy.levels[1].fan_out.clear();
  hierarchy.levels[1].word_bits = 32;
  hierarchy.levels[1].block = 2;
  hierarchy.levels[1].read_pj = 1;
  Nest nest;
  nest.keep(0, all).keep(1, all).loop(M, 1).loop(N, 1).loop(K, 1);
  const Problem problem = gemm(4, 4, 4);
  const NestCounts counts = counted(nest, problem, hierarchy, CountConvention::sluice);
  const auto energy = [&](CountConvention convention) {
    return price(counts, problem, hierarchy, convention).energy_pj[1];
  };
  CHECK(energy(CountConvention::sluice)[0] == 8);
  CHECK(energy(CountConvention::timeloop)[0] == 32);  // an element is a word there
  hierarchy.levels[1].bits = {{"A", 16}};
  CHECK(energy(CountConvention::sluice)[0] == 16);
  CHECK(energy(CountConvention::sluice)[1] == 8);
  hierarchy.levels[1].cluster = 2;
  CHECK(energy(CountConvention::sluice)[0] == 8);
}

TEST_CASE("ports are separate or shared") {
  // 64 reads each of A in 16 of 32 bits and of B in 8 are 32 + 16 words; Z is read 48 + 16 (drain)
  // times: 16 words. Fills of A and B, 16 each, are 8 + 4; 64 updates of Z are 16: 28 words.
  Hierarchy hierarchy = machine();
  hierarchy.levels[1].fan_out.clear();
  hierarchy.levels[1].word_bits = 32;
  hierarchy.levels[1].bits = {{"A", 16}};
  Nest nest;
  nest.keep(0, all).keep(1, all).loop(M, 1).loop(N, 1).loop(K, 1);
  const Problem problem = gemm(4, 4, 4);
  const NestCounts counts = counted(nest, problem, hierarchy, CountConvention::sluice);
  const auto cycles = [&] {
    return price(counts, problem, hierarchy, CountConvention::sluice).level_cycles[1];
  };
  hierarchy.levels[1].read_bandwidth = 0.5;
  CHECK(cycles() == 2 * 64);
  hierarchy.levels[1].write_bandwidth = 0.125;
  CHECK(cycles() == 8 * 28);
  hierarchy.levels[1].shared_bandwidth = 0.25;
  CHECK(cycles() == 4 * (64 + 28));
}

TEST_CASE("the slowest level sets the time") {
  // 64 steps; GB reads A and B 64 times each and Z 48 + 16 (drain) times: 192 words, 2 a cycle.
  Hierarchy hierarchy = machine();
  hierarchy.levels[1].fan_out.clear();
  hierarchy.levels[1].read_bandwidth = 2;
  hierarchy.levels[1].read_pj = 1;
  hierarchy.compute.pj = 0.5;
  Nest nest;
  nest.keep(0, all).keep(1, all).loop(M, 1).loop(N, 1).loop(K, 1);
  const Problem problem = gemm(4, 4, 4);
  const NestCounts counts = counted(nest, problem, hierarchy, CountConvention::sluice);
  const NestCost cost = price(counts, problem, hierarchy, CountConvention::sluice);
  CHECK(cost.cycles == 96);
  CHECK(cost.level_cycles[0] == 0);
  CHECK(cost.total_pj == 192 + 32);
  CHECK(cost.utilization == doctest::Approx(64.0 / 96));
}

}  // namespace
}  // namespace sluice
