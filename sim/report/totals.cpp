// SPDX-License-Identifier: Apache-2.0
#include "sim/report/totals.hpp"

#include <algorithm>

#include "base/checked.hpp"
#include "sim/memory/memory_facts.hpp"
#include "sim/version.hpp"

namespace sluice {

Report report_of(const Experiment& experiment) {
  Report report;
  report.provenance = {std::string(version()), std::string(name_of(experiment.simulation.fidelity)),
                       experiment.simulation.seed, experiment.input_hash};
  const Network& n = experiment.network;
  report.network = {n.name, n.source, n.layers.size(), macs(n), parameters(n)};
  return report;
}

MachineSummary machine_summary(const std::string& name, const std::string& source, Hertz clock,
                               std::uint64_t rows, std::uint64_t columns, const Dram& dram) {
  MachineSummary m;
  m.name = name;
  m.source = source;
  m.clock_hz = clock.value;
  m.pes = product(rows, columns);
  m.peak_macs_per_second = static_cast<double>(m.pes) * clock.value;
  m.peak_dram_bytes_per_second = memory_facts(dram, clock).bytes_per_cycle * clock.value;
  return m;
}

void add_stall(std::vector<Stall>& stalls, const Stall& stall) {
  for (Stall& known : stalls)
    if (known.cause == stall.cause) {
      known.cycles += stall.cycles;
      return;
    }
  stalls.push_back(stall);
}

void add_traffic(std::vector<Traffic>& into, const std::vector<Traffic>& more) {
  for (const Traffic& t : more) add_traffic(into, t.memory, t.tensor, t.read_bytes, t.write_bytes);
}

void add_traffic(std::vector<Traffic>& into, std::string_view memory, std::string_view tensor,
                 std::uint64_t read_bytes, std::uint64_t write_bytes) {
  for (Traffic& known : into)
    if (known.memory == memory && known.tensor == tensor) {
      known.read_bytes += read_bytes;
      known.write_bytes += write_bytes;
      return;
    }
  into.push_back({std::string(memory), std::string(tensor), read_bytes, write_bytes});
}

void add_energy(std::vector<EnergyItem>& into, const EnergyItem& item) {
  add_energy(into, item.component, item.action, item.count, item.picojoules);
}

void add_energy(std::vector<EnergyItem>& into, std::string_view component, std::string_view action,
                std::uint64_t count, double picojoules) {
  for (EnergyItem& known : into)
    if (known.component == component && known.action == action) {
      known.count += count;
      known.picojoules += picojoules;
      return;
    }
  into.push_back({std::string(component), std::string(action), count, picojoules});
}

void sort_stalls(std::vector<Stall>& stalls) {
  if (!std::ranges::is_sorted(stalls, std::greater{}, &Stall::cycles))  // else it allocates
    std::ranges::stable_sort(stalls, std::greater{}, &Stall::cycles);
}

void derive(LayerReport& layer, const MachineSummary& m) {
  sort_stalls(layer.stalls);
  layer.seconds = to_seconds(Cycles{layer.cycles}, Hertz{m.clock_hz}).value;
  const double pes = static_cast<double>(m.pes), macs = static_cast<double>(layer.macs);
  const std::uint64_t cycles = layer.cycles + layer.overlapped_cycles;
  if (cycles > 0) layer.utilization = macs / (static_cast<double>(cycles) * pes);
  layer.traffic_bytes = 0;
  for (const Traffic& t : layer.traffic)
    if (t.memory == "dram") layer.traffic_bytes += t.read_bytes + t.write_bytes;
  if (layer.traffic_bytes > 0)
    layer.arithmetic_intensity = macs / static_cast<double>(layer.traffic_bytes);
  const double bandwidth = m.peak_dram_bytes_per_second;
  const auto own_bytes = static_cast<double>(layer.traffic_bytes - layer.overlapped_bytes);
  layer.roofline_utilization =
      layer.macs == 0 ? 0
      : bandwidth == 0 || own_bytes == 0
          ? 1
          : std::min(1.0, macs * bandwidth / (own_bytes * m.peak_macs_per_second));
}

MemoryReport& add_memory(Report& report, const std::string& name, Bytes capacity, double peak) {
  MemoryReport memory;
  memory.name = name;
  memory.capacity_bytes = capacity.value;
  memory.peak_bytes_per_cycle = peak;
  for (const Traffic& t : report.total.traffic)
    if (t.memory == name) {
      memory.read_bytes += t.read_bytes;
      memory.write_bytes += t.write_bytes;
    }
  const double most = peak * static_cast<double>(report.total.cycles);
  if (most > 0)
    memory.bandwidth_utilization =
        static_cast<double>(memory.read_bytes + memory.write_bytes) / most;
  report.memories.push_back(std::move(memory));
  return report.memories.back();
}

}  // namespace sluice
