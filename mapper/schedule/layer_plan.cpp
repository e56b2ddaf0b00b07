// SPDX-License-Identifier: Apache-2.0
#include "mapper/schedule/layer_plan.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/checked.hpp"
#include "base/diagnostics.hpp"
#include "mapper/schedule/schedule.hpp"

namespace sluice {
namespace {

constexpr std::uint64_t most_elements = 8192;        // of the streaming operand, a tile
constexpr std::uint64_t most_vectors = 256;          // a tile of what looks at single elements
constexpr std::uint64_t most_line_elements = 65536;  // of one lane, a tile

class Planner {
 public:
  Planner(const Cascade& cascade, const SpatialMachine& machine, const LayerPlanOptions& options)
      : cascade_(cascade), machine_(machine), options_(options) {}

  std::variant<std::vector<LayerPlan>, Infeasible> run();

 private:
  bool wants(SpatialDataflow dataflow) const {
    return options_.dataflow == SpatialDataflow::best || options_.dataflow == dataflow;
  }
  void add_products(const GridProduct& product);
  void add_stationary(const GridProduct& product, SpatialDataflow dataflow);
  void add_line(bool is_product);
  bool consider(SpatialDataflow dataflow, TileWork work, std::uint64_t turns);
  double estimate(const TileWork& work, const TileWalk& walk) const;

  const Cascade& cascade_;
  const SpatialMachine& machine_;
  LayerPlanOptions options_;
  std::vector<LayerPlan> plans_;
  std::optional<Infeasible> infeasible_;
};

/// Slots of both arrays, and all traffic: what takes longest.
double Planner::estimate(const TileWork& work, const TileWalk& walk) const {
  Placement placement = published_placement(work);
  for (std::size_t i = 0; i < work.ops.size(); ++i)
    placement.seeded[i] = work.ops[i].kind == OpKind::sum;
  const Pipeline pipeline = make_pipeline(work, machine_, placement, {.distance = 1});
  double interval = 0, line = 0, after = 0;
  for (const IntervalBound& bound : interval_bounds(pipeline)) {
    // Column tiles in turn hide what the one before has in the columns.
    if (bound.what == "recurrences" && walk.turns > 1) continue;
    interval = std::max(interval, static_cast<double>(bound.cycles));
    if (bound.what == "vector_array") line = static_cast<double>(bound.cycles);
  }
  for (const PipelineOp& op : pipeline.ops)
    if (op.after_loop) after += static_cast<double>(op.elements * op.slots);
  const auto tiles = static_cast<double>(walk.blocks * walk.tiles());
  double cycles =
      std::max(tiles * interval,
               tiles * line + after * static_cast<double>(walk.blocks * walk.column_tiles));
  double bytes = 0;
  for (const TileTensor& t : walk.inputs) bytes += static_cast<double>(total_bytes(walk, t));
  for (const TileTensor& t : walk.outputs) bytes += static_cast<double>(total_bytes(walk, t));
  if (options_.bytes_per_cycle > 0) cycles = std::max(cycles, bytes / options_.bytes_per_cycle);
  return cycles + interval;  // the last tile leaves the pipeline
}

/// Whether its tiles fit.
bool Planner::consider(SpatialDataflow dataflow, TileWork work, std::uint64_t turns) {
  WalkOptions options;
  options.turns = turns;
  options.overlap = !work.every_tile;
  options.step_buffers = 2 + ceil_div(std::uint64_t{2}, std::max<std::uint64_t>(turns, 1));
  auto walk = tile_walk(cascade_, work, machine_, options);
  if (auto* infeasible = std::get_if<Infeasible>(&walk)) {
    if (!infeasible_ || infeasible->needed < infeasible_->needed) infeasible_ = *infeasible;
    return false;
  }
  const double cycles = estimate(work, std::get<TileWalk>(walk));
  plans_.push_back({dataflow, std::move(work), turns, cycles});
  return true;
}

/// For each number of column tiles in turn, as long tiles as fit, and half as long ones.
void Planner::add_stationary(const GridProduct& product, SpatialDataflow dataflow) {
  const SpatialArray& grid = machine_.spatial_array;
  const std::uint64_t time = size_of(cascade_, time_ranks(product, dataflow));
  const std::vector<std::string>& columns =
      dataflow == SpatialDataflow::weight ? product.second : product.first;
  const std::uint64_t column_tiles = ceil_div(size_of(cascade_, columns), grid.columns);
  const std::uint64_t first = options_.turns > 0 ? options_.turns : 1;
  const std::uint64_t last = options_.turns > 0 ? first : std::min<std::uint64_t>(column_tiles, 64);
  for (std::uint64_t turns = first; turns <= last; turns = turns + 1 + turns / 4) {
    std::uint64_t chunks = ceil_div(time, most_elements), fitting = 0;
    for (; chunks <= time && fitting < 2; chunks *= 2) {
      const TileSize size{grid.rows, grid.columns, ceil_div(time, chunks)};
      fitting += consider(dataflow, product_work(cascade_, product, dataflow, size), turns) ? 1 : 0;
      if (size.time == 1) break;
    }
  }
}

void Planner::add_products(const GridProduct& product) {
  const SpatialArray& grid = machine_.spatial_array;
  for (const auto dataflow : {SpatialDataflow::weight, SpatialDataflow::input})
    if (wants(dataflow)) add_stationary(product, dataflow);
  for (const auto dataflow : {SpatialDataflow::output, SpatialDataflow::output_swapped})
    if (wants(dataflow))
      consider(dataflow, product_work(cascade_, product, dataflow, {grid.rows, grid.columns, 1}),
               options_.turns);
}

void Planner::add_line(bool is_product) {
  if (is_product && cycles_of(machine_.vector_array.operations, "mac") == 0) return;
  for (std::uint64_t vectors = most_vectors; vectors > 0; vectors /= 2) {
    TileWork work = line_work(cascade_, machine_.spatial_array.columns, vectors);
    for (const TileOp& op : work.ops)
      if (op.elements > most_line_elements) {
        if (is_product) return;
        throw SpecError({{{.path = cascade_.name},
                          fmt::format("{} has {} elements a lane, at most {} can be scheduled",
                                      op.name, op.elements, most_line_elements),
                          {}}});
      }
    if (consider(SpatialDataflow::vector, std::move(work), 0)) return;
  }
}

std::variant<std::vector<LayerPlan>, Infeasible> Planner::run() {
  const auto product = find_product(cascade_);
  if (product) add_products(*product);
  if (!product || wants(SpatialDataflow::vector)) add_line(product.has_value());
  if (plans_.empty()) return *infeasible_;
  std::ranges::stable_sort(plans_, {}, &LayerPlan::cycles);
  return std::move(plans_);
}

}  // namespace

std::variant<std::vector<LayerPlan>, Infeasible> layer_plans(const Cascade& cascade,
                                                             const SpatialMachine& machine,
                                                             const LayerPlanOptions& options) {
  return Planner(cascade, machine, options).run();
}

}  // namespace sluice
