// SPDX-License-Identifier: Apache-2.0
#include "sim/models/fusemax_forms_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "sim/report/bottleneck.hpp"
#include "sim/report/totals.hpp"

namespace sluice {
namespace {

using fusemax::Cost;
using fusemax::Machine;
using fusemax::Operations;

std::uint64_t whole(double value) { return static_cast<std::uint64_t>(std::round(value)); }

/// Cycles of a latency: up to the next whole one, unless it is one but for rounding.
std::uint64_t cycles_of(const Cost& cost, const Machine& machine) {
  const double cycles = cost.latency_s * machine.clock.value, near = std::round(cycles);
  const bool exact = std::abs(cycles - near) <= 8 * std::numeric_limits<double>::epsilon() * cycles;
  return static_cast<std::uint64_t>(exact ? near : std::ceil(cycles));
}

/// What the grid does not work: filling, ports and DRAM as counted, the rest waits for the vector
/// array. Each takes at most what the ones before it leave.
std::vector<Stall> stalls_of(const Cost& cost, std::uint64_t lost, std::uint64_t cycles) {
  std::vector<Stall> stalls;
  const auto take = [&](const char* cause, double share) {
    const std::uint64_t part = std::min(lost, whole(std::max(0.0, share)));
    lost -= part;
    if (part > 0) stalls.push_back({cause, part});
  };
  take("memory_bandwidth", static_cast<double>(cycles) - cost.compute_cycles);
  take("fill", cost.fill_cycles);
  take("port_conflict", cost.port_stall_cycles);
  take("input_starved:vector_array", static_cast<double>(lost));
  return stalls;
}

class Assembler {
 public:
  Assembler(const Experiment& experiment, const FormsSetup& setup, const Machine& machine,
            const std::vector<FormsCost>& costs)
      : experiment_(experiment), setup_(setup), machine_(machine), costs_(costs) {}

  Report build();

 private:
  bool is_corrected() const { return setup_.mapping.accounting == FormsAccounting::corrected; }
  const Cost& chosen(const FormsCost& cost) const {
    return is_corrected() ? cost.corrected : cost.artifact;
  }
  LayerReport layer(std::size_t index) const;
  std::vector<Traffic> traffic(const Cost& cost, bool attention) const;
  std::vector<EnergyItem> energy(const Cost& cost) const;
  void total();
  void memories();
  void units();
  void counters();

