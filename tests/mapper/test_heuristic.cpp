// SPDX-License-Identifier: Apache-2.0
// The estimate of a tiling's time by hand, and what the heuristic mapper makes of it and of the
// timeline.
#include <doctest/doctest.h>

#include "mapper/estimate.hpp"
#include "mapper/mappers.hpp"
#include "mapper/timeline.hpp"
#include "tests/mapper/machines.hpp"

namespace sluice {
namespace {

Network one_layer(const GemmTask& task) {
  Network network;
  network.layers = {
      {"fc", Linear{.rows = task.m, .in_features = task.k, .out_features = task.n}, {}, {}}};
  return network;
}

double cycles_of(const Mapping& mapping, const Architecture& architecture) {
  Timeline timeline(architecture);
  timeline.append(mapping.tasks[0].task.work, mapping.tasks[0].tiling, {});
  return timeline.end();
}

Mapping mapped(const GemmTask& task, const Architecture& architecture) {
  const auto mapping = map_network("heuristic", one_layer(task), architecture);
  REQUIRE(std::holds_alternative<Mapping>(mapping));
  return std::get<Mapping>(mapping);
}

Mapping least_traffic(const GemmTask& task, const Architecture& architecture) {
  return std::get<Mapping>(map_for_least_traffic(one_layer(task), architecture));
}

TEST_CASE("without a memory that limits, the estimate is the array's closed form") {
  // 4 x 4 weight-stationary, loads by columns, no overlap: a fold of T steps takes
  // 4 + T + 4 + 4 - 2 = T + 10 cycles; 8 x 8 x 8 is 2 x 2 folds of 8 steps: 4 x 18.
  Architecture a = machine(4096, 4096, 4096);
  const GemmTask task = plain_gemm(8, 8, 8);
  CHECK(estimate(task, GemmTiling{8, 8, 8, false}, a, MachineRates(a)).cycles == 72);
  // Cut along m: twice the folds, of half the steps: 8 x 14.
  CHECK(estimate(task, GemmTiling{4, 8, 8, false}, a, MachineRates(a)).cycles == 112);
}

TEST_CASE("a bandwidth in bytes a cycle and the same in bytes a second are one machine") {
  Architecture a = machine(4096, 4096, 4096, true);
  a.clock = {2e9};
  a.dram.bandwidth = {8, Bandwidth::Per::cycle};
  CHECK(MachineRates(a).cycles_per_byte == 0.125);
  a.dram.bandwidth = {16e9, Bandwidth::Per::second};
  CHECK(MachineRates(a).cycles_per_byte == 0.125);
}

TEST_CASE("a slow memory is waited for, and a single buffer makes loads and folds take turns") {
  // 64 B of inputs and 64 B of weights come in, 64 B go out, at 1 B/cycle. One tile: 72 cycles of
  // array. Two buffers: the 192 cycles of memory are the longest, an eighth of them is added for
  // contention; before the first step 128 cycles, after the last 64.
  Architecture a = machine(4096, 4096, 4096, true);
  a.dram.bandwidth = {1, Bandwidth::Per::cycle};
  const GemmTask task = plain_gemm(8, 8, 8);
  CHECK(estimate(task, GemmTiling{8, 8, 8, false}, a, MachineRates(a)).cycles ==
        192 + 24 + 128 + 64);
  // One buffer: 128 cycles of loads and 72 of array take turns, which is more than 192.
  a = machine(4096, 4096, 4096, false);
  a.dram.bandwidth = {1, Bandwidth::Per::cycle};
  CHECK(estimate(task, GemmTiling{8, 8, 8, false}, a, MachineRates(a)).cycles ==
        200 + 24 + 128 + 64);
}

TEST_CASE("a heuristic mapping fits, and ends no later than that of least traffic") {
  const std::uint64_t seed = 20261124;
  CAPTURE(seed);
  Random random(seed);
  for (int i = 0; i < 2000; ++i) {
    CAPTURE(i);
    const GemmTask task =
        plain_gemm(pick(random, 1, 200), pick(random, 1, 200), pick(random, 1, 200));
    Architecture a = machine(pick(random, 64, 4096), pick(random, 64, 4096),
                             pick(random, 256, 8192), random() % 2 == 0);
    a.dram.bandwidth = {static_cast<double>(pick(random, 1, 16)), Bandwidth::Per::cycle};
    a.array.overlap_folds = random() % 2 == 0;
    const Mapping heuristic = mapped(task, a);
    CHECK(verify(heuristic, a) == std::vector<std::string>{});
    CHECK(cycles_of(heuristic, a) <= cycles_of(least_traffic(task, a), a));
  }
}

TEST_CASE("the heuristic cuts an elementwise layer finer only for a cycle a tile") {
  // Three loads and stores of 16 B a cycle take 18,432 cycles; the first tile's way in and the last
  // one's way out come on top, up to 3,072 cycles with tiles of 32,768 B of results.
  Network network;
  network.layers = {{"add", Elementwise{.kind = ElementwiseKind::add, .elements = 98304}, {}, {}}};
  Architecture a = shared_machine(256 << 10, 64 << 10, true);
  a.array.rows = a.array.columns = a.vector.lanes = 16;
  a.dram.bandwidth = {16, Bandwidth::Per::cycle};
  const auto tiles = [](const Mapping& mapping) {
    const TaskMapping& add = mapping.tasks[0];
    return vector_loop(std::get<VectorTask>(add.task.work), std::get<VectorTiling>(add.tiling))
        .steps();
  };
  const auto least = std::get<Mapping>(map_for_least_traffic(network, a));
  const auto chosen = std::get<Mapping>(map_network("heuristic", network, a));
  CHECK(tiles(chosen) > tiles(least));
  CHECK(cycles_of(chosen, a) + static_cast<double>(tiles(chosen)) <
        cycles_of(least, a) + static_cast<double>(tiles(least)));
}

TEST_CASE("more room does not make the heuristic cut a product into thin slices") {
  // The queries of a vision transformer's block (ViT-B/16: 197 tokens, width 768) on a Gemmini:
  // with 100 KiB the tiling of least traffic has 2 rows a fold, and a weight tile takes 16 cycles
  // to load. What more room may cost is the way in of a larger first tile, some 0.1 %, and 1 %
  // that another tiling has to gain before that of least traffic is given up.
  const GemmTask task = plain_gemm(197, 768, 768);
  const auto gemmini = [](std::uint64_t kib) {
    Architecture a = shared_machine(kib << 10, 64 << 10, true);
    a.array.rows = a.array.columns = 16;
    a.array.double_buffered_stationary = a.array.overlap_folds = true;
    a.vector.lanes = 16;
    a.dram.bandwidth = {16, Bandwidth::Per::cycle};
    return a;
  };
  const auto cycles = [&](std::uint64_t kib) {
    return cycles_of(mapped(task, gemmini(kib)), gemmini(kib));
  };
  const double least = cycles(64);
  for (const std::uint64_t kib : {80, 100, 128, 200, 256, 512, 1024, 4096}) {
    CAPTURE(kib);
    CHECK(cycles(kib) <= 1.02 * least);
  }
  CHECK(cycles_of(least_traffic(task, gemmini(100)), gemmini(100)) > 7 * cycles(100));
}

}  // namespace
}  // namespace sluice
