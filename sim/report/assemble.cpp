// SPDX-License-Identifier: Apache-2.0
// Assembling of reports; see assemble.hpp.
#include "sim/report/assemble.hpp"

#include <algorithm>

#include "arch/scratchpad_peak.hpp"
#include "sim/memory/memory_facts.hpp"
#include "sim/models/systolic.hpp"
#include "sim/report/bottleneck.hpp"
#include "sim/report/totals.hpp"

namespace sluice {
namespace {

std::uint64_t at(const TaskActions& actions, SystolicAction action) {
  return actions[static_cast<std::size_t>(action)];
}

/// Bytes moved at each scratchpad, by tensor.
void add_traffic_of(const Architecture& architecture, const TaskActions& a,
                    std::vector<Traffic>& list) {
  for (std::size_t role = 0; role < tensor_role_count; ++role) {
    const std::size_t first = static_cast<std::size_t>(SystolicAction::input_read) + 2 * role;
    if (a[first] + a[first + 1] == 0) continue;
    const std::size_t pad = scratchpad_of(architecture, TensorRole(role));
    add_traffic(list, architecture.scratchpads[pad].name, name_of(TensorRole(role)), a[first],
                a[first + 1]);
  }
}

/// DRAM traffic by tensor: what the mapping moves, which a machine without DMA units moves too.
void add_dram_traffic(const TaskTraffic& t, std::vector<Traffic>& list) {
  if (t.input_read > 0) add_traffic(list, "dram", "input", t.input_read, 0);
  if (t.weight_read > 0) add_traffic(list, "dram", "weight", t.weight_read, 0);
  if (t.output_write > 0)  // sums that leave unfinished, and come back, among them
    add_traffic(list, "dram", "output", t.sums_read, t.output_write + t.sums_write);
}

/// Room for what a layer has of most machines.
void reserve(LayerReport& layer) {
  layer.traffic.reserve(8);
  layer.energy.reserve(12);
}

class Assembler {
 public:
  Assembler(const Experiment& experiment, const Architecture& architecture, const Mapping& mapping,
            const ReportParts& parts, const EnergyModel* energy, ReportDetail detail)
      : experiment_(experiment),
        architecture_(architecture),
        mapping_(mapping),
        parts_(parts),
        energy_(energy),
        detail_(detail) {}

  Report build() {
    summarize();
    if (is_full()) report_.layers.reserve(experiment_.network.layers.size());
    begin_total();
    for (std::size_t i = 0; i < experiment_.network.layers.size(); ++i) {
      LayerReport layer;
      if (is_full()) {
        layer.name = experiment_.network.layers[i].name;
        layer.operator_name = std::string(operator_name(experiment_.network.layers[i].op));
      }
      layer.macs = macs(experiment_.network.layers[i].op);
      reserve(layer);
      folds_ = used_pes_ = 0;
      std::uint64_t longest = 0;
      for (std::size_t t = 0; t < mapping_.tasks.size(); ++t)
        if (mapping_.tasks[t].task.layer == i) add_task(t, layer, longest);
      all_folds_ += folds_;
      all_used_pes_ += used_pes_;
      price(layer);
      finish(layer, folds_, used_pes_);
      add_to_total(layer);
      if (is_full()) report_.layers.push_back(std::move(layer));
    }
    finish(report_.total, all_folds_, all_used_pes_);
    if (is_full()) {
      build_memories();
      report_.units = parts_.units;
    }
    return std::move(report_);
  }

 private:
  void summarize();
  void add_task(std::size_t task, LayerReport& layer, std::uint64_t& longest);
  void price(LayerReport& layer) const;
  void add_energy(LayerReport& layer, std::string_view component, std::string_view action,
                  std::uint64_t count) const;
  void finish(LayerReport& layer, std::uint64_t folds, std::uint64_t used_pes) const;
  void begin_total();
  void add_to_total(LayerReport& layer);
  void build_memories();
  bool is_full() const { return detail_ == ReportDetail::full; }

