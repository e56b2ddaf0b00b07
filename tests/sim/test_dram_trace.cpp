// SPDX-License-Identifier: Apache-2.0
// Runs of the model `dram_trace`: what their reports add up to, and what is refused.
#include <doctest/doctest.h>

#include "sim/memory/trace.hpp"
#include "sim/models/dram_trace.hpp"
#include "tests/base/errors.hpp"
#include "tests/base/folder.hpp"
#include "tests/sim/machines.hpp"

using namespace sluice;

namespace {

/// The run of a workload on a machine, as a file; messages without its folder.
Experiment run_of(const std::string& workload, const std::string& more = "",
                  const std::string& machine = "ddr3_1600", const std::string& changes = "") {
  const Folder folder;
  const std::string path = folder.file(
      "run.yaml", "workload: " + workload + "\narchitecture: {include: " +
                      source_path("configs/arch/" + machine + ".yaml") + changes + "}\n" + more);
  try {
    return read_experiment(load_yaml(path), test::library());
  } catch (const SpecError& error) {
    std::vector<Diagnostic> list = error.diagnostics();
    for (Diagnostic& d : list) d.where.path = folder.shortened(d.where.path);
    throw SpecError(std::move(list));
  }
}

Report report_of_run(const Experiment& experiment) {
  return std::get<Report>(evaluate(experiment, test::library()));
}

}  // namespace

TEST_CASE("a report of a trace accounts for every clock, byte and picojoule") {
  for (const char* trace : {"{pattern: stream, requests: 3000}",
                            "{pattern: random, requests: 3000, seed: 2, write_share: 0.3}",
                            "{pattern: mixed, requests: 3000, seed: 3}"}) {
    CAPTURE(trace);
    const Experiment experiment = run_of("{trace: " + std::string(trace) + "}");
    const Report report = report_of_run(experiment);
    std::uint64_t clocks = report.total.busy_cycles;
    for (const Stall& stall : report.total.stalls) clocks += stall.cycles;
    CHECK(clocks == report.total.cycles);
    CHECK(report.total.traffic_bytes == 3000 * 64);
    const auto number = [](std::uint64_t count) { return static_cast<double>(count); };
    CHECK(report.total.seconds == doctest::Approx(number(report.total.cycles) * 1.25e-9));
    CHECK(report.total.utilization == doctest::Approx(report.memories[0].bandwidth_utilization));

    TraceOptions options;
    const auto& setup = std::get<MemorySetup>(experiment.setup);
    options.outstanding = setup.machine.outstanding;
    options.buffer = setup.machine.buffer;
    const TraceResult result = run_trace(setup.machine.dram, draw(setup.trace), options);
    CHECK(result.clocks == report.total.cycles);
    const DramStats& s = result.total;
    CHECK(report.total.energy_pj ==
          doctest::Approx(14'250 * number(s.activates) + 5'700 * number(s.reads) +
                          6'000 * number(s.writes) + 165'000 * number(s.refreshes) +
                          675 * number(result.clocks)));
  }
}

TEST_CASE("analytic and tile give the same report of a trace; pe is refused") {
  Experiment experiment = run_of("{trace: {pattern: mixed, requests: 2000}}");
  Report tile = report_of_run(experiment);
  experiment.simulation.fidelity = Fidelity::analytic;
  Report analytic = report_of_run(experiment);
  CHECK(analytic.provenance.fidelity == "analytic");
  analytic.provenance = tile.provenance;
  CHECK(analytic == tile);
  experiment.simulation.fidelity = Fidelity::pe;
  CHECK(error_of([&] { report_of_run(experiment); }) ==
        "--fidelity: error: fidelity pe: a memory alone has no PEs\n"
        "hint: use tile, which gives every command of the memory");
}

TEST_CASE("more reads in flight, and a deeper window, are not slower on a random trace") {
  const auto cycles = [](const std::string& changes) {
    return report_of_run(run_of("{trace: {pattern: random, requests: 5000}}", "", "ddr3_1600",
                                ", " + changes))
        .total.cycles;
  };
  std::uint64_t before = ~std::uint64_t{0};
  for (const char* outstanding : {"1", "2", "4", "16", "128"}) {
    const std::uint64_t now = cycles("outstanding: " + std::string(outstanding));
    CHECK(now <= before);
    before = now;
  }
  CHECK(cycles("dram: {read_window: 8}") < cycles("dram: {read_window: 1}"));
}

TEST_CASE("a file of requests is found beside the run, runs, and is part of the input") {
  const Folder folder;
  folder.file("t.stl", "0: read 0\n0: read 0x40\n");
  const std::string run =
      folder.file("run.yaml", "workload: {trace: {file: t.stl}}\narchitecture: {include: " +
                                  source_path("configs/arch/ddr3_1600.yaml") + "}\n");
  const Experiment first = read_experiment(load_yaml(run), test::library());
  // ACT at 0, RD at 10 and 14, the last data 10 + 4 later.
  CHECK(report_of_run(first).total.cycles == 28);
  folder.file("t.stl", "0: read 0\n0: read 0x80\n");
  CHECK(read_experiment(load_yaml(run), test::library()).input_hash != first.input_hash);
}

TEST_CASE("a trace needs a memory alone, and a memory alone a trace") {
  CHECK(error_of([] { run_of("{trace: {pattern: stream}}", "", "tpu_v1"); }) ==
        "run.yaml:1:19: error: a trace runs on a memory alone\n"
        "  workload: {trace: {pattern: stream}}\n"
        "                    ^\n"
        "hint: on a machine of the model dram_trace (see `sluice list models`)");
  CHECK(error_of([] { run_of("{trace: {pattern: strom}}"); }) ==
        "run.yaml:1:29: error: pattern: 'strom' is not known here\n"
        "  workload: {trace: {pattern: strom}}\n"
        "                              ^\n"
        "hint: did you mean 'stream'?");
  CHECK(error_of([] { run_of("{trace: {pattern: stream}}", "mapping: {mapper: heuristic}\n"); }) ==
        "run.yaml:3:1: error: unknown key 'mapping'\n"
        "  mapping: {mapper: heuristic}\n"
        "  ^\n"
        "hint: known: name, workload, architecture, simulation, output");
  CHECK(error_of([] { run_of("{model: resnet50}"); }) ==
        "run.yaml:1:11: error: the key 'trace' is missing: the requests\n"
        "  workload: {model: resnet50}\n"
        "            ^\n"
        "run.yaml:1:12: error: unknown key 'model'\n"
        "  workload: {model: resnet50}\n"
        "             ^\n"
        "hint: known: trace");
}
