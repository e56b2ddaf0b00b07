// SPDX-License-Identifier: Apache-2.0
// The closed forms by hand arithmetic, and against RTL and SCALE-Sim.
#include <doctest/doctest.h>

#include <array>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "arch/systolic_timing.hpp"
#include "sim/pe/gemm.hpp"
#include "tests/source_path.hpp"

using namespace sluice;

namespace {

SystolicArray os_array(std::uint32_t rows, std::uint32_t columns) {
  return {.rows = rows, .columns = columns, .dataflow = Dataflow::output_stationary};
}

struct RtlRow {
  std::string dataflow;
  std::uint32_t m = 0, n = 0, k = 0;
  std::uint64_t total = 0, interval = 0;
};

/// dataflow,variant,m,n,k,total_edges,minimum_interval_edges; one line of names.
std::vector<RtlRow> rtl_rows() {
  std::ifstream file(source_path("tests/sim/golden/published/tpe_rtl_systolic.csv"));
  std::vector<RtlRow> rows;
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    for (char& c : line) c = c == ',' ? ' ' : c;
    std::istringstream fields(line);
    std::string variant;
    RtlRow row;
    fields >> row.dataflow >> variant >> row.m >> row.n >> row.k >> row.total >> row.interval;
    REQUIRE(fields);
    rows.push_back(row);
  }
  return rows;
}

/// The arrays of the RTL: as large as the operand, one register at the edge. os: results are read
/// in place; ws: K x N, the weights come through the rows.
SystolicArray rtl_array(const RtlRow& row) {
  if (row.dataflow == "os") {
    return {.rows = row.m,
            .columns = row.n,
            .dataflow = Dataflow::output_stationary,
            .drain = Drain::direct,
            .edge_register = true};
  }
  return {.rows = row.k,
          .columns = row.n,
          .stationary_load = StationaryLoad::rows,
          .edge_register = true};
}

}  // namespace

TEST_CASE("ws: load, steps and skew add up") {
  // 4 x 6 PEs, 10 steps: 4 + 10 + 4 + 6 - 2 = 22.
  SystolicArray array{.rows = 4, .columns = 6};
  CHECK(fold_timing(array, 10) == FoldTiming{22, 22, 4});
  array.overlap_folds = true;  // 4 + 10 - 1
  CHECK(fold_timing(array, 10) == FoldTiming{13, 22, 4});
  array.double_buffered_stationary = true;  // max(4, 10), and max(4, 3)
  CHECK(fold_timing(array, 10) == FoldTiming{10, 22, 4});
  CHECK(fold_timing(array, 3) == FoldTiming{4, 15, 4});
  array.overlap_folds = false;  // 10 + 4 + 6 - 2
  CHECK(fold_timing(array, 10) == FoldTiming{18, 22, 4});
}

TEST_CASE("is: along the rows the load takes a cycle a column and its turn on the wire") {
  // 4 x 6 PEs, 10 steps: 6 + 10 + 8 = 24; overlapping 6 + 10.
  SystolicArray array{.rows = 4,
                      .columns = 6,
                      .dataflow = Dataflow::input_stationary,
                      .stationary_load = StationaryLoad::rows};
  CHECK(fold_timing(array, 10) == FoldTiming{24, 24, 6});
  array.overlap_folds = true;
  CHECK(fold_timing(array, 10) == FoldTiming{16, 24, 6});
}

TEST_CASE("os: results that shift down take one cycle a row") {
  // 4 x 6 PEs, 10 steps: 10 + 8 = 18, and 4 more for the drain.
  SystolicArray array = os_array(4, 6);
  CHECK(fold_timing(array, 10) == FoldTiming{22, 22, 0});
  array.double_buffered_output = true;
  CHECK(fold_timing(array, 10) == FoldTiming{18, 22, 0});
  array.overlap_folds = true;  // max(10, 4), max(3, 4)
  CHECK(fold_timing(array, 10) == FoldTiming{10, 22, 0});
  CHECK(fold_timing(array, 3) == FoldTiming{4, 15, 0});
  array.double_buffered_output = false;  // 10 + 4 - 1
  CHECK(fold_timing(array, 10) == FoldTiming{13, 22, 0});
  array.drain = Drain::direct;
  CHECK(fold_timing(array, 10) == FoldTiming{10, 18, 0});
}

TEST_CASE("an edge register costs a cycle of latency, hidden where folds overlap") {
  SystolicArray array{.rows = 4, .columns = 6, .edge_register = true};
  CHECK(fold_timing(array, 10) == FoldTiming{23, 23, 4});
  array.overlap_folds = true;
  CHECK(fold_timing(array, 10) == FoldTiming{13, 23, 4});
  array.overlap_folds = false;
  array.double_buffered_stationary = true;
  CHECK(fold_timing(array, 10) == FoldTiming{19, 23, 4});
}

