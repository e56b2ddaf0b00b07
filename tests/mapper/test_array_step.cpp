// SPDX-License-Identifier: Apache-2.0
// Steps that are worth the array's while, and the nests that the mapper `search` makes of them.
#include <doctest/doctest.h>

#include "mapper/array_step.hpp"
#include "mapper/mappers.hpp"
#include "mapper/timeline.hpp"
#include "tests/mapper/machines.hpp"
#include "tests/mapper/random_gemm_nests.hpp"

namespace sluice {
namespace {

/// Extents by GemmRank of a step m x n x k of one product.
GemmExtents step_of(std::uint64_t m, std::uint64_t n, std::uint64_t k) {
  return {1, 1, 1, m, n, k, 1, 1, 1, 1};
}

TEST_CASE("a least step fills the array and runs for long enough, in even tiles") {
  SystolicArray array;  // 4 rows, 4 columns
  array.rows = array.columns = 4;
  // n in three tiles of at most 4, k in two; m in as many of at least 8 as there is room for.
  CHECK(least_step(plain_gemm(20, 9, 7), array, 8) == step_of(10, 3, 4));
  array.dataflow = Dataflow::input_stationary;
  CHECK(least_step(plain_gemm(20, 9, 7), array, 8) == step_of(4, 9, 4));
  array.dataflow = Dataflow::output_stationary;
  CHECK(least_step(plain_gemm(20, 9, 7), array, 3) == step_of(4, 3, 4));
}

TEST_CASE("the least step of a convolution takes whole taps where channels do not fill the array") {
  Conv2d conv;
  conv.in_channels = 3, conv.out_channels = 8, conv.in_height = conv.in_width = 6;
  conv.kernel_height = conv.kernel_width = 3;  // 4 x 4 pixels
  const Architecture a = machine(4096, 4096, 4096);
  const auto step = [&](std::uint64_t steps) {
    const auto tasks = lower(conv_network(conv), a);
    return least_step(std::get<GemmTask>(tasks.at(0).work), a.array, steps);
  };
  // Ranks: group, member, copy, images, filters, channels, p, q, r, s.
  CHECK(step(8) == GemmExtents{1, 1, 1, 1, 4, 1, 2, 4, 3, 3});
  CHECK(step(3) == GemmExtents{1, 1, 1, 1, 4, 1, 1, 2, 3, 3});
  conv.in_channels = 8;
  CHECK(step(100) == GemmExtents{1, 1, 1, 1, 4, 4, 4, 4, 1, 1});
}

std::uint64_t steps(const GemmTask& task, const GemmNest& nest) {
  std::uint64_t count = 1;
  for (std::size_t rank = 0; rank < gemm_ranks; ++rank)
    count *= count_steps(nest, GemmRank(rank), extents_of(task)[rank], 0);
  return count;
}

TEST_CASE("a nest that grows fits, moves no more, and has no more steps") {
  const std::uint64_t seed = 20261210;
  CAPTURE(seed);
  Random random(seed);
  int fewer = 0;
  for (int i = 0; i < 500; ++i) {
    CAPTURE(i);
    const GemmTask work =
        i % 2 == 0 ? random_product(random) : random_convolution(random, true).second;
    const Task task{0, "product", work};
    const Architecture a =
        machine(pick(random, 16, 512), pick(random, 16, 512), pick(random, 16, 1024), i % 4 < 2);
    const GemmNest nest = random_gemm_nest(random, work);
    if (!verify({{{task, nest}}}, a).empty()) continue;
    const GemmNest larger = grown(task, nest, a);
    CAPTURE(to_text({task, nest}));
    CAPTURE(to_text({task, larger}));
    CHECK(verify({{{task, larger}}}, a) == std::vector<std::string>{});
    CHECK(total_bytes(traffic({task, larger}, a)) <= total_bytes(traffic({task, nest}, a)));
    CHECK(steps(work, larger) <= steps(work, nest));
    fewer += steps(work, larger) < steps(work, nest) ? 1 : 0;
  }
  CHECK(fewer > 50);
}

double end_of(const Mapping& mapping, const Architecture& a) {
  Timeline timeline(a);
  for (const TaskMapping& mapped : mapping.tasks)
    timeline.append(mapped.task.work, mapped.tiling, {});
  return timeline.end();
}

TEST_CASE("a convolution that is searched fits and ends no later than with heuristic") {
  const std::uint64_t seed = 20261211;
  CAPTURE(seed);
  Random random(seed);
  int sooner = 0;
  for (int i = 0; i < 300; ++i) {
    CAPTURE(i);
    const Network network = random_convolution(random, true).first;
    Architecture a = machine(pick(random, 16, 256), pick(random, 16, 256), pick(random, 64, 512));
    a.array.dataflow = Dataflow(random() % 3);
    a.dram.bandwidth = {static_cast<double>(pick(random, 1, 4)), Bandwidth::Per::cycle};
    const auto tiled = map_network("heuristic", network, a);
    const auto searched = map_network("search", network, a);
    REQUIRE(tiled.index() == searched.index());
    if (std::holds_alternative<Infeasible>(tiled)) continue;
    const auto &before = std::get<Mapping>(tiled), &after = std::get<Mapping>(searched);
    CHECK(verify(after, a) == std::vector<std::string>{});
    CHECK(end_of(after, a) <= end_of(before, a));
    sooner += end_of(after, a) < end_of(before, a) ? 1 : 0;
  }
  CHECK(sooner > 30);
}

}  // namespace
}  // namespace sluice
