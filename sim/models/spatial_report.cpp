// SPDX-License-Identifier: Apache-2.0
// The report of a run on a spatial machine; see spatial_evaluate.hpp.
#include <fmt/format.h>

#include <algorithm>

#include "base/assert.hpp"
#include "base/checked.hpp"
#include "sim/memory/memory_facts.hpp"
#include "sim/models/spatial_energy.hpp"
#include "sim/models/spatial_evaluate.hpp"
#include "sim/report/bottleneck.hpp"
#include "sim/report/totals.hpp"

namespace sluice {
namespace {

using Actions = std::vector<std::uint64_t>;

std::uint64_t at(const Actions& actions, SpatialAction action) {
  return actions[static_cast<std::size_t>(action)];
}

std::string tiling_text(const SpatialJob& job) {
  const TileWalk& walk = job.walk;
  const ScheduleUse use = use_of(job.placed.pipeline, job.placed.found.schedule);
  const IntervalBound bound = interval_bounds(job.placed.pipeline).front();
  std::string text = fmt::format(
      "{} blocks of {} x {} tiles, {} column tiles in turn; a tile every {} cycles ({} {}), {} in "
      "flight",
      walk.blocks, walk.column_tiles, walk.steps, walk.turns, job.placed.found.schedule.interval,
      bound.what, bound.cycles, use.stages);
  if (job.work.ranks.loop.empty() && job.dataflow == SpatialDataflow::vector)
    text += "; on the vector array";
  else if (job.work.ranks.loop.empty())
    text += fmt::format("; {} stays, {} rows, {} in time", name_of(job.dataflow),
                        job.work.tile_rows, job.work.time_tile);
  if (!job.note.empty()) text += "; " + job.note;
  return text;
}

class Assembler {
 public:
  Assembler(const Experiment& experiment, const SpatialMachine& machine,
            const std::vector<SpatialJob>& jobs, const SpatialGraph& graph,
            const SpatialTiming& timing, const EnergyModel* energy)
      : experiment_(experiment),
        machine_(machine),
        jobs_(jobs),
        timing_(timing),
        actions_(count_actions(graph.graph)),
        graph_(graph),
        energy_(energy) {}

  Report build() {
    summarize();
    for (std::size_t i = 0; i < jobs_.size(); ++i) report_.layers.push_back(layer(i));
    total();
    memories();
    counters();
    report_.units = timing_.units;
    return std::move(report_);
  }

 private:
  void summarize();
  LayerReport layer(std::size_t job) const;
  std::vector<Traffic> traffic(std::size_t job) const;
  void price(std::size_t job, LayerReport& layer) const;
  void finish(LayerReport& layer) const;
  void total();
  void memories();
  void counters();