  const Experiment& experiment_;
  const FormsSetup& setup_;
  const Machine& machine_;
  const std::vector<FormsCost>& costs_;
  Report report_;
};

std::vector<Traffic> Assembler::traffic(const Cost& cost, bool attention) const {
  const double word = static_cast<double>(machine_.word.value);
  const auto bytes = [&](double words) { return whole(words * word); };
  std::vector<Traffic> list;
  if (attention) {
    const fusemax::DramWords& words = cost.dram;
    list = {{"dram", "q", bytes(words.q), 0},
            {"dram", "k", bytes(words.k), 0},
            {"dram", "v", bytes(words.v), 0},
            {"dram", "av", 0, bytes(words.av)}};
    if (words.score_reads > 0)
      list.push_back({"dram", "scores", bytes(words.score_reads), bytes(words.score_writes)});
  }
  const std::uint64_t row = machine_.columns * machine_.word.value;
  list.push_back(
      {"global_buffer", "all", whole(cost.buffer_reads) * row, whole(cost.buffer_writes) * row});
  return list;
}

void add_operations(std::vector<EnergyItem>& items, const char* unit, const Operations& ops,
                    const fusemax::Prices& prices) {
  const auto add = [&](const char* action, double count, Picojoules price) {
    if (count > 0) items.push_back({unit, action, whole(count), count * price.value});
  };
  add("mac", ops.mac, prices.mac);
  add("add", ops.add, prices.add);
  add("max", ops.max, prices.max);
  add("divide", ops.divide, prices.divide);
  add("exp", ops.exp_unit, prices.exp_unit);
}

std::vector<EnergyItem> Assembler::energy(const Cost& cost) const {
  std::vector<EnergyItem> items;
  if (!machine_.prices) return items;
  const fusemax::Prices& prices = *machine_.prices;
  add_operations(items, "spatial_array", cost.array_2d, prices);
  add_operations(items, "vector_array", cost.array_1d, prices);
  const auto add = [&](const char* component, const char* action, double count, Picojoules price) {
    items.push_back({component, action, whole(count), count * price.value});
  };
  add("registers", "read", cost.register_reads, prices.register_read);
  add("registers", "write", cost.register_writes, prices.register_write);
  add("global_buffer", "row_read", cost.buffer_reads, prices.buffer_read);
  add("global_buffer", "row_write", cost.buffer_writes, prices.buffer_write);
  add("dram", "byte", cost.dram_bytes, prices.dram_byte);
  return items;
}

LayerReport Assembler::layer(std::size_t index) const {
  const Layer& of = experiment_.network.layers[index];
  const Cost& cost = chosen(costs_[index]);
  LayerReport layer;
  layer.name = of.name;
  layer.operator_name = std::string(operator_name(of.op));
  layer.unit = "spatial_array";
  layer.macs = macs(of.op);
  layer.tiling = costs_[index].how;
  if (!costs_[index].has_form) {
    layer.bottleneck = "no closed form: left out, as in the paper";
    return layer;
  }
  layer.cycles = cycles_of(cost, machine_);
  layer.busy_cycles = std::min(layer.cycles, whole(cost.wall_2d_cycles));
  layer.stalls = stalls_of(cost, layer.cycles - layer.busy_cycles, layer.cycles);
  layer.traffic = traffic(cost, std::holds_alternative<Attention>(of.op));
  if (const auto* linear = std::get_if<Linear>(&of.op)) {
    const std::uint64_t word = machine_.word.value;
    layer.traffic.insert(layer.traffic.begin(),
                         {{"dram", "input", linear->rows * linear->in_features * word, 0},
                          {"dram", "weight", linear->in_features * linear->out_features * word, 0},
                          {"dram", "output", 0, linear->rows * linear->out_features * word}});
  }
  layer.vector_operations = whole(cost.busy_1d_cycles * machine_.columns);
  layer.mapping_efficiency =
      static_cast<double>(layer.macs) / (cost.wall_2d_cycles * machine_.columns * machine_.columns);
  layer.energy = energy(cost);
  layer.energy_pj = cost.energy.total_pj();
  derive(layer, report_.machine);
  layer.bottleneck = bottleneck_sentence(layer, report_.machine);
  return layer;
}

void add_energy(std::vector<EnergyItem>& into, const std::vector<EnergyItem>& more) {
  for (const EnergyItem& item : more) {
    const auto same = std::ranges::find_if(into, [&](const EnergyItem& known) {
      return known.component == item.component && known.action == item.action;
    });
    if (same == into.end()) {
      into.push_back(item);
    } else {
      same->count += item.count;
      same->picojoules += item.picojoules;
    }
  }
}

void Assembler::total() {
  LayerReport& total = report_.total;
  total.name = experiment_.name;
  total.operator_name = "network";
  total.unit = "spatial_array";
  double used = 0;
  for (const LayerReport& layer : report_.layers) {
    total.cycles += layer.cycles;
    total.busy_cycles += layer.busy_cycles;
    total.macs += layer.macs;
    total.vector_operations += layer.vector_operations;
    total.energy_pj += layer.energy_pj;
    used += layer.mapping_efficiency * static_cast<double>(layer.busy_cycles);
    for (const Stall& stall : layer.stalls) add_stall(total.stalls, stall);
    add_traffic(total.traffic, layer.traffic);
    add_energy(total.energy, layer.energy);
  }
  if (total.busy_cycles > 0)
    total.mapping_efficiency = used / static_cast<double>(total.busy_cycles);
  derive(total, report_.machine);
  total.bottleneck = bottleneck_sentence(total, report_.machine);
}

void Assembler::units() {
  std::uint64_t line = 0;
  for (const FormsCost& cost : costs_) line += whole(chosen(cost).busy_1d_cycles);
  for (const auto& [name, busy] : {std::pair{"spatial_array", report_.total.busy_cycles},
                                   std::pair{"vector_array", std::min(line, report_.total.cycles)}})
    report_.units.push_back({name, busy, busy, report_.total.cycles - busy, {}});
}

void Assembler::memories() {
  const SpatialMachine& machine = setup_.machine.machine;
  add_memory(report_, "dram", machine.dram.capacity, machine_.dram_bytes_per_cycle);
  const auto row = static_cast<double>(machine_.columns * machine_.word.value);
  add_memory(report_, "global_buffer", machine_.buffer, machine_.ports * row);
}

void Assembler::counters() {
  std::uint64_t cycles[2] = {0, 0}, left_out = 0;
  double energy[2] = {0, 0};
  for (const FormsCost& cost : costs_) {
    if (!cost.has_form) {
      ++left_out;
      continue;
    }
    cycles[0] += cycles_of(cost.artifact, machine_);
    cycles[1] += cycles_of(cost.corrected, machine_);
    energy[0] += cost.artifact.energy.total_pj();
    energy[1] += cost.corrected.energy.total_pj();
  }
  const auto microjoules = [](double picojoules) { return whole(picojoules * 1e-6); };
  report_.counters = {{"artifact_cycles", cycles[0], "cycles"},
                      {"corrected_cycles", cycles[1], "cycles"}};
  if (machine_.prices) {
    report_.counters.push_back({"artifact_energy", microjoules(energy[0]), "uJ"});
    report_.counters.push_back({"corrected_energy", microjoules(energy[1]), "uJ"});
  }
  if (left_out > 0) report_.counters.push_back({"layers_without_form", left_out, ""});
}

Report Assembler::build() {
  report_ = report_of(experiment_);
  const SpatialMachine& machine = setup_.machine.machine;
  report_.machine = machine_summary(machine.name, machine.source, machine.clock, machine_.columns,
                                    machine_.columns, machine.dram);
  for (std::size_t i = 0; i < costs_.size(); ++i) report_.layers.push_back(layer(i));
  total();
  units();
  memories();
  counters();
  return std::move(report_);
}

}  // namespace

Report forms_report(const Experiment& experiment, const FormsSetup& setup, const Machine& machine,
                    const std::vector<FormsCost>& costs) {
  return Assembler(experiment, setup, machine, costs).build();
}

}  // namespace sluice
