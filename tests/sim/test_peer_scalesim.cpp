// SPDX-License-Identifier: Apache-2.0
// Equality with SCALE-Sim v3 in CALC mode, row by row: cycles, utilization, SRAM and DRAM accesses
// of its recorded runs. Where we differ on purpose, the test states the difference.
#include <doctest/doctest.h>

#include <cmath>
#include <variant>

#include "arch/systolic_timing.hpp"
#include "sim/models/scalesim_calc.hpp"
#include "sim/models/systolic.hpp"
#include "sim/models/systolic_machine.hpp"
#include "sim/tile/tile.hpp"
#include "tests/sim/peer_scalesim.hpp"

namespace sluice {
namespace {

using test::peer_runs;
using test::PeerRow;
using test::PeerRun;

const GemmTask& task_of(const PeerRun& run, std::size_t layer) {
  return std::get<GemmTask>(run.mapping.tasks[layer].task.work);
}

/// Calls check(run, row) for every recorded row and returns how many there were.
template <class Check>
std::size_t for_each_row(const std::vector<PeerRun>& runs, Check check) {
  std::size_t count = 0;
  for (const PeerRun& run : runs)
    for (const PeerRow& row : run.rows) {
      CAPTURE(run.config_file);
      CAPTURE(row.layer);
      check(run, row);
      ++count;
    }
  return count;
}

/// Reports are rounded to six digits behind the point.
bool equal_as_printed(double ours, double theirs) { return std::abs(ours - theirs) <= 0.51e-6; }

TEST_CASE("every layer takes the cycles of SCALE-Sim, whose count is the last cycle's index") {
  const auto runs = peer_runs();
  const std::size_t rows = for_each_row(runs, [](const PeerRun& run, const PeerRow& row) {
    const GemmTask& task = task_of(run, row.layer);
    REQUIRE(task.batch == 1);
    CHECK(total_cycles(run.config.architecture.array, task.m, task.n, task.k) == row.cycles + 1);
    CHECK(row.stalls == 0);
  });
  CHECK(rows == 219);
}

/// SCALE-Sim divides the MACs of the dense layer by one cycle less than the layer takes.
TEST_CASE("overall utilization is that of SCALE-Sim, in its arithmetic") {
  const auto runs = peer_runs();
  const std::size_t rows = for_each_row(runs, [](const PeerRun& run, const PeerRow& row) {
    const SystolicArray& array = run.config.architecture.array;
    const auto dense_macs = static_cast<double>(macs(run.dense.layers[row.layer].op));
    const auto pe_cycles = static_cast<double>(row.cycles * array.rows * array.columns);
    CHECK(equal_as_printed(100 * dense_macs / pe_cycles, row.overall_util));
  });
  CHECK(rows == 219);
}

TEST_CASE("the share of PEs used is the mapping efficiency of SCALE-Sim") {
  const auto runs = peer_runs();
  const std::size_t rows = for_each_row(runs, [](const PeerRun& run, const PeerRow& row) {
    const SystolicArray& array = run.config.architecture.array;
    const GemmTask& task = task_of(run, row.layer);
    const GemmFolds folds = fold_gemm(array, task.m, task.n, task.k);
    const OperandReads reads = operand_reads(array, task.m, task.n, task.k);
    const auto there =
        static_cast<double>(folds.row_folds * folds.column_folds * array.rows * array.columns);
    CHECK(equal_as_printed(100 * static_cast<double>(reads.used_pes) / there,
                           row.mapping_efficiency));
  });
  CHECK(rows == 219);
}

/// How often SCALE-Sim counts an ifmap word of a sparse layer that its ws array reads: M/N times,
/// once for each row of dense weights that the word would meet.
std::uint64_t sparse_ifmap_count(const PeerRun& run, std::size_t layer, std::uint64_t reads) {
  if (run.config.architecture.array.dataflow != Dataflow::weight_stationary) return reads;
  const std::string& name = run.network.layers[layer].name;
  const std::size_t of = name.rfind("of");
  if (name == run.dense.layers[layer].name || of == std::string::npos) return reads;
  const std::size_t begin = name.rfind('_');
  const auto n = std::stoull(name.substr(begin + 1, of - begin - 1));
  const auto m = std::stoull(name.substr(of + 2));
  return reads * m / n;
}

TEST_CASE("SRAM reads are those of SCALE-Sim; its os writes count R + C words too many a fold") {
  const auto runs = peer_runs();
  const std::size_t rows = for_each_row(runs, [](const PeerRun& run, const PeerRow& row) {
    const SystolicArray& array = run.config.architecture.array;
    const GemmTask& task = task_of(run, row.layer);
    const OperandReads reads = operand_reads(array, task.m, task.n, task.k);
    CHECK(sparse_ifmap_count(run, row.layer, reads.input) == row.sram_ifmap);
    CHECK(reads.weight == row.sram_filter);
    const GemmFolds folds = fold_gemm(array, task.m, task.n, task.k);
    const std::uint64_t bug =
        array.dataflow == Dataflow::output_stationary
            ? folds.row_folds * folds.column_folds * (array.rows + array.columns)
            : 0;
    CHECK(task.m * task.n * reads.partial_sums + bug == row.sram_ofmap);
  });
  CHECK(rows == 219);
}

/// Sum over the layers of a run, as the tile simulator executes them one after the other.
TEST_CASE("the tile simulator takes the cycles of SCALE-Sim on every run") {
  std::size_t rows = 0;
  for (const PeerRun& run : peer_runs()) {
    CAPTURE(run.config_file);
    const Architecture& machine = run.config.architecture;
    const SystolicGraph graph = build_systolic(run.network, machine, run.mapping);
    CHECK_FALSE(graph.has_memory);
    const TileOutcome outcome = run_tile(graph.graph, {machine.dram, machine.clock});
    REQUIRE(std::holds_alternative<TileResult>(outcome));
    const auto& result = std::get<TileResult>(outcome);
    std::uint64_t theirs = 0;
    std::uint64_t before = 0;
    const UnitStats& array = result.units[static_cast<std::size_t>(graph.array)];
    for (const PeerRow& row : run.rows) {
      CAPTURE(row.layer);
      CHECK(array.layers[row.layer].done - before == row.cycles + 1);
      before = array.layers[row.layer].done;
      theirs += row.cycles + 1;
      ++rows;
    }
    CHECK(result.cycles == theirs);
  }
  CHECK(rows == 219);
}

TEST_CASE("DRAM accesses in CALC mode are those of SCALE-Sim, by its own rule") {
  const auto runs = peer_runs();
  const std::size_t rows = for_each_row(runs, [](const PeerRun& run, const PeerRow& row) {
    const ScalesimTraffic traffic = scalesim_calc_traffic(
        run.config.architecture.array, run.config.sram_words, run.network.layers[row.layer].op);
    CHECK(traffic.ifmap_reads == row.dram_ifmap);
    CHECK(traffic.filter_reads == row.dram_filter);
    CHECK(traffic.ofmap_writes == row.dram_ofmap);
    CHECK_FALSE(traffic.ofmap_full);
  });
  CHECK(rows == 219);
}

}  // namespace
}  // namespace sluice