  const Experiment& experiment_;
  const SpatialMachine& machine_;
  const std::vector<SpatialJob>& jobs_;
  const SpatialTiming& timing_;
  std::vector<Actions> actions_;
  const SpatialGraph& graph_;
  const EnergyModel* energy_;
  Report report_;
};

void Assembler::summarize() {
  report_ = report_of(experiment_);
  const SpatialArray& array = machine_.spatial_array;
  report_.machine = machine_summary(machine_.name, machine_.source, machine_.clock, array.rows,
                                    array.columns, machine_.dram);
  if (energy_ == nullptr) return;
  for (const ComponentArea& area : energy_->areas) {
    report_.machine.area.push_back({area.component, area.area.value});
    report_.machine.area_um2 += area.area.value;
  }
}

std::vector<Traffic> Assembler::traffic(std::size_t i) const {
  std::vector<Traffic> list;
  const TileWalk& walk = jobs_[i].walk;
  for (const TileTensor& t : walk.inputs) list.push_back({"dram", t.name, total_bytes(walk, t), 0});
  for (const TileTensor& t : walk.outputs)
    list.push_back({"dram", t.name, 0, total_bytes(walk, t)});
  const std::uint64_t row = machine_.global_buffer.row.value;
  list.push_back({"global_buffer", "all", at(actions_[i], SpatialAction::buffer_read) * row,
                  at(actions_[i], SpatialAction::buffer_write) * row});
  return list;
}

LayerReport Assembler::layer(std::size_t i) const {
  const TaskTiming& timing = timing_.layers[i];
  LayerReport layer;
  const Layer& of = experiment_.network.layers[jobs_[i].layer];
  layer.name = of.name;
  layer.operator_name = std::string(operator_name(of.op));
  layer.unit = timing.unit;
  layer.cycles = timing.cycles;
  layer.macs = macs(of.op);
  layer.busy_cycles = timing.busy;
  layer.overlapped_cycles = timing.overlapped_cycles;
  layer.stalls = timing.stalls;
  layer.traffic = traffic(i);
  layer.vector_operations =
      product(busy_of(jobs_[i], ArrayUnit::vector), machine_.vector_array.lanes);
  const std::uint64_t pes = report_.machine.pes;
  const auto slots = static_cast<double>(busy_of(jobs_[i], ArrayUnit::spatial));
  if (slots > 0)
    layer.mapping_efficiency = static_cast<double>(layer.macs) / (slots * static_cast<double>(pes));
  layer.tiling = tiling_text(jobs_[i]);
  price(i, layer);
  finish(layer);
  return layer;
}

void Assembler::price(std::size_t i, LayerReport& layer) const {
  if (energy_ == nullptr) return;
  for (const auto& [name, count] : energy_counts(jobs_[i], machine_, actions_[i])) {
    const ComponentPrice* price = energy_->price(name.component, name.action);
    SLUICE_ASSERT(price != nullptr, "an action has no price although the table was resolved");
    layer.energy.push_back(
        {name.component, name.action, count, static_cast<double>(count) * price->energy.value});
  }
}

void Assembler::finish(LayerReport& layer) const {
  layer.energy_pj = 0;
  for (const EnergyItem& item : layer.energy) layer.energy_pj += item.picojoules;
  derive(layer, report_.machine);
  layer.bottleneck = bottleneck_sentence(layer, report_.machine);
}

void Assembler::total() {
  LayerReport& total = report_.total;
  total.name = experiment_.name;
  total.operator_name = "network";
  total.unit = graph_.graph.units[index(graph_.spatial)].name;
  double used = 0, busy = 0;
  for (const LayerReport& layer : report_.layers) {
    total.cycles += layer.cycles;
    total.busy_cycles += layer.busy_cycles;
    total.macs += layer.macs;
    total.vector_operations += layer.vector_operations;
    used += layer.mapping_efficiency * static_cast<double>(layer.busy_cycles);
    busy += static_cast<double>(layer.busy_cycles);
    for (const Stall& stall : layer.stalls) add_stall(total.stalls, stall);
    add_traffic(total.traffic, layer.traffic);
    for (const EnergyItem& item : layer.energy) add_energy(total.energy, item);
  }
  if (busy > 0) total.mapping_efficiency = used / busy;
  finish(total);
}

void Assembler::memories() {
  const GlobalBuffer& buffer = machine_.global_buffer;
  add_memory(report_, "dram", machine_.dram.capacity,
             memory_facts(machine_.dram, machine_.clock).bytes_per_cycle)
      .counters = timing_.dram_counters;
  const std::uint64_t ports = buffer.read_ports + (buffer.shared_ports ? 0 : buffer.write_ports);
  std::uint64_t peak_bytes = 0;
  for (const SpatialJob& job : jobs_) peak_bytes = std::max(peak_bytes, job.walk.buffer_bytes);
  add_memory(report_, "global_buffer", buffer.capacity,
             static_cast<double>(ports * buffer.row.value))
      .counters = {{"peak_bytes", peak_bytes, "B"}};
  if (timing_.error > 0)
    report_.memories.back().counters.push_back(
        {"output_error", static_cast<std::uint64_t>(timing_.error * 1e6 + 0.5), "ppm"});
}

/// The interval of the schedule, what bounds it, and what it needs; of the job with most epochs.
void Assembler::counters() {
  if (jobs_.empty()) return;
  const SpatialJob& job = *std::ranges::max_element(jobs_, {}, least_cycles);
  const ModuloSchedule& schedule = job.placed.found.schedule;
  const ScheduleUse use = use_of(job.placed.pipeline, schedule);
  report_.counters = {{"interval", schedule.interval, "cycles"},
                      {"tiles_in_flight", use.stages, ""},
                      {"spatial_registers", use.spatial_registers, ""},
                      {"vector_registers", use.vector_registers, ""}};
  for (const IntervalBound& bound : interval_bounds(job.placed.pipeline))
    report_.counters.push_back({"interval_bound:" + bound.what, bound.cycles, "cycles"});
}

}  // namespace

Report spatial_report(const Experiment& experiment, const SpatialMachine& machine,
                      const std::vector<SpatialJob>& jobs, const SpatialGraph& graph,
                      const SpatialTiming& timing, const EnergyModel* energy) {
  return Assembler(experiment, machine, jobs, graph, timing, energy).build();
}

}  // namespace sluice
