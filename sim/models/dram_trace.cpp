// SPDX-License-Identifier: Apache-2.0
#include "sim/models/dram_trace.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/diagnostics.hpp"
#include "sim/experiment.hpp"
#include "sim/memory/trace.hpp"
#include "sim/models/fidelity.hpp"
#include "sim/report/human.hpp"
#include "sim/report/totals.hpp"

namespace sluice {
namespace {

/// What held the data bus up, as DramStats counts it, and what would relieve it.
struct Cause {
  std::string_view name;
  std::uint64_t DramStats::*clocks;
  std::string_view happens, relief;
};
constexpr Cause causes[] = {
    {"queue_empty", &DramStats::queue_empty, "nothing is queued",
     "more reads in flight, or requests that come earlier,"},
    {"refresh", &DramStats::refresh, "rows are refreshed", "refreshes while nothing is queued"},
    {"row", &DramStats::row, "rows are opened and closed",
     "another page policy, a deeper queue or an order that finds more row hits"},
    {"faw", &DramStats::faw, "tRRD and tFAW hold up rows that open",
     "more requests for each row that is opened"},
    {"bank_group", &DramStats::bank_group, "bursts of one bank group keep their distance",
     "a mapping that spreads bursts over bank groups"},
    {"turnaround", &DramStats::turnaround, "the bus turns between reads and writes",
     "a deeper write queue"},
};

/// The channel that ends last: its clocks are those of the run.
const DramStats& last_channel(const TraceResult& result) {
  return *std::ranges::max_element(result.channels, {}, &DramStats::clocks);
}

std::string sentence(const LayerReport& total) {
  if (total.cycles == 0) return "nothing: it takes no time";
  const double cycles = static_cast<double>(total.cycles);
  if (total.stalls.empty() || total.stalls[0].cycles < total.busy_cycles / 2)
    return fmt::format("data: the bus of the last channel carries data in {} of clocks",
                       percent(static_cast<double>(total.busy_cycles) / cycles));
  const Stall& largest = total.stalls[0];
  const Cause& cause = *std::ranges::find(causes, largest.cause, &Cause::name);
  return fmt::format("{}: in {} of clocks {}; {} would be up to {} faster", cause.name,
                     percent(static_cast<double>(largest.cycles) / cycles), cause.happens,
                     cause.relief, times(cycles / (cycles - static_cast<double>(largest.cycles))));
}

std::vector<EnergyItem> energy_items(const MemoryMachine& machine, const TraceResult& result) {
  if (!machine.currents) return {};
  const DramEnergies e = energies_of(*machine.currents, timing_of(machine.dram));
  const std::uint64_t clocks = result.clocks * machine.dram.channels;
  const auto item = [](const char* action, std::uint64_t count, double each) {
    return EnergyItem{"dram", action, count, static_cast<double>(count) * each};
  };
  return {item("activate", result.total.activates, e.activate),
          item("read", result.total.reads, e.read), item("write", result.total.writes, e.write),
          item("refresh", result.total.refreshes, e.refresh), item("standby", clocks, e.clock)};
}

LayerReport layer_of(const MemorySetup& run, const TraceResult& result) {
  LayerReport layer;
  layer.name = run.trace.file.empty() ? std::string(name_of(run.trace.pattern)) : "trace";
  layer.operator_name = "memory trace";
  layer.unit = "dram";
  layer.cycles = result.clocks;
  layer.seconds = static_cast<double>(result.clocks) * timing_of(run.machine.dram).tck_ps * 1e-12;
  layer.utilization = layer.roofline_utilization = result.share_of_peak;
  const DramStats& last = last_channel(result);
  layer.busy_cycles = last.data;
  for (const Cause& cause : causes)
    if (last.*cause.clocks > 0)
      layer.stalls.push_back({std::string(cause.name), last.*cause.clocks});
  sort_stalls(layer.stalls);
  layer.traffic = {{"dram", "requests", result.total.bytes_read, result.total.bytes_written}};
  layer.traffic_bytes = result.total.bytes_read + result.total.bytes_written;
  layer.energy = energy_items(run.machine, result);
  for (const EnergyItem& item : layer.energy) layer.energy_pj += item.picojoules;
  layer.bottleneck = sentence(layer);
  return layer;
}

std::vector<Counter> counters_of(const TraceResult& result) {
  std::vector<Counter> counters;
  DramStats total = result.total;
  for_each_counter(total, [&](const char* name, std::uint64_t value) {
    const bool is_clock =
        std::ranges::find(causes, std::string_view(name), &Cause::name) != std::end(causes) ||
        std::string_view(name) == "data" || std::string_view(name) == "clocks";
    const bool is_bytes = std::string_view(name).starts_with("bytes_");
    if (is_bytes) return;  // they are the traffic
    counters.push_back({name, value, is_clock ? "cycles" : ""});
  });
  const auto picoseconds = [](double ns) {
    return static_cast<std::uint64_t>(std::llround(ns * 1e3));
  };
  counters.push_back({"read_latency_mean", picoseconds(result.mean_latency_ns), "ps"});
  counters.push_back({"read_latency_max", picoseconds(result.max_latency_ns), "ps"});
  counters.push_back({"read_response_mean", picoseconds(result.mean_response_ns), "ps"});
  return counters;
}

}  // namespace

Report run_memory(const Experiment& experiment, const MemorySetup& run) {
  if (const auto refusal = refused_fidelity(experiment)) throw SpecError({*refusal});
  const MemoryMachine& m = run.machine;
  TraceOptions options;
  options.outstanding = m.outstanding;
  options.buffer = m.buffer;
  options.responses = m.responses;
  const TraceResult result =
      run_trace(m.dram, run.trace.file.empty() ? draw(run.trace) : run.requests, options);

  Report report = report_of(experiment);
  report.machine.name = m.name;
  report.machine.source = m.source;
  const double clock_hz = 1e12 / timing_of(m.dram).tck_ps;
  report.machine.clock_hz = clock_hz;
  report.machine.peak_dram_bytes_per_second = peak_bytes_per_second(m.dram);
  report.layers.push_back(layer_of(run, result));
  report.network.name = report.layers[0].name;
  report.network.layers = 1;
  report.total = report.layers[0];
  report.total.name = experiment.name;
  report.total.operator_name = "network";
  UnitReport unit{"dram", result.total.reads + result.total.writes, report.total.busy_cycles, 0,
                  report.total.stalls};
  report.units.push_back(std::move(unit));
  add_memory(report, "dram", m.dram.capacity, peak_bytes_per_second(m.dram) / clock_hz).counters =
      counters_of(result);
  return report;
}

}  // namespace sluice
