// SPDX-License-Identifier: Apache-2.0
// Attribution of cycles; see stalls.hpp.
#include "sim/report/stalls.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "sim/report/totals.hpp"

namespace sluice {
namespace {

/// Names of the stall kinds that are not told apart by unit, in the order of StallKind.
constexpr const char* kind_names[] = {
    "fill",          "drain",        "dma_setup", "memory_latency", "memory_bandwidth",
    "port_conflict", "bank_conflict"};

/// The stalls of a unit for a task, one entry a cause, those of no cycles left out.
std::vector<Stall> stalls_of(const Graph& graph, const UnitStats& unit, const UnitLayerStats& row) {
  std::vector<Stall> list;
  for (std::size_t k = 0; k < std::size(kind_names); ++k)
    if (row.stalls[k] > 0) list.push_back({kind_names[k], row.stalls[k]});
  for (std::size_t p = 0; p < unit.peers.size(); ++p) {
    const std::string& peer = graph.units[index(unit.peers[p])].name;
    if (row.starved[p] > 0) list.push_back({"input_starved:" + peer, row.starved[p]});
    if (row.blocked[p] > 0) list.push_back({"output_blocked:" + peer, row.blocked[p]});
  }
  return list;
}

/// Takes `cycles` off `stalls`, waits for earlier results first; returns what could not be taken.
std::uint64_t take_off(std::vector<Stall>& stalls, std::uint64_t cycles) {
  std::stable_sort(stalls.begin(), stalls.end(), [](const Stall& a, const Stall& b) {
    return a.cause == "drain" && b.cause != "drain";
  });
  for (Stall& stall : stalls) {
    const std::uint64_t part = std::min(stall.cycles, cycles);
    stall.cycles -= part;
    cycles -= part;
  }
  std::erase_if(stalls, [](const Stall& s) { return s.cycles == 0; });
  return cycles;
}

}  // namespace

TaskTiming span_of(const Graph& graph, const UnitStats& unit, const UnitLayerStats& row,
                   std::uint64_t unit_before, std::uint64_t begin, std::uint64_t end) {
  TaskTiming timing;
  timing.cycles = end - begin;
  timing.stalls = stalls_of(graph, unit, row);
  // The unit's own history runs from `unit_before`; what lies before the span is taken off, first
  // from its waits before the first firing, then from its work (which overlapped the task before).
  // What it still did for that task within the span counts as drain.
  const std::uint64_t outside =
      std::min(begin, std::max(row.end, unit_before)) - std::min(begin, unit_before);
  const std::uint64_t tail = std::min(end, std::max(begin, unit_before)) - begin;
  const std::uint64_t from_waits = std::min(outside, row.first_stall);
  const std::uint64_t from_work =
      std::min(row.busy, outside - from_waits + take_off(timing.stalls, from_waits));
  const std::uint64_t left = take_off(timing.stalls, outside - from_waits - from_work);
  SLUICE_ASSERT(left == 0, "a unit's work and waits do not fill the time it took");
  timing.busy = row.busy - from_work;
  timing.overlapped_cycles = from_work;
  const std::uint64_t unit_end = row.firings > 0 ? std::max(row.end, begin) : begin + tail;
  const std::uint64_t drained = tail + end - std::min(end, unit_end);
  if (drained > 0) add_stall(timing.stalls, {"drain", drained});
  return timing;
}

std::vector<TaskTiming> attribute_cycles(const Mapping& mapping, const SystolicGraph& machine,
                                         const TileResult& result) {
  std::vector<TaskTiming> timings;
  const std::uint32_t array = index(machine.array), vector = index(machine.vector);
  std::uint64_t begin = 0, array_before = 0, vector_before = 0;
  for (std::size_t t = 0; t < mapping.tasks.size(); ++t) {
    const bool gemm = std::holds_alternative<GemmTask>(mapping.tasks[t].task.work);
    const UnitLayerStats& a = result.units[array].layers[t];
    const UnitLayerStats& v = result.units[vector].layers[t];
    std::uint64_t end = std::max(begin, gemm ? a.end : v.end);
    if (t + 1 == mapping.tasks.size()) end = result.cycles;
    const std::uint32_t main = gemm ? array : vector;
    TaskTiming timing = span_of(machine.graph, result.units[main], gemm ? a : v,
                                gemm ? array_before : vector_before, begin, end);
    timing.unit = machine.graph.units[main].name;
    timings.push_back(std::move(timing));
    begin = end;
    if (a.firings > 0) array_before = a.end;
    if (v.firings > 0) vector_before = v.end;
  }
  return timings;
}

std::vector<UnitReport> unit_reports(const Graph& graph, const TileResult& result) {
  std::vector<UnitReport> reports;
  for (std::size_t u = 0; u < graph.units.size(); ++u) {
    UnitReport report;
    report.name = graph.units[u].name;
    std::uint64_t stalled = 0;
    for (const UnitLayerStats& row : result.units[u].layers) {
      report.firings += row.firings;
      report.busy_cycles += row.busy;
      for (const Stall& stall : stalls_of(graph, result.units[u], row)) {
        add_stall(report.stalls, stall);
        stalled += stall.cycles;
      }
    }
    SLUICE_ASSERT(report.busy_cycles + stalled <= result.cycles,
                  "a unit was busy or stalled for longer than the run took");
    report.idle_cycles = result.cycles - report.busy_cycles - stalled;
    std::stable_sort(report.stalls.begin(), report.stalls.end(),
                     [](const Stall& a, const Stall& b) { return a.cycles > b.cycles; });
    reports.push_back(std::move(report));
  }
  return reports;
}

std::vector<UnitReport> unit_reports(const Graph& graph, const std::vector<std::uint64_t>& busy,
                                     std::uint64_t cycles) {
  const std::vector<std::uint64_t> firings = count_firings(graph);
  std::vector<UnitReport> reports;
  for (std::size_t u = 0; u < graph.units.size(); ++u) {
    UnitReport report;
    report.name = graph.units[u].name;
    report.firings = firings[u];
    report.busy_cycles = std::min(busy[u], cycles);
    report.idle_cycles = cycles - report.busy_cycles;
    reports.push_back(std::move(report));
  }
  return reports;
}

}  // namespace sluice
