// SPDX-License-Identifier: Apache-2.0
// The coarse timeline by hand: fill and drain, prefetched weights, set-up, loops that are skipped;
// and what units have to do, which bounds it from below.
#include <doctest/doctest.h>

#include "arch/systolic_timing.hpp"
#include "mapper/bank_conflicts.hpp"
#include "mapper/gemm_nest.hpp"
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

TEST_CASE("conflicts of banks hold the array for as long as their closed form says") {
  // Windows of 3 x 3 on rows of 16 bytes, four lines of 4 B each: the rows of a window, a multiple
  // of the four banks apart, lie in one bank.
  Architecture a = machine(4096, 4096, 4096);
  a.array.rows = 9;
  a.scratchpads[0].width = Bytes{4};
  a.scratchpads[0].banks = 4;
  GemmTask task = plain_gemm(6 * 14, 4, 9);
  task.window = SlidingWindow{1, {8, 6, 3, 1, 1, 0}, {16, 14, 3, 1, 1, 0}};
  task.input_elements = 8 * 16;
  const auto end = [&](BankLayout layout) {
    a.scratchpads[0].layout = layout;
    Timeline timeline(a);
    timeline.append(task, GemmTiling{task.m, task.n, task.k, false}, {});
    return timeline.end();
  };
  a.scratchpads[0].layout = BankLayout::linear;
  const std::uint64_t lost = bank_conflicts(a, task, tile_step(task, task.m, task.n, task.k), 0);
  CHECK(lost >= 2 * task.m);
  CHECK(end(BankLayout::linear) == end(BankLayout::skewed) + static_cast<double>(lost));
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

Architecture random_machine(Random& random) {
  Architecture a = machine(1 << 20, 1 << 20, 1 << 20, random() % 2 == 0);
  a.array.rows = static_cast<std::uint32_t>(pick(random, 1, 9));
  a.array.columns = static_cast<std::uint32_t>(pick(random, 1, 9));
  a.array.dataflow = Dataflow(random() % 3);
  a.array.overlap_folds = random() % 2 == 0;
  a.array.double_buffered_stationary =
      a.array.dataflow != Dataflow::output_stationary && random() % 2 == 0;
  a.vector.lanes = static_cast<std::uint32_t>(pick(random, 1, 9));
  a.prefetch_weights = random() % 2 == 0;
  if (random() % 2 == 0) a.scratchpads[random() % 3].width = {pick(random, 1, 8)};
  if (random() % 4 == 0) return a;
  a.dma = default_engines();
  if (random() % 2 == 0)
    a.dram.preset = "DDR4-2400";
  else
    a.dram.bandwidth = {static_cast<double>(pick(random, 1, 16)), Bandwidth::Per::cycle};
  return a;
}

GemmTiling random_tiling(Random& random, const GemmTask& task) {
  return {pick(random, 1, task.m), pick(random, 1, task.n), pick(random, 1, task.k),
          random() % 2 == 0};
}

/// A batch of products, of which all or none share an operand.
GemmTask random_product(Random& random) {
  GemmTask task =
      plain_gemm(pick(random, 1, 60), pick(random, 1, 60), pick(random, 1, 60), pick(random, 1, 8));
  if (random() % 2 == 0) (random() % 2 == 0 ? task.input_batch : task.weight_batch) = 1;
  task.epilogue_ops = pick(random, 0, 3);
  return task;
}

std::pair<AttentionTask, AttentionTiling> random_attention(Random& random, const Architecture& a) {
  AttentionTask task;
  task.batch = pick(random, 1, 12), task.width = pick(random, 1, 64);
  task.rows = pick(random, 1, 300), task.keys = pick(random, 1, 300);
  task.form = fused_attention[pick(random, 0, fused_attention.size() - 1)];
  task.cycles = attention_cycles(task.form, a.vector, pick(random, 0, 2), pick(random, 0, 2));
  return {task, {pick(random, 1, task.rows), pick(random, 1, task.keys)}};
}

/// A product, a vector task or attention, and a tiling of it.
std::pair<TaskWork, Tiling> random_work(Random& random, const Architecture& a) {
  if (random() % 4 == 0) return random_attention(random, a);
  if (random() % 3 > 0) {
    const GemmTask task = random_product(random);
    return {task, random_tiling(random, task)};
  }
  VectorTask task;
  task.row_elements = pick(random, 1, 30);
  task.elements = task.input_elements = task.row_elements * pick(random, 1, 30);
  task.lane_cycles = pick(random, 1, 9);
  task.passes = pick(random, 1, 3);
  return {task, VectorTiling{pick(random, 1, task.row_elements)}};
}

/// A timeline with a few tasks on it.
Timeline random_timeline(Random& random, const Architecture& a) {
  Timeline timeline(a);
  for (std::size_t before = pick(random, 0, 3); before > 0; --before) {
    const auto [work, tiling] = random_work(random, a);
    timeline.append(work, tiling, {});
  }
  return timeline;
}

TEST_CASE("a timeline ends no sooner than each unit can do its work") {
  const std::uint64_t seed = 20261129;
  CAPTURE(seed);
  Random random(seed);
  for (int i = 0; i < 2000; ++i) {
    CAPTURE(i);
    const Architecture a = random_machine(random);
    const Timeline timeline = random_timeline(random, a);
    Timeline after = timeline;
    ComputeCycles cycles;
    for (std::size_t more = pick(random, 1, 4); more > 0; --more) {
      const auto [work, tiling] = random_work(random, a);
      const ComputeCycles own = compute_cycles(work, tiling, a);
      CHECK(own.array >= fewest_compute_cycles(work, a).array);
      CHECK(own.vector >= fewest_compute_cycles(work, a).vector);
      cycles += own;
      after.append(work, tiling, {});
    }
    CHECK(after.end() >= (1 - 1e-9) * timeline.end_after(cycles));
  }
}

TEST_CASE("a tiling takes as long as the loops that it stands for") {
  const std::uint64_t seed = 20261201;
  CAPTURE(seed);
  Random random(seed);
  for (int i = 0; i < 2000; ++i) {
    CAPTURE(i);
    const Architecture a = random_machine(random);
    Timeline tiled = random_timeline(random, a);
    Timeline looped = tiled;
    for (std::size_t more = pick(random, 1, 2); more > 0; --more) {
      const GemmTask task = random_product(random);
      const GemmTiling tiling = random_tiling(random, task);
      tiled.append(task, tiling, {});
      looped.append(task, loops_of(task, tiling), {});
      CHECK(tiled.end() == looped.end());
    }
  }
}

TEST_CASE("a timeline gives up only on what would end late, and its bounds are none too high") {
  const std::uint64_t seed = 20261202;
  CAPTURE(seed);
  Random random(seed);
  constexpr double nearly = 1 - 1e-9;
  int given_up = 0;
  for (int i = 0; i < 5000; ++i) {
    CAPTURE(i);
    const Architecture a = random_machine(random);
    const Timeline before = random_timeline(random, a);
    const GemmTask task = random_product(random);
    const GemmTiling tiling = random_tiling(random, task);
    Timeline whole = before;
    whole.append(task, tiling, {});
    const double cycles = compute_cycles(task, tiling, a).array;
    const double store = before.last_store(task, tiling);
    CHECK(whole.end() >= nearly * (before.end_after({cycles, -1e18}) + store));
    const double end = whole.end() * static_cast<double>(pick(random, 0, 1100)) / 1000;
    Timeline part = before;
    if (part.append_unless_late(end - cycles - store, task, tiling, {})) {
      CHECK(part.end() == whole.end());
    } else {
      CHECK(whole.end() >= nearly * end);
      ++given_up;
    }
  }
  CHECK(given_up > 1000);
}

TEST_CASE("the array's cycles are those of the folds of every step") {
  const std::uint64_t seed = 20261130;
  CAPTURE(seed);
  Random random(seed);
  for (int i = 0; i < 300; ++i) {
    CAPTURE(i);
    const Architecture a = random_machine(random);
    const GemmTask task = random_gemm(random, 40);
    const GemmTiling tiling = random_tiling(random, task);
    const GemmLoop loop = gemm_loop(task, tiling);
    std::uint64_t cycles = 0;
    for (std::uint64_t m = 0; m < loop.m.count; ++m)
      for (std::uint64_t n = 0; n < loop.n.count; ++n)
        for (std::uint64_t k = 0; k < loop.k.count; ++k) {
          const GemmFolds folds =
              fold_gemm(a.array, loop.m.size_of(m), loop.n.size_of(n), loop.k.size_of(k));
          cycles += folds.row_folds * folds.column_folds *
                    fold_timing(a.array, folds.steps).initiation_interval;
        }
    CHECK(compute_cycles(task, tiling, a).array == static_cast<double>(task.batch * cycles));
  }
}

}  // namespace
}  // namespace sluice