  const Experiment& experiment_;
  const Architecture& architecture_;
  const Mapping& mapping_;
  const ReportParts& parts_;
  const EnergyModel* energy_;
  ReportDetail detail_;
  Report report_;
  std::uint64_t folds_ = 0, used_pes_ = 0, all_folds_ = 0, all_used_pes_ = 0;
};

void Assembler::summarize() {
  const Architecture& a = architecture_;
  if (is_full()) report_ = report_of(experiment_);
  MachineSummary& m = report_.machine;
  m = machine_summary(is_full() ? a.name : "", is_full() ? a.source : "", a.clock, a.array.rows,
                      a.array.columns, a.dram);
  if (energy_ != nullptr)
    for (const ComponentArea& area : energy_->areas) {
      if (is_full()) m.area.push_back({area.component, area.area.value});
      m.area_um2 += area.area.value;
    }
}

void Assembler::add_task(std::size_t task, LayerReport& layer, std::uint64_t& longest) {
  const TaskTiming& timing = parts_.tasks[task];
  const TaskActions& actions = parts_.actions[task];
  const Architecture& architecture = architecture_;
  layer.cycles += timing.cycles;
  layer.busy_cycles += timing.busy;
  layer.overlapped_cycles += timing.overlapped_cycles;
  layer.overlapped_bytes += timing.overlapped_bytes;
  for (const Stall& stall : timing.stalls) add_stall(layer.stalls, stall);
  layer.vector_operations += at(actions, SystolicAction::lane_cycle);
  folds_ += at(actions, SystolicAction::fold);
  used_pes_ += at(actions, SystolicAction::used_pes);
  add_traffic_of(architecture, actions, layer.traffic);
  add_dram_traffic(traffic(mapping_.tasks[task], architecture), layer.traffic);
  // Work that the array does whether or not it is useful (masked products) is priced as done.
  if (at(actions, SystolicAction::mac) > 0)
    add_energy(layer, "array", "mac", at(actions, SystolicAction::mac));
  if (is_full()) {
    if (!layer.tiling.empty()) layer.tiling += " | ";
    layer.tiling += to_text(mapping_.tasks[task]);
  }
  if (timing.cycles >= longest || layer.unit.empty()) {
    longest = timing.cycles;
    layer.unit = timing.unit;
  }
}

void Assembler::add_energy(LayerReport& layer, std::string_view component, std::string_view action,
                           std::uint64_t count) const {
  if (energy_ == nullptr || count == 0) return;
  const ComponentPrice* price = energy_->price(component, action);
  if (price == nullptr) return;
  sluice::add_energy(layer.energy, component, action, count,
                     static_cast<double>(count) * price->energy.value);
}

void Assembler::price(LayerReport& layer) const {
  add_energy(layer, "vector", "lane_cycle", layer.vector_operations);
  for (const Traffic& t : layer.traffic) {
    add_energy(layer, t.memory, "read_byte", t.read_bytes);
    add_energy(layer, t.memory, "write_byte", t.write_bytes);
  }
}

void Assembler::finish(LayerReport& layer, std::uint64_t folds, std::uint64_t used_pes) const {
  const MachineSummary& m = report_.machine;
  derive(layer, m);
  if (folds > 0)
    layer.mapping_efficiency =
        static_cast<double>(used_pes) / (static_cast<double>(folds) * static_cast<double>(m.pes));
  layer.energy_pj = 0;
  for (const EnergyItem& item : layer.energy) layer.energy_pj += item.picojoules;
  if (is_full() || &layer == &report_.total) layer.bottleneck = bottleneck_sentence(layer, m);
}

void Assembler::begin_total() {
  LayerReport& total = report_.total;
  if (is_full()) total.name = experiment_.name;
  total.operator_name = "network";
  total.unit = "array";
}

/// Where layers are not kept, the first one's lists become those of the total.
void Assembler::add_to_total(LayerReport& layer) {
  LayerReport& total = report_.total;
  total.cycles += layer.cycles;
  total.busy_cycles += layer.busy_cycles;
  total.macs += layer.macs;
  total.vector_operations += layer.vector_operations;
  if (!is_full() && total.traffic.empty() && total.stalls.empty() && total.energy.empty()) {
    total.stalls = std::move(layer.stalls);
    total.traffic = std::move(layer.traffic);
    total.energy = std::move(layer.energy);
    return;
  }
  for (const Stall& stall : layer.stalls) add_stall(total.stalls, stall);
  add_traffic(total.traffic, layer.traffic);
  for (const EnergyItem& item : layer.energy) sluice::add_energy(total.energy, item);
}

void Assembler::build_memories() {
  const Architecture& a = architecture_;
  const double dram_peak = memory_facts(a.dram, a.clock).bytes_per_cycle;
  add_memory(report_, "dram", a.dram.capacity, dram_peak).counters = parts_.dram_counters;
  for (std::size_t pad = 0; pad < a.scratchpads.size(); ++pad)
    add_memory(report_, a.scratchpads[pad].name, a.scratchpads[pad].capacity,
               peak_bytes_per_cycle(a, pad, dram_peak));
}

}  // namespace

Report assemble_report(const Experiment& experiment, const Architecture& architecture,
                       const Mapping& mapping, const ReportParts& parts, const EnergyModel* energy,
                       ReportDetail detail) {
  return Assembler(experiment, architecture, mapping, parts, energy, detail).build();
}

}  // namespace sluice
