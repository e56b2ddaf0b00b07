// SPDX-License-Identifier: Apache-2.0
// The fields of a report in the order of the JSON form, each with its meaning: the only list from
// which JSON is written and read, and its schema made. `visitor(key, value, meaning)`.
#pragma once

#include <concepts>
#include <type_traits>

#include "sim/report/report.hpp"

namespace sluice {

/// `T` is `Plain`, const or not: a writer visits a const report, a reader fills one.
template <class T, class Plain>
concept Either = std::same_as<std::remove_const_t<T>, Plain>;

void fields(auto& visit, Either<Traffic> auto& traffic) {
  visit("memory", traffic.memory, "the memory at which the bytes are counted");
  visit("tensor", traffic.tensor, "input, weight or output");
  visit("read_bytes", traffic.read_bytes, "bytes read from it");
  visit("write_bytes", traffic.write_bytes, "bytes written to it");
}

void fields(auto& visit, Either<EnergyItem> auto& item) {
  visit("component", item.component, "what spent the energy");
  visit("action", item.action, "what it did");
  visit("count", item.count, "how often, all instances together");
  visit("picojoules", item.picojoules, "energy of all of them, in pJ");
}

void fields(auto& visit, Either<LayerReport> auto& layer) {
  visit("name", layer.name, "name of the layer");
  visit("operator", layer.operator_name, "what it computes, such as conv2d");
  visit("unit", layer.unit, "the unit that does its main work");
  visit("cycles", layer.cycles, "cycles from the end of the layer before to its own end");
  visit("seconds", layer.seconds, "the same in seconds of the machine's clock");
  visit("macs", layer.macs, "multiply-accumulates that the network asks for");
  visit("vector_operations", layer.vector_operations, "lane cycles on the vector unit");
  visit("utilization", layer.utilization, "macs / ((cycles + overlapped_cycles) * PEs), 0..1");
  visit("mapping_efficiency", layer.mapping_efficiency,
        "mean share of the PEs that a fold uses, 0..1");
  visit("busy_cycles", layer.busy_cycles, "cycles in which the unit works; busy + stalls = cycles");
  visit("overlapped_cycles", layer.overlapped_cycles,
        "cycles before, in which the unit worked on it while another unit ended an earlier layer");
  visit("stalls", layer.stalls, "cycles lost, by cause, largest first");
  visit("traffic", layer.traffic, "bytes moved at each memory for each tensor");
  visit("traffic_bytes", layer.traffic_bytes, "bytes at the DRAM, both ways");
  visit("arithmetic_intensity", layer.arithmetic_intensity,
        "macs per DRAM byte; null when no byte moves");
  visit("overlapped_bytes", layer.overlapped_bytes,
        "of traffic_bytes, those that pass while other layers run, at most");
  visit("roofline_utilization", layer.roofline_utilization,
        "the most that utilization can be while the other bytes pass within cycles, 0..1");
  visit("energy", layer.energy, "energy by component and action");
  visit("energy_pj", layer.energy_pj, "energy in all, in pJ");
  visit("tiling", layer.tiling, "how the layer is cut into tiles");
  visit("bottleneck", layer.bottleneck, "what held it back and what would relieve it");
}

void fields(auto& visit, Either<UnitReport> auto& unit) {
  visit("name", unit.name, "name of the unit");
  visit("firings", unit.firings, "how often it fired");
  visit("busy_cycles", unit.busy_cycles, "cycles in which it works");
  visit("idle_cycles", unit.idle_cycles, "cycles before its first and after its last firing");
  visit("stalls", unit.stalls, "cycles lost between, by cause, largest first");
}

void fields(auto& visit, Either<Counter> auto& counter) {
  visit("name", counter.name, "what is counted");
  visit("value", counter.value, "how many");
  visit("unit", counter.unit, "unit of the value; empty for a pure count");
}

void fields(auto& visit, Either<MemoryReport> auto& memory) {
  visit("name", memory.name, "name of the memory");
  visit("capacity_bytes", memory.capacity_bytes, "bytes it holds");
  visit("read_bytes", memory.read_bytes, "bytes read from it in all");
  visit("write_bytes", memory.write_bytes, "bytes written to it in all");
  visit("peak_bytes_per_cycle", memory.peak_bytes_per_cycle,
        "what it can move, reads and writes together; 0 when unlimited");
  visit("bandwidth_utilization", memory.bandwidth_utilization,
        "of its peak over the whole run, 0..1; 0 when unlimited");
  visit("counters", memory.counters, "what else it counted");
}

void fields(auto& visit, Either<AreaItem> auto& item) {
  visit("component", item.component, "the component");
  visit("square_micrometres", item.square_micrometres, "area of all its instances, in um^2");
}

void fields(auto& visit, Either<Provenance> auto& provenance) {
  visit("sluice_version", provenance.sluice_version, "version of sluice that computed it");
  visit("fidelity", provenance.fidelity, "analytic, tile or pe");
  visit("seed", provenance.seed, "of every random choice");
  visit("input_hash", provenance.input_hash, "16 hexadecimal digits over the resolved experiment");
}

void fields(auto& visit, Either<MachineSummary> auto& machine) {
  visit("name", machine.name, "name of the machine");
  visit("source", machine.source, "where its numbers are from");
  visit("clock_hz", machine.clock_hz, "clock, in Hz");
  visit("pes", machine.pes, "PEs of all arrays");
  visit("peak_macs_per_second", machine.peak_macs_per_second, "PEs * clock");
  visit("peak_dram_bytes_per_second", machine.peak_dram_bytes_per_second, "0: unlimited");
  visit("area", machine.area, "area by component");
  visit("area_um2", machine.area_um2, "area in all, in um^2");
}

void fields(auto& visit, Either<NetworkSummary> auto& network) {
  visit("name", network.name, "name of the network");
  visit("source", network.source, "where its shapes are from");
  visit("layers", network.layers, "how many layers it has");
  visit("macs", network.macs, "multiply-accumulates in all");
  visit("parameters", network.parameters, "weights in all");
}

void fields(auto& visit, Either<Report> auto& report) {
  visit("version", report.version, "of this format: 1");
  visit("provenance", report.provenance, "where the report comes from");
  visit("machine", report.machine, "what computed");
  visit("network", report.network, "what was computed");
  visit("total", report.total, "the whole network");
  visit("layers", report.layers, "each layer, in order of execution");
  visit("units", report.units, "each unit of the machine over the whole run");
  visit("memories", report.memories, "each memory over the whole run");
  visit("counters", report.counters, "what the model counts beside these, such as other accounts");
}

void fields(auto& visit, Either<Infeasible> auto& infeasible) {
  visit("what", infeasible.what, "what does not fit");
  visit("needed", infeasible.needed, "how much was needed");
  visit("available", infeasible.available, "how much there was");
  visit("unit", infeasible.unit, "of both, such as B");
}

}  // namespace sluice
