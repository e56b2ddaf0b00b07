// SPDX-License-Identifier: Apache-2.0
// The grid of PEs: what it computes, how long it takes, and that it cannot be faster.
#include <doctest/doctest.h>

#include <cmath>
#include <random>
#include <vector>

#include "arch/systolic_timing.hpp"
#include "sim/pe/gemm.hpp"

using namespace sluice;

namespace {

struct Shape {
  std::uint32_t m, n, k;
};

Eigen::MatrixXd random_integers(std::mt19937& generator, std::uint32_t rows, std::uint32_t columns,
                                int limit) {
  std::uniform_int_distribution<int> values(-limit, limit - 1);
  return Eigen::MatrixXd::NullaryExpr(rows, columns, [&] { return double(values(generator)); });
}

std::uint32_t random_extent(std::mt19937& generator, std::uint32_t largest) {
  return std::uniform_int_distribution<std::uint32_t>(1, largest)(generator);
}

/// Every combination of options that can be built, on `rows` x `columns` PEs.
std::vector<SystolicArray> all_arrays(std::uint32_t rows, std::uint32_t columns) {
  std::vector<SystolicArray> arrays;
  for (const Dataflow dataflow :
       {Dataflow::weight_stationary, Dataflow::output_stationary, Dataflow::input_stationary}) {
    for (unsigned bits = 0; bits < 16; ++bits) {
      SystolicArray array{.rows = rows, .columns = columns, .dataflow = dataflow};
      array.overlap_folds = bits & 1;
      array.edge_register = bits & 2;
      if (dataflow == Dataflow::output_stationary) {
        array.drain = bits & 4 ? Drain::direct : Drain::columns;
        array.double_buffered_output = bits & 8;
      } else {
        array.stationary_load = bits & 4 ? StationaryLoad::rows : StationaryLoad::columns;
        array.double_buffered_stationary = bits & 8;
      }
      if (!unsupported_by_pe(array)) arrays.push_back(array);
    }
  }
  return arrays;
}

void capture_and_compare(const SystolicArray& array, const Shape& shape, std::mt19937& generator) {
  CAPTURE(name_of(array.dataflow));
  CAPTURE(array.rows);
  CAPTURE(array.columns);
  CAPTURE(array.overlap_folds);
  CAPTURE(array.edge_register);
  CAPTURE(array.double_buffered_stationary);
  CAPTURE(name_of(array.stationary_load));
  CAPTURE(array.double_buffered_output);
  CAPTURE(name_of(array.drain));
  CAPTURE(shape.m);
  CAPTURE(shape.n);
  CAPTURE(shape.k);
  const Eigen::MatrixXd inputs = random_integers(generator, shape.m, shape.k, 128);
  const Eigen::MatrixXd weights = random_integers(generator, shape.k, shape.n, 128);
  const PeResult result = simulate_gemm_pe(array, inputs, weights);
  const FoldTiming timing = fold_timing(array, fold_gemm(array, shape.m, shape.n, shape.k).steps);

  CHECK(result.product == inputs * weights);
  CHECK(result.macs == std::uint64_t{shape.m} * shape.n * shape.k);
  CHECK(result.cycles == total_cycles(array, shape.m, shape.n, shape.k));
  const auto& starts = result.fold_start_cycles;
  if (starts.size() == 1) return;
  CHECK(result.initiation_interval == timing.initiation_interval);
  for (std::size_t fold = 0; fold < starts.size(); ++fold) {
    CHECK(starts[fold] == fold * timing.initiation_interval);
  }
  // One cycle less and the hardware would lose a word, or folds would meet that must not.
  if (timing.initiation_interval == 1) return;
  const PeResult hasty =
      simulate_gemm_pe(array, inputs, weights, {.forced_interval = timing.initiation_interval - 1});
  CHECK_FALSE(hasty.hazards.empty());
}

}  // namespace

TEST_CASE("one PE and one product: every option computes it in the cycles of the closed form") {
  std::mt19937 generator(1);
  for (const SystolicArray& array : all_arrays(1, 1)) {
    capture_and_compare(array, {1, 1, 1}, generator);
    capture_and_compare(array, {2, 3, 2}, generator);
  }
}

TEST_CASE("an array larger than the problem pays for all of its wires") {
  std::mt19937 generator(2);
  for (const SystolicArray& array : all_arrays(5, 7)) {
    capture_and_compare(array, {1, 1, 1}, generator);
    capture_and_compare(array, {2, 3, 4}, generator);
  }
}

TEST_CASE("random shapes and all options: exact products, cycles of the closed form, and no less") {
  const unsigned seed = 20240607;
  CAPTURE(seed);
  std::mt19937 generator(seed);
  for (int round = 0; round < 12; ++round) {
    CAPTURE(round);
    const std::uint32_t rows = random_extent(generator, 6);
    const std::uint32_t columns = random_extent(generator, 6);
    for (const SystolicArray& array : all_arrays(rows, columns)) {
      const Shape shape{random_extent(generator, 13), random_extent(generator, 13),
                        random_extent(generator, 13)};
      capture_and_compare(array, shape, generator);
    }
  }
}

