// SPDX-License-Identifier: Apache-2.0
// Mappings of matrix products in their general form: what they move, as loop nests and back, and
// what is wrong with them.
#include <doctest/doctest.h>

#include "mapper/nest/counts.hpp"
#include "mapper/systolic_nest.hpp"
#include "tests/mapper/machines.hpp"
#include "tests/mapper/random_gemm_nests.hpp"

namespace sluice {
namespace {

Architecture roomy() { return machine(1 << 20, 1 << 20, 1 << 20, true); }

std::vector<std::string> wrong(const GemmTask& task, const GemmNest& nest, const Architecture& a) {
  Mapping mapping;
  mapping.tasks.push_back({{0, "fc", task}, nest});
  return verify(mapping, a);
}

TEST_CASE("loops over k outside of loops over m send unfinished sums out and bring them back") {
  // m 8 in 2 tiles of 4, k 6 in 3 tiles of 2, k outside. In each of 3 x 2 steps a tile of 4 x 2
  // inputs and, once a k tile, 2 x 4 weights come. Sums of 4 x 4 x 4 B go out after the first two
  // k tiles, and come back for the last two; results of 8 x 4 B go out once.
  const GemmTask task = plain_gemm(8, 4, 6);
  const GemmNest nest{{{GemmRank::k, 2}, {GemmRank::m, 4}}, {2, 2, 2}};
  CHECK(spilling_places(task, nest) == 1);
  CHECK(traffic(task, nest, roomy().array) == TaskTraffic{48, 24, 32, 2 * 128, 2 * 128});
}

TEST_CASE("sums that are kept outside of all loops never leave the chip") {
  const GemmTask task = plain_gemm(8, 4, 6);
  const GemmNest nest{{{GemmRank::k, 2}, {GemmRank::m, 4}}, {2, 2, 0}};
  CHECK(spilling_places(task, nest) == 0);
  CHECK(traffic(task, nest, roomy().array) == TaskTraffic{48, 24, 32, 0, 0});
}

TEST_CASE("weights that are kept outside of the loops over m come once") {
  // n 4 in 2 tiles inside of m 8 in 4 tiles: kept inside, 4 x 24 B of weights come; outside, 24 B.
  const GemmTask task = plain_gemm(8, 4, 6);
  GemmNest nest{{{GemmRank::m, 2}, {GemmRank::n, 2}}, {2, 2, 2}};
  CHECK(traffic(task, nest, roomy().array).weight_read == 4 * 24);
  nest.kept[1] = 0;
  CHECK(traffic(task, nest, roomy().array).weight_read == 24);
}

TEST_CASE("the general form of a tiling moves what the tiling moves") {
  const std::uint64_t seed = 20261129;
  CAPTURE(seed);
  Random random(seed);
  for (int i = 0; i < 2000; ++i) {
    CAPTURE(i);
    const GemmTask task = random_product(random);
    const GemmTiling tiling{pick(random, 1, task.m), pick(random, 1, task.n),
                            pick(random, 1, task.k), random() % 2 == 0};
    CHECK(traffic(task, loops_of(task, tiling), roomy().array) ==
          traffic(task, tiling, roomy().array));
  }
}

TEST_CASE("as a loop nest, a mapping is legal, moves what the counting rules say, and reads back") {
  const std::uint64_t seed = 20261130;
  CAPTURE(seed);
  Random random(seed);
  Architecture a = roomy();
  for (int i = 0; i < 1000; ++i) {
    CAPTURE(i);
    a.array.dataflow = Dataflow(random() % 3);
    const GemmTask task = random_product(random);
    const GemmNest mapping = random_gemm_nest(random, task);
    CAPTURE(to_text({{0, "fc", task}, mapping}));
    REQUIRE(wrong(task, mapping, a) == std::vector<std::string>{});
    const Problem problem = problem_of(task, a);
    const Hierarchy hierarchy = hierarchy_of(a);
    const Nest nest = nest_of(task, mapping, a);
    REQUIRE(verify(nest, problem, hierarchy) == std::vector<std::string>{});
    // Operands and results have 1 B a word, sums 4 B.
    NestCounts counts;
    count_accesses(nest, problem, hierarchy, {}, counts);
    const TaskTraffic moved = traffic(task, mapping, a.array);
    CHECK(counts.at[0][0].reads == moved.input_read);
    CHECK(counts.at[0][1].reads == moved.weight_read);
    CHECK(counts.at[0][2].reads == moved.sums_read / 4);
    CHECK(counts.at[0][2].updates == moved.output_write + moved.sums_write / 4);
    CHECK(counts.operations == task.batch * task.m * task.n * task.k);
    const auto back = mapping_of(nest, task, a);
    REQUIRE(std::holds_alternative<GemmNest>(back));
    CHECK(traffic(task, std::get<GemmNest>(back), a.array) == moved);
  }
}

TEST_CASE("what is wrong with loops is said with both numbers") {
  const GemmTask task = plain_gemm(8, 4, 6, 3);
  const auto batch = GemmLoopNode{GemmRank::group, 1};
  using Says = std::vector<std::string>;
  CHECK(wrong(task, {{{GemmRank::m, 4}}, {1, 1, 1}}, roomy()) ==
        Says{"task fc: a step has 3 products of rank group; the array takes 1"});
  CHECK(wrong(task, {{batch, {GemmRank::m, 9}}, {1, 1, 1}}, roomy()) ==
        Says{"task fc: m tile 9 exceeds the extent 8"});
  CHECK(wrong(task, {{batch}, {1, 2, 1}}, roomy()) ==
        Says{"task fc: weight is kept inside of 2 loops; there are 1"});
  CHECK(wrong(task,
              {{batch, {GemmRank::k, 3}, {GemmRank::m, 4}, {GemmRank::k, 1}, {GemmRank::n, 2}},
               {5, 5, 5}},
              roomy()) ==
        Says{"task fc: loops over k lie outside of loops over output tiles at 2 places; "
             "unfinished sums can come back at 1"});
  // All 3 x 8 x 6 inputs are kept, twice.
  CHECK(wrong(task, {{batch}, {0, 1, 1}}, machine(200, 4096, 4096, true)) ==
        Says{"task fc: tiles of input need 288 B; scratchpad in holds 200 B"});
}

TEST_CASE("what the machine cannot run of a legal nest is said") {
  const Architecture a = roomy();  // weight-stationary, 4 x 4
  const GemmTask task = plain_gemm(8, 4, 4);
  const auto why = [&](const Nest& nest) {
    const auto result = mapping_of(nest, task, a);
    REQUIRE(std::holds_alternative<std::vector<std::string>>(result));
    return std::get<std::vector<std::string>>(result);
  };
  using Says = std::vector<std::string>;
  // Levels: DRAM 0, in 1, wt 2, acc 3, PE 4; ranks m 0, n 1, k 2.
  CHECK(why(Nest{}
                .keep(0, 7)
                .keep(1, 1)
                .keep(3, 4)
                .spread(3, 0, 2, 1)
                .spread(3, 1, 1, 1)
                .loop(0, 1)) ==
        Says{"tensor weight is not kept in scratchpad wt, and the machine has no way around it"});
  CHECK(why(Nest{}
                .keep(0, 7)
                .keep(1, 1)
                .keep(2, 2)
                .keep(3, 4)
                .loop(0, 4)
                .spread(3, 0, 0, 1)
                .spread(3, 1, 1, 1)
                .loop(2, 1)) ==
        Says{"the rows of the array take rank m by 1; with this dataflow they take k by 1",
             "inside of the array rank k is cut to 1; only m runs in time there, one by one"});
}

}  // namespace
}  // namespace sluice
