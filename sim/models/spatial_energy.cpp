// SPDX-License-Identifier: Apache-2.0
#include "sim/models/spatial_energy.hpp"

#include <algorithm>

#include "base/checked.hpp"
#include "workloads/cascade/analysis.hpp"

namespace sluice {
namespace {

class ActionCounter {
 public:
  ActionCounter(const SpatialJob& job, const SpatialMachine& machine)
      : job_(job), machine_(machine) {}

  std::vector<SpatialCount> run(const std::vector<std::uint64_t>& actions) {
    for (std::size_t i = 0; i < job_.work.ops.size(); ++i) count_op(i);
    const auto at = [&](SpatialAction action) { return actions[static_cast<std::size_t>(action)]; };
    add("global_buffer", "read_byte",
        product(at(SpatialAction::buffer_read), job_.buffer_row_bytes));
    add("global_buffer", "write_byte",
        product(at(SpatialAction::buffer_write), job_.buffer_row_bytes));
    add("dram", "read_byte", at(SpatialAction::dram_read));
    add("dram", "write_byte", at(SpatialAction::dram_write));
    return std::move(counts_);
  }

 private:
  void add(const std::string& component, const std::string& action, std::uint64_t count) {
    if (count == 0) return;
    const SpatialActionName name{component, action};
    const auto known = std::ranges::find(counts_, name, &SpatialCount::name);
    if (known != counts_.end())
      known->count += count;
    else
      counts_.push_back({name, count});
  }
  void count_op(std::size_t i);
  void count_registers(const std::string& unit, std::uint64_t reads, std::uint64_t writes) {
    add(unit, "register_read", reads);
    add(unit, "register_write", writes);
  }
  std::uint64_t tiles() const { return product(job_.walk.blocks, job_.walk.tiles()); }

  const SpatialJob& job_;
  const SpatialMachine& machine_;
  std::vector<SpatialCount> counts_;
};

/// A MAC of the grid reads and writes both operands and the sum, which all pass through registers;
/// any other operation reads two and writes one, in each of its cycles (an exp of six MACs, six
/// times). What leaves the grid below is written and read once more.
void ActionCounter::count_op(std::size_t i) {
  const TileOp& op = job_.work.ops[i];
  const Placement& placement = job_.placed.placement;
  const bool on_grid = placement.unit[i] == ArrayUnit::spatial;
  const std::string unit = on_grid ? "spatial_array" : "vector_array";
  const Einsum& einsum = job_.cascade.einsums[op.einsum];
  const EinsumFacts facts = facts_of(einsum, job_.cascade);
  if (op.kind == OpKind::load)  // what stays is written once a tile, in its row
    return count_registers(unit, 0,
                           product(tiles(), job_.work.tile_rows, job_.placed.pipeline.columns));
  // Sums of a product are complete once; those of the tiles before the last go through the lanes.
  const std::uint64_t results =
      product(facts.results, op.kind == OpKind::sum ? job_.walk.steps : 1);
  const std::uint64_t points = op.kind == OpKind::map ? facts.points : results;
  if (placement.seeded[i]) return;  // the column's own first sum does it
  const auto& operations =
      on_grid ? machine_.spatial_array.operations : machine_.vector_array.operations;
  for (const std::string& operation : op.operations) {
    add(unit, operation, points);
    const std::uint64_t passes = product(points, cycles_of(operations, operation));
    const bool streams = on_grid && operation == "mac";
    count_registers(unit, product(passes, streams ? 3 : 2), product(passes, streams ? 3 : 1));
  }
  if (op.shape != OpShape::column || !on_grid) return;
  // One word a column, tile and result.
  const bool whole = op.kind == OpKind::drain || job_.walk.steps == 1;
  const std::uint64_t words = whole || !job_.work.ranks.loop.empty()
                                  ? facts.results
                                  : product(facts.results, job_.walk.steps);
  count_registers(unit, words, words);
}

}  // namespace

std::vector<SpatialCount> energy_counts(const SpatialJob& job, const SpatialMachine& machine,
                                        const std::vector<std::uint64_t>& actions) {
  return ActionCounter(job, machine).run(actions);
}

std::optional<EnergyModel> price_jobs(const std::vector<SpatialJob>& jobs,
                                      const SpatialMachine& machine, const Library& library,
                                      const EnergyTable* table) {
  if (machine.energy_table.empty()) return std::nullopt;
  std::vector<SpatialActionName> names;
  const std::vector<std::uint64_t> each(spatial_actions, 1);  // of transfers, what there is
  for (const SpatialJob& job : jobs)
    for (const SpatialCount& count : energy_counts(job, machine, each)) names.push_back(count.name);
  Diagnostics diagnostics;
  const EnergyTable read =
      table != nullptr ? *table : load_energy_table(machine.energy_table, library.tables);
  EnergyModel model = resolve(read, machine, names, diagnostics);
  diagnostics.throw_if_any();
  return model;
}

}  // namespace sluice