TEST_CASE("folds follow the dataflow and edge folds count in full") {
  // M 10, N 20, K 30 on 8 x 16 PEs.
  SystolicArray array{.rows = 8, .columns = 16};
  CHECK(fold_gemm(array, 10, 20, 30) == GemmFolds{4, 2, 10});
  array.dataflow = Dataflow::input_stationary;
  CHECK(fold_gemm(array, 10, 20, 30) == GemmFolds{4, 1, 20});
  array.dataflow = Dataflow::output_stationary;
  CHECK(fold_gemm(array, 10, 20, 30) == GemmFolds{2, 2, 30});
  // 4 folds of 30 + 8 + 16 - 2 + 8 = 60.
  CHECK(total_cycles(array, 10, 20, 30) == 240);
  CHECK(total_cycles(array, 16, 32, 30) == 240);
}

TEST_CASE("a second stationary register needs a way in of its own") {
  SystolicArray array{.double_buffered_stationary = true};
  CHECK_FALSE(unsupported_reason(array));
  array.stationary_load = StationaryLoad::rows;
  REQUIRE(unsupported_reason(array));
  CHECK(*unsupported_reason(array) ==
        "double_buffered_stationary needs stationary_load: columns, because with rows the "
        "stationary tile travels through the registers of the moving operand, which are in use "
        "while a fold computes");
  array.dataflow = Dataflow::output_stationary;
  CHECK_FALSE(unsupported_reason(array));
}

TEST_CASE("published: first operand in to last result out equals RTL, in closed form and by PE") {
  const std::vector<RtlRow> rows = rtl_rows();
  REQUIRE(rows.size() == 23);
  for (const RtlRow& row : rows) {
    CAPTURE(row.dataflow);
    CAPTURE(row.m);
    CAPTURE(row.n);
    CAPTURE(row.k);
    const SystolicArray array = rtl_array(row);
    CHECK(total_cycles(array, row.m, row.n, row.k) == row.total);
    const PeResult grid = simulate_gemm_pe(array, Eigen::MatrixXd::Ones(row.m, row.k),
                                           Eigen::MatrixXd::Ones(row.k, row.n));
    CHECK(grid.cycles == row.total);
  }
}

TEST_CASE("published: the shortest interval of RTL is ours for os, and lies between ours for ws") {
  for (const RtlRow& row : rtl_rows()) {
    CAPTURE(row.dataflow);
    CAPTURE(row.m);
    CAPTURE(row.n);
    CAPTURE(row.k);
    SystolicArray array = rtl_array(row);
    const std::uint64_t steps = fold_gemm(array, row.m, row.n, row.k).steps;
    const std::uint64_t alone = fold_timing(array, steps).initiation_interval;
    if (row.dataflow == "os") {
      CHECK(alone == row.interval);
      continue;
    }
    // M + 2N + K - 3 in RTL. Without overlap ours is M + 2N + K - 1; with overlap M + N. See
    // SOURCE.md.
    array.overlap_folds = true;
    CHECK(row.interval == row.m + 2 * row.n + row.k - 3);
    CHECK(alone == row.interval + 2);
    CHECK(fold_timing(array, steps).initiation_interval == row.m + row.n);
  }
}

TEST_CASE("published: SCALE-Sim's stock arrays take folds times fold, its count starting at zero") {
  struct Row {
    Dataflow dataflow;
    std::uint32_t side;
    std::uint64_t m, n, k, reported;
  };
  // `Total Cycles` of SCALE-Sim v3.0.0 (commit fab89b7), compute only; it is the index of the last
  // cycle, hence one less than the count.
  const std::array<Row, 9> rows{{
      {Dataflow::output_stationary, 32, 100, 37, 211, 2183},
      {Dataflow::output_stationary, 8, 128, 128, 128, 36351},
      {Dataflow::output_stationary, 128, 3025, 96, 363, 14807},
      {Dataflow::weight_stationary, 32, 100, 37, 211, 2715},
      {Dataflow::weight_stationary, 8, 100, 37, 211, 16469},
      {Dataflow::weight_stationary, 128, 3025, 96, 363, 10220},
      {Dataflow::input_stationary, 32, 100, 37, 211, 3667},
      {Dataflow::input_stationary, 8, 100, 37, 211, 20708},
      {Dataflow::input_stationary, 128, 512, 512, 512, 14303},
  }};
  for (const Row& row : rows) {
    CAPTURE(name_of(row.dataflow));
    CAPTURE(row.side);
    const SystolicArray array{
        .rows = row.side, .columns = row.side, .dataflow = row.dataflow, .drain = Drain::direct};
    CHECK(total_cycles(array, row.m, row.n, row.k) == row.reported + 1);
  }
}
