// SPDX-License-Identifier: Apache-2.0
// Assembling of reports; see assemble.hpp.
#include "sim/report/assemble.hpp"

#include <algorithm>

#include "arch/scratchpad_peak.hpp"
#include "base/assert.hpp"
#include "base/inline_vector.hpp"
#include "sim/memory/memory_facts.hpp"
#include "sim/models/systolic.hpp"
#include "sim/report/bottleneck.hpp"
#include "sim/report/totals.hpp"

namespace sluice {
namespace {

std::uint64_t at(const TaskActions& actions, SystolicAction action) {
  return actions[static_cast<std::size_t>(action)];
}

/// Bytes moved at one memory for one tensor. Memories count as in Architecture::scratchpads; the
/// DRAM follows. Names are put to what is counted once, at the end: for a sweep, to compare and
/// copy them for each count would take longer than the counting.
struct Moved {
  std::size_t memory = 0;
  TensorRole tensor = TensorRole::input;
  std::uint64_t read_bytes = 0, write_bytes = 0;
};

/// Actions of one price, an index into EnergyModel::prices.
struct Priced {
  std::size_t price = 0;
  std::uint64_t count = 0;
  double picojoules = 0;
};

/// What a layer moved and what its energy is for, in the order in which it first occurred.
struct Tally {
  InlineVector<Moved, 8> moved;
  InlineVector<Priced, 16> priced;
};

void add(Tally& tally, const Moved& more) {
  for (Moved& known : tally.moved)
    if (known.memory == more.memory && known.tensor == more.tensor) {
      known.read_bytes += more.read_bytes;
      known.write_bytes += more.write_bytes;
      return;
    }
  tally.moved.push_back(more);
}

void add(Tally& tally, const Priced& more) {
  for (Priced& known : tally.priced)
    if (known.price == more.price) {
      known.count += more.count;
      known.picojoules += more.picojoules;
      return;
    }
  tally.priced.push_back(more);
}

void add(Tally& tally, const Tally& more) {
  for (const Moved& moved : more.moved) add(tally, moved);
  for (const Priced& priced : more.priced) add(tally, priced);
}

/// Bytes moved at each scratchpad, by tensor.
void add_moved(const Architecture& architecture, const TaskActions& a, Tally& tally) {
  for (std::size_t role = 0; role < tensor_role_count; ++role) {
    const std::size_t first = static_cast<std::size_t>(SystolicAction::input_read) + 2 * role;
    if (a[first] + a[first + 1] == 0) continue;
    const std::size_t pad = scratchpad_of(architecture, TensorRole(role));
    add(tally, {pad, TensorRole(role), a[first], a[first + 1]});
  }
}

/// DRAM traffic by tensor: what the mapping moves, which a machine without DMA units moves too.
void add_moved(std::size_t dram, const TaskTraffic& t, Tally& tally) {
  if (t.input_read > 0) add(tally, {dram, TensorRole::input, t.input_read, 0});
  if (t.weight_read > 0) add(tally, {dram, TensorRole::weight, t.weight_read, 0});
  if (t.output_write > 0)  // sums that leave unfinished, and come back, among them
    add(tally, {dram, TensorRole::output, t.sums_read, t.output_write + t.sums_write});
}

class Assembler {
 public:
  Assembler(const Experiment& experiment, const Architecture& architecture, const Mapping& mapping,
            const ReportParts& parts, const EnergyModel* energy, ReportDetail detail,
            Report& report)
      : experiment_(experiment),
        architecture_(architecture),
        mapping_(mapping),
        parts_(parts),
        energy_(energy),
        detail_(detail),
        report_(report) {
    SLUICE_ASSERT(
        energy == nullptr ||
            energy->prices.size() == first_memory_price + 2 * architecture.scratchpads.size() + 2,
        "a machine has other prices than resolve() finds for it");
  }

  void build() {
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
      tally_.moved.clear();
      tally_.priced.clear();
      folds_ = used_pes_ = 0;
      std::uint64_t longest = 0;
      for (std::size_t t = 0; t < mapping_.tasks.size(); ++t)
        if (mapping_.tasks[t].task.layer == i) add_task(t, layer, longest);
      all_folds_ += folds_;
      all_used_pes_ += used_pes_;
      price(layer.vector_operations);
      if (is_full()) {
        name_tally(layer, tally_);
        finish(layer, folds_, used_pes_);
      }
      add_to_total(layer);
      if (is_full()) report_.layers.push_back(std::move(layer));
    }
    name_tally(report_.total, total_);
    finish(report_.total, all_folds_, all_used_pes_);
    if (is_full()) {
      build_memories();
      report_.units = parts_.units;
    }
  }

