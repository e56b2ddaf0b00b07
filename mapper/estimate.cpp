// SPDX-License-Identifier: Apache-2.0
#include "mapper/estimate.hpp"

#include <algorithm>
#include <cmath>

#include "arch/systolic_timing.hpp"
#include "base/checked.hpp"

namespace sluice {
namespace {

double sets_of(const Architecture& architecture, TensorRole role) {
  return architecture.scratchpads[scratchpad_of(architecture, role)].double_buffered ? 2 : 1;
}

double latency_seconds(const Dram& dram) {
  if (dram.is_ideal()) return dram.latency.value;
  const DramTiming t = timing_of(dram);
  return dram.controller_latency.value + 1e-12 * t.tck_ps * (t.rcd_rd + t.cl + t.burst_clocks);
}

double real(std::uint64_t value) { return static_cast<double>(value); }

/// Cycles of the array over all steps, each step's folds at their initiation interval; and what
/// the last of them takes beyond it. Folds are cut along two ranks and run along the third, so that
/// the sum over all steps is the product of one sum a rank.
struct ArrayCycles {
  double all = 0, tail = 0;
};

ArrayCycles array_cycles(const GemmLoop& loop, const SystolicArray& array) {
  const auto folds = [](const Split& tiles, std::uint32_t pes) {
    return real((tiles.count - 1) * ceil_div(tiles.size, pes) + ceil_div(tiles.last, pes));
  };
  const auto along = [&](const Split& tiles) {
    const FoldTiming last = fold_timing(array, tiles.last);
    const std::uint64_t interval =
        tiles.count == 1 ? 0 : fold_timing(array, tiles.size).initiation_interval;
    return ArrayCycles{real((tiles.count - 1) * interval + last.initiation_interval),
                       real(last.latency - last.initiation_interval)};
  };
  const auto all = [&](const Split& on_rows, const Split& on_columns, const Split& steps) {
    ArrayCycles cycles = along(steps);
    cycles.all *= folds(on_rows, array.rows) * folds(on_columns, array.columns) * real(loop.batch);
    return cycles;
  };
  switch (array.dataflow) {
    case Dataflow::weight_stationary:
      return all(loop.k, loop.n, loop.m);
    case Dataflow::input_stationary:
      return all(loop.k, loop.m, loop.n);
    case Dataflow::output_stationary:
      break;
  }
  return all(loop.m, loop.n, loop.k);
}

/// What one task asks of the pipeline of loads, compute and stores.
struct Demand {
  double steps = 1;       ///< of loads and compute
  double stores = 1;      ///< tiles that are written
  double compute = 0;     ///< cycles over all steps
  double load_bytes = 0;  ///< over all steps
  double store_bytes = 0;
  double first_bytes = 0;  ///< that must be there before the first step
  double last_bytes = 0;   ///< that are written after the last step
  double tail = 0;         ///< cycles from a step's end to its result
};

/// What a cycle of transfers costs even where it is hidden: of two tilings that are as fast at peak
/// bandwidth, the one that moves less is faster at any real one, and takes less energy.
constexpr double contention = 0.125;

/// Cycles of `count` tiles of `bytes` together. Tiles from an ideal memory take whole cycles each;
/// bursts of one tile and the next share them.
double transfers(double count, double bytes, const MachineRates& rates) {
  const double each = bytes / count * rates.cycles_per_byte;
  return count * (rates.whole_cycles ? std::ceil(each) : each);
}

double pipelined(const Demand& d, const MachineRates& rates) {
  const double load = transfers(d.steps, d.load_bytes, rates);
  const double store = transfers(d.stores, d.store_bytes, rates);
  const double trip = rates.latency + rates.setup;
  const double loaded = (d.steps * trip + load + d.compute) / rates.operand_sets;
  const double stored = (d.stores * (trip + d.tail) + store + d.compute) / rates.output_sets;
  const double setups = std::max(d.steps, d.stores) * rates.setup;
  const double busiest = std::max({d.compute, load + store, loaded, stored, setups});
  return busiest + contention * (load + store) +
         (d.first_bytes + d.last_bytes) * rates.cycles_per_byte + trip + d.tail;
}

std::uint64_t total_bytes(const TaskTraffic& moved) {
  return moved.input_read + moved.weight_read + moved.output_write;
}

}  // namespace

ComputeCycles compute_cycles(const TaskWork& work, const Tiling& tiling,
                             const Architecture& architecture) {
  if (const auto* task = std::get_if<GemmTask>(&work))
    return {array_cycles(gemm_loop(*task, std::get<GemmTiling>(tiling)), architecture.array).all,
            0};
  return fewest_compute_cycles(work, architecture);
}

ComputeCycles fewest_compute_cycles(const TaskWork& work, const Architecture& architecture) {
  if (const auto* task = std::get_if<GemmTask>(&work))
    return compute_cycles(work, GemmTiling{task->m, task->n, task->k}, architecture);
  if (const auto* task = std::get_if<VectorTask>(&work))
    return {0, real(task->elements) * real(task->lane_cycles) / architecture.vector.lanes};
  return {};
}

MachineRates::MachineRates(const Architecture& architecture) {
  const double clock = architecture.clock.value;
  const Dram& dram = architecture.dram;
  const double peak = dram.is_ideal() ? bytes_per_cycle(dram.bandwidth, architecture.clock)
                                      : peak_bytes_per_second(dram) / clock;
  cycles_per_byte = peak > 0 ? 1 / peak : 0;
  whole_cycles = dram.is_ideal();
  latency = peak > 0 ? clock * latency_seconds(dram) : 0;
  for (const Dma& dma : architecture.dma) setup = std::max(setup, double{1} * dma.setup_cycles);
  operand_sets =
      std::min(sets_of(architecture, TensorRole::input), sets_of(architecture, TensorRole::weight));
  output_sets = sets_of(architecture, TensorRole::output);
}

TilingEstimate estimate(const GemmTask& task, const GemmTiling& tiling,
                        const Architecture& architecture, const MachineRates& rates) {
  return estimate(task, tiling, architecture, rates, input_tiles(task, tiling.m_tile));
}

TilingEstimate estimate(const GemmTask& task, const GemmTiling& tiling,
                        const Architecture& architecture, const MachineRates& rates,
                        const InputTiles& input) {
  const SystolicArray& array = architecture.array;
  const GemmLoop loop = gemm_loop(task, tiling);
  const TaskTraffic moved = traffic(task, tiling, array, input);
  const ArrayCycles cycles = array_cycles(loop, array);
  const RoleBytes first = tile_bytes(task, loop.m.size, loop.n.size, loop.k.size, array, input);
  Demand demand;
  demand.steps = real(loop.steps());
  demand.stores = real(loop.batch * loop.m.count * loop.n.count);
  const double epilogue = real(product(task.batch, task.m, task.n)) * real(task.epilogue_ops) /
                          architecture.vector.lanes;
  demand.compute = std::max(cycles.all, epilogue);
  demand.load_bytes = real(moved.input_read) + real(moved.weight_read);
  demand.store_bytes = real(moved.output_write);
  demand.first_bytes = real(first[0]) + real(first[1]);
  demand.last_bytes = real(storage_bytes(loop.m.last * loop.n.last, array.input_format));
  demand.tail = cycles.tail;
  if (task.epilogue_ops > 0)
    demand.tail += architecture.vector.latency + std::ceil(epilogue / demand.stores);
  return {pipelined(demand, rates), total_bytes(moved), loop.steps()};
}

TilingEstimate estimate(const VectorTask& task, const VectorTiling& tiling,
                        const Architecture& architecture, const MachineRates& rates) {
  const VectorLoop loop = vector_loop(task, tiling);
  const TaskTraffic moved = traffic(task, tiling, architecture.array);
  Demand demand;
  demand.steps = real(loop.steps());
  demand.stores = demand.steps / real(loop.passes);
  demand.compute = demand.steps * std::ceil(real(task.elements) * real(task.lane_cycles) /
                                            (demand.steps * architecture.vector.lanes));
  demand.load_bytes = real(moved.input_read);
  demand.store_bytes = real(moved.output_write);
  demand.first_bytes = demand.load_bytes / demand.steps;
  demand.last_bytes = demand.store_bytes / demand.stores;
  demand.tail = architecture.vector.latency;
  return {pipelined(demand, rates), total_bytes(moved), loop.steps()};
}

}  // namespace sluice
