// SPDX-License-Identifier: Apache-2.0
// What a report claims must be possible: no ratio to a peak above 1, no layer above its roofline,
// no counter of a trace above what the memory can move.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <numeric>
#include <variant>

#include "tests/sim/machines.hpp"
#include "tests/sim/random_machines.hpp"

using namespace sluice;
using namespace sluice::test;

namespace {

constexpr double rounding = 1 + 1e-12;

void check_peaks(const Report& report) {
  CHECK(report.total.overlapped_bytes == 0);
  CHECK(report.total.utilization <= report.total.roofline_utilization * rounding);
  for (const LayerReport& layer : report.layers) {
    CAPTURE(layer.name);
    CHECK(layer.overlapped_bytes <= layer.traffic_bytes);
    CHECK(layer.utilization <= layer.roofline_utilization * rounding);
  }
  for (const MemoryReport& memory : report.memories) {
    CAPTURE(memory.name);
    const bool unlimited = memory.peak_bytes_per_cycle == 0;
    CHECK((memory.bandwidth_utilization == 0) ==
          (unlimited || memory.read_bytes + memory.write_bytes == 0));
    CHECK(memory.bandwidth_utilization <= rounding);
  }
}

Experiment shipped_run(const std::string& file) {
  return read_experiment(load_yaml(source_path("configs/run/" + file + ".yaml")), library());
}

void check_run_file(const std::string& file) {
  CAPTURE(file);
  Experiment e = shipped_run(file);
  for (const Fidelity fidelity : {Fidelity::tile, Fidelity::analytic}) {
    CAPTURE(static_cast<int>(fidelity));
    if (std::holds_alternative<FormsSetup>(e.setup) && fidelity == Fidelity::tile)
      continue;  // there is nothing to simulate
    e.simulation.fidelity = fidelity;
    check_peaks(std::get<Report>(evaluate(e, library())));
  }
}

std::vector<std::string> run_files() {
  std::vector<std::string> names;
  for (const auto& file : std::filesystem::directory_iterator(source_path("configs/run")))
    names.push_back(file.path().stem());
  std::sort(names.begin(), names.end());
  return names;
}

/// Bytes moved in all that the counters of bandwidth show, and the most that they show at once.
struct Shown {
  double bytes = 0, most = 0;
};

Shown shown_bandwidth(const Trace& trace) {
  std::map<std::uint32_t, double> rate;  // by counter
  Shown shown;
  std::uint64_t at = 0;
  for (const TraceSample& sample : trace.samples) {
    if (trace.counters[sample.counter].unit != "B/cycle") continue;
    double sum = 0;
    for (const auto& [counter, value] : rate) sum += value;
    if (sample.cycle > at) shown.most = std::max(shown.most, sum);
    shown.bytes += sum * static_cast<double>(sample.cycle - at);
    at = sample.cycle;
    rate[sample.counter] = sample.value;
  }
  for (const auto& [counter, value] : rate) CHECK(value == 0);
  return shown;
}

/// Runs with a trace of [start, start + cycles).
Trace traced(Experiment e, Report& report, std::uint64_t start, std::uint64_t cycles) {
  e.output.trace = true;
  e.output.trace_start = start;
  e.output.trace_cycles = cycles;
  Trace trace;
  report = std::get<Report>(evaluate(e, library(), {.trace = &trace}));
  return trace;
}

}  // namespace

TEST_CASE("nothing is above its peak in the shipped runs of convolutional networks") {
  for (const std::string& file : run_files())
    if (file.find("net") != std::string::npos || file == "quickstart") check_run_file(file);
}

TEST_CASE("nothing is above its peak on random machines, prefetch and branches included") {
  const std::uint64_t seed = 20261129;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (int i = 0; i < 150; ++i) {
    CAPTURE(i);
    Experiment e;
    systolic(e).machine =
        random_machine(random, i % 2 == 0 ? random_dram(random) : random_ideal_memory(random));
    // DMA is not slowed down by ports, so that only wide ones are never asked for too much.
    for (Scratchpad& pad : systolic(e).machine.scratchpads) pad.width = Bytes{0};
    e.network = random_network(random);
    const Outcome outcome = evaluate(e, library());
    if (const auto* report = std::get_if<Report>(&outcome)) check_peaks(*report);
  }
}