TEST_CASE("16 x 16 and 32 x 32 PEs with ragged edges") {
  std::mt19937 generator(3);
  for (const SystolicArray& array : all_arrays(16, 16)) {
    if (array.overlap_folds) capture_and_compare(array, {18, 17, 33}, generator);
  }
  for (const Dataflow dataflow :
       {Dataflow::weight_stationary, Dataflow::output_stationary, Dataflow::input_stationary}) {
    capture_and_compare({.rows = 32, .columns = 32, .dataflow = dataflow}, {40, 33, 35}, generator);
  }
}

TEST_SUITE("slow") {
  TEST_CASE("many random shapes and all options") {
    const unsigned seed = 977;
    CAPTURE(seed);
    std::mt19937 generator(seed);
    for (int round = 0; round < 60; ++round) {
      CAPTURE(round);
      const std::uint32_t rows = random_extent(generator, 12);
      const std::uint32_t columns = random_extent(generator, 12);
      for (const SystolicArray& array : all_arrays(rows, columns)) {
        const Shape shape{random_extent(generator, 30), random_extent(generator, 30),
                          random_extent(generator, 30)};
        capture_and_compare(array, shape, generator);
      }
    }
  }
}

TEST_CASE("a forced interval is refused below the minimum and works at it") {
  // ws, 3 x 2 PEs, load by columns, one register, folds overlap: 3 + T - 1 = 7 with T = 5.
  const SystolicArray array{.rows = 3, .columns = 2, .overlap_folds = true};
  std::mt19937 generator(4);
  const Eigen::MatrixXd inputs = random_integers(generator, 5, 6, 128);
  const Eigen::MatrixXd weights = random_integers(generator, 6, 4, 128);
  for (std::uint64_t interval = 1; interval < 7; ++interval) {
    CAPTURE(interval);
    CHECK_FALSE(
        simulate_gemm_pe(array, inputs, weights, {.forced_interval = interval}).hazards.empty());
  }
  for (std::uint64_t interval = 7; interval < 15; ++interval) {
    CAPTURE(interval);
    const PeResult result = simulate_gemm_pe(array, inputs, weights, {.forced_interval = interval});
    CHECK(result.hazards.empty());
    CHECK(result.product == inputs * weights);
  }
  // The last activation meets the overwritten weight in the corner: load 0-2, words 3-7, the next
  // load begins in 6 and its first word is in the register from 7 on. The first word enters in
  // cycle 2, one after the feeder saw the start and two after the controller was first clocked.
  const PeResult hasty = simulate_gemm_pe(array, inputs, weights, {.forced_interval = 6});
  REQUIRE_FALSE(hasty.hazards.empty());
  CHECK(hasty.hazards.front() ==
        "cycle 9: PE (0, 0): the stationary word of fold 0 is not in its register");
}

TEST_CASE("folds that must not overlap are reported when they meet") {
  // os, 2 x 2 PEs, direct: latency T + 2 = 5. Registers would allow an interval of T = 3.
  const SystolicArray array{
      .rows = 2, .columns = 2, .dataflow = Dataflow::output_stationary, .drain = Drain::direct};
  const Eigen::MatrixXd inputs = Eigen::MatrixXd::Ones(4, 3);
  const Eigen::MatrixXd weights = Eigen::MatrixXd::Ones(3, 2);
  CHECK(simulate_gemm_pe(array, inputs, weights).initiation_interval == 5);
  const PeResult hasty = simulate_gemm_pe(array, inputs, weights, {.forced_interval = 4});
  REQUIRE(hasty.hazards.size() == 1);
  // Fold 0 is there in cycles 2 to 6: its first word enters in cycle 2, as above.
  CHECK(hasty.hazards.front() ==
        "fold 1 enters in cycle 6 while the one before is in the array "
        "until 6");
  SystolicArray overlapping = array;
  overlapping.overlap_folds = true;
  CHECK(simulate_gemm_pe(overlapping, inputs, weights, {.forced_interval = 4}).hazards.empty());
}

TEST_CASE("edge accesses: every operand word once a fold that uses it") {
  // M 5, N 4, K 6 on 3 x 2 PEs.
  const Eigen::MatrixXd inputs = Eigen::MatrixXd::Ones(5, 6);
  const Eigen::MatrixXd weights = Eigen::MatrixXd::Ones(6, 4);
  // ws: 2 x 2 folds; inputs pass once per column fold, weights once, partial sums per row fold.
  const PeResult ws = simulate_gemm_pe({.rows = 3, .columns = 2}, inputs, weights);
  CHECK(ws.input_reads == 5 * 6 * 2);
  CHECK(ws.weight_reads == 6 * 4);
  CHECK(ws.result_writes == 5 * 4 * 2);
  // is: K on rows (2 folds), M on columns (3 folds).
  const PeResult is = simulate_gemm_pe(
      {.rows = 3, .columns = 2, .dataflow = Dataflow::input_stationary}, inputs, weights);
  CHECK(is.input_reads == 5 * 6);
  CHECK(is.weight_reads == 6 * 4 * 3);
  CHECK(is.result_writes == 5 * 4 * 2);
  // os: M on rows (2 folds), N on columns (2 folds).
  const PeResult os = simulate_gemm_pe(
      {.rows = 3, .columns = 2, .dataflow = Dataflow::output_stationary}, inputs, weights);
  CHECK(os.input_reads == 5 * 6 * 2);
  CHECK(os.weight_reads == 6 * 4 * 2);
  CHECK(os.result_writes == 5 * 4);
}