 private:
  void summarize();
  void add_task(std::size_t task, LayerReport& layer, std::uint64_t& longest);
  void price(std::uint64_t vector_operations);
  void add_energy(std::size_t price, std::uint64_t count);
  void name_tally(LayerReport& layer, const Tally& tally) const;
  void finish(LayerReport& layer, std::uint64_t folds, std::uint64_t used_pes) const;
  void begin_total();
  void add_to_total(LayerReport& layer);
  void build_memories();
  std::string_view name_of_memory(std::size_t memory) const {
    const auto& pads = architecture_.scratchpads;
    return memory < pads.size() ? std::string_view(pads[memory].name) : "dram";
  }
  bool is_full() const { return detail_ == ReportDetail::full; }

  /// Where resolve() puts the prices, all of which a machine has: those of each memory's reads and
  /// writes come last.
  static constexpr std::size_t mac_price = 0, lane_price = 1, first_memory_price = 2;

  const Experiment& experiment_;
  const Architecture& architecture_;
  const Mapping& mapping_;
  const ReportParts& parts_;
  const EnergyModel* energy_;
  ReportDetail detail_;
  Report& report_;
  Tally tally_, total_;  ///< of the present layer, and of all
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
  add_moved(architecture, actions, tally_);
  add_moved(architecture.scratchpads.size(), traffic(mapping_.tasks[task], architecture), tally_);
  // Work that the array does whether or not it is useful (masked products) is priced as done.
  add_energy(mac_price, at(actions, SystolicAction::mac));
  if (is_full()) {
    if (!layer.tiling.empty()) layer.tiling += " | ";
    layer.tiling += to_text(mapping_.tasks[task]);
  }
  if (timing.cycles >= longest || layer.unit.empty()) {
    longest = timing.cycles;
    layer.unit = timing.unit;
  }
}

void Assembler::add_energy(std::size_t price, std::uint64_t count) {
  if (energy_ == nullptr || count == 0) return;
  const double one = energy_->prices[price].energy.value;
  add(tally_, {price, count, static_cast<double>(count) * one});
}

void Assembler::price(std::uint64_t vector_operations) {
  add_energy(lane_price, vector_operations);
  for (const Moved& moved : tally_.moved) {
    add_energy(first_memory_price + 2 * moved.memory, moved.read_bytes);
    add_energy(first_memory_price + 2 * moved.memory + 1, moved.write_bytes);
  }
}

void Assembler::name_tally(LayerReport& layer, const Tally& tally) const {
  layer.traffic.reserve(tally.moved.size());
  for (const Moved& moved : tally.moved) {
    Traffic& named = layer.traffic.emplace_back();
    named.memory = name_of_memory(moved.memory);
    named.tensor = name_of(moved.tensor);
    named.read_bytes = moved.read_bytes;
    named.write_bytes = moved.write_bytes;
  }
  layer.energy.reserve(tally.priced.size());
  for (const Priced& priced : tally.priced) {
    const ComponentPrice& price = energy_->prices[priced.price];
    layer.energy.push_back({price.component, price.action, priced.count, priced.picojoules});
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
  layer.bottleneck = bottleneck_sentence(layer, m);
}

void Assembler::begin_total() {
  LayerReport& total = report_.total;
  if (is_full()) total.name = experiment_.name;
  total.operator_name = "network";
  total.unit = "array";
}

void Assembler::add_to_total(LayerReport& layer) {
  LayerReport& total = report_.total;
  total.cycles += layer.cycles;
  total.busy_cycles += layer.busy_cycles;
  total.macs += layer.macs;
  total.vector_operations += layer.vector_operations;
  sort_stalls(layer.stalls);  // of those with equal cycles in the total, the order shows
  if (!is_full() && total.stalls.empty())
    total.stalls = std::move(layer.stalls);
  else
    for (const Stall& stall : layer.stalls) add_stall(total.stalls, stall);
  add(total_, tally_);
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
  Report report;
  Assembler(experiment, architecture, mapping, parts, energy, detail, report).build();
  return report;
}

}  // namespace sluice