// Weights of 2 x 64 KiB tiles are fetched while the layer before computes; with nothing fetched
// ahead and one layer there is no overlap, and the roofline is that of all its bytes.
TEST_CASE("a layer alone overlaps with nothing") {
  Experiment e = experiment("alexnet", "tpu_like_ddr4");
  e.network = product_network(256, 512, 512);
  const Report report = std::get<Report>(evaluate(e, library()));
  CHECK(report.layers[0].overlapped_bytes == 0);
  CHECK(report.layers[0].roofline_utilization == report.total.roofline_utilization);
}

TEST_CASE("the bandwidth counters of a trace add up to the bytes moved, never above the peak") {
  for (const char* machine : {"tpu_like_ddr4", "tpu_like_edge", "gemmini_default"}) {
    CAPTURE(machine);
    Report report;
    const Trace trace = traced(experiment("mobilenet_v1", machine), report, 0, 1u << 30);
    CHECK_FALSE(trace.truncated);
    const Shown shown = shown_bandwidth(trace);
    double moved = 0;  // in whole bursts where there are bursts
    for (const Counter& counter : report.memories[0].counters)
      if (counter.unit == "B") moved += static_cast<double>(counter.value);
    if (moved == 0) moved = static_cast<double>(report.total.traffic_bytes);
    CHECK(shown.bytes == doctest::Approx(moved).epsilon(1e-9));
    CHECK(shown.most <= report.memories[0].peak_bytes_per_cycle * (1 + 1e-9));
    CHECK(shown.most > 0.5 * report.memories[0].peak_bytes_per_cycle);
  }
}

TEST_CASE("a window shows the same bandwidth as the whole trace does there") {
  Report report;
  const Experiment e = experiment("mobilenet_v1", "gemmini_default");
  const Trace all = traced(e, report, 0, 1u << 30);
  const std::uint64_t start = 256 * 1000, cycles = 256 * 200;
  const Trace part = traced(e, report, start, cycles);
  const auto in_window = [&](const Trace& trace, std::uint32_t counter) {
    std::map<std::uint64_t, double> values;
    for (const TraceSample& s : trace.samples)
      if (s.counter == counter && s.cycle > start && s.cycle < start + cycles)
        values[s.cycle] = s.value;
    return values;
  };
  for (std::uint32_t c = 0; c < all.counters.size(); ++c)
    if (all.counters[c].unit == "B/cycle") CHECK(in_window(part, c) == in_window(all, c));
}

TEST_CASE("the DMA units of `analytic` are busy while their bytes pass at the peak") {
  Experiment e = experiment("alexnet", "tpu_like_ddr4");
  e.network = product_network(256, 512, 512);
  e.simulation.fidelity = Fidelity::analytic;
  const Report report = std::get<Report>(evaluate(e, library()));
  // 256 x 512 inputs, 512 x 512 weights, 256 x 512 outputs of 2 B at the peak of the DRAM, loaded
  // and stored once.
  const double peak = report.memories[0].peak_bytes_per_cycle;
  const double bytes[] = {2.0 * 256 * 512, 2.0 * 512 * 512, 2.0 * 256 * 512};
  REQUIRE(report.units.size() == 5);
  const UnitReport* const dma[] = {&report.units[0], &report.units[1], &report.units[4]};
  REQUIRE(report.total.traffic_bytes == 2 * (256 * 512 + 512 * 512 + 256 * 512));
  for (int i = 0; i < 3; ++i)
    CHECK(dma[i]->busy_cycles == static_cast<std::uint64_t>(bytes[i] / peak));
  for (const UnitReport& unit : report.units)
    CHECK(unit.busy_cycles + unit.idle_cycles == report.total.cycles);
}

TEST_SUITE("slow") {
  TEST_CASE("nothing is above its peak in any shipped run") {
    for (const std::string& file : run_files()) check_run_file(file);
  }
}
