// SPDX-License-Identifier: Apache-2.0
// The coarse timeline by hand: fill and drain, prefetched weights, set-up, loops that are skipped.
#include <doctest/doctest.h>

#include "mapper/timeline.hpp"
#include "tests/mapper/machines.hpp"

namespace sluice {
namespace {

/// 1 B a cycle; a fold of T steps takes T + 10 cycles on the 4 x 4 array, so that 8 x 8 x 8, four
/// folds of 8 steps, takes 72 and moves 64 B of each tensor.
Architecture slow_memory() {
  Architecture a = machine(4096, 4096, 4096, true);
  a.dma = default_engines();
  a.dram.bandwidth = {1, Bandwidth::Per::cycle};
  return a;
}

/// `tasks` products of 8 x 8 x 8, each of which reads the results of the one before.
double end_of_chain(const Architecture& a, std::size_t tasks) {
  Timeline timeline(a);
  for (std::size_t t = 0; t < tasks; ++t) {
    TaskNeeds needs;
    if (t > 0) needs.results = t - 1;
    timeline.append(plain_gemm(8, 8, 8), GemmTiling{8, 8, 8, false}, needs);
  }
  return timeline.end();
}

TEST_CASE("a single tile is loaded, computed and stored") {
  // 64 B of weights, 64 B of inputs, 72 cycles, 64 B of results.
  CHECK(end_of_chain(slow_memory(), 1) == 64 + 64 + 72 + 64);
}

TEST_CASE("without a memory that limits, tasks follow each other at the array's closed form") {
  Architecture a = machine(4096, 4096, 4096);
  CHECK(end_of_chain(a, 3) == 3 * 72);
}

TEST_CASE("the next task's weights come while the array works, if the machine prefetches") {
  // Of the second task only the inputs are waited for: 64 + 72 + 64 after the first's 264.
  Architecture a = slow_memory();
  CHECK(end_of_chain(a, 2) == 264 + 64 + 72 + 64);
  a.prefetch_weights = false;
  CHECK(end_of_chain(a, 2) == 264 + 64 + 64 + 72 + 64);
}

TEST_CASE("each tile pays the set-up of its engine before it moves") {
  // Weights and inputs are set up at once, the results later.
  Architecture a = slow_memory();
  for (Dma& dma : a.dma) dma.setup_cycles = 5;
  CHECK(end_of_chain(a, 1) == 5 + 64 + 64 + 72 + 5 + 64);
}

TEST_CASE("every tile of a long loop costs what the slowest part of its pipeline takes") {
  // Tiles of 8 rows: 64 B in and 64 B out take 128 cycles of the memory, which is more than the
  // array's 72; with 2 B a cycle 64, so that the array decides. Of the gap that a load fills
  // afterwards, what is left over is lost: 8 cycles of 256 where the bus has no other.
  Architecture a = slow_memory();
  const auto end = [&](std::uint64_t tiles) {
    Timeline timeline(a);
    timeline.append(plain_gemm(8 * tiles, 8, 8), GemmTiling{8, 8, 8, false}, {});
    return timeline.end();
  };
  CHECK(end(1000) - end(999) == doctest::Approx(128 + 8 / 2));
  a.dram.bandwidth = {2, Bandwidth::Per::cycle};
  CHECK(end(1000) - end(999) == doctest::Approx(72));
}

}  // namespace
}  // namespace sluice
