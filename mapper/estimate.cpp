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

/// The dataflow's rank on the array's rows, on its columns, and along the steps of a fold.
struct FoldRanks {
  GemmRank on_rows, on_columns, steps;
};
FoldRanks fold_ranks(Dataflow dataflow) {
  switch (dataflow) {
    case Dataflow::weight_stationary:
      return {GemmRank::k, GemmRank::n, GemmRank::m};
    case Dataflow::input_stationary:
      return {GemmRank::k, GemmRank::m, GemmRank::n};
    case Dataflow::output_stationary:
      break;
  }
  return {GemmRank::m, GemmRank::n, GemmRank::k};
}

GemmTiles tiles_of(const GemmTask& task, const GemmTiling& tiling, const SystolicArray& array) {
  return {rank_tiles(GemmRank::m, task.m, tiling.m_tile, array),
          rank_tiles(GemmRank::n, task.n, tiling.n_tile, array),
          rank_tiles(GemmRank::k, task.k, tiling.k_tile, array),
          {},
          tiling.m_outer};
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

}  // namespace

ComputeCycles compute_cycles(const TaskWork& work, const Tiling& tiling,
                             const Architecture& architecture) {
  if (const auto* task = std::get_if<GemmTask>(&work)) {
    const GemmTiles tiles = tiles_of(*task, std::get<GemmTiling>(tiling), architecture.array);
    return {array_cycles(*task, tiles.m, tiles.n, tiles.k), 0};
  }
  if (const auto* task = std::get_if<AttentionTask>(&work))
    return {array_cycles(*task, std::get<AttentionTiling>(tiling), architecture.array), 0};
  return fewest_compute_cycles(work, architecture);
}

ComputeCycles fewest_compute_cycles(const TaskWork& work, const Architecture& architecture) {
  if (const auto* task = std::get_if<GemmTask>(&work))
    return compute_cycles(work, GemmTiling{task->m, task->n, task->k}, architecture);
  if (const auto* task = std::get_if<AttentionTask>(&work))
    return compute_cycles(work, AttentionTiling{task->rows, task->keys}, architecture);
  const auto& task = std::get<VectorTask>(work);
  return {0, real(task.elements) * real(task.lane_cycles) / architecture.vector.lanes};
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

RankTiles rank_tiles(GemmRank rank, std::uint64_t extent, std::uint64_t tile,
                     const SystolicArray& array) {
  const Split tiles = split(extent, tile);
  const std::uint64_t others = tiles.count - 1;
  const FoldRanks ranks = fold_ranks(array.dataflow);
  if (rank != ranks.steps) {
    const std::uint64_t pes = rank == ranks.on_rows ? array.rows : array.columns;
    return {tiles, real(others * ceil_div(tiles.size, pes) + ceil_div(tiles.last, pes)), 0};
  }
  const FoldTiming last = fold_timing(array, tiles.last);
  const FoldTiming other = others == 0 ? last : fold_timing(array, tiles.size);
  return {tiles, real(others * other.initiation_interval + last.initiation_interval),
          real(last.latency - last.initiation_interval)};
}

double array_cycles(const AttentionTask& task, const AttentionTiling& tiling,
                    const SystolicArray& array) {
  const auto cycles = [&](std::uint64_t n, std::uint64_t n_tile, std::uint64_t k,
                          std::uint64_t k_tile) {
    return rank_tiles(GemmRank::n, n, n_tile, array).cycles *
           rank_tiles(GemmRank::k, k, k_tile, array).cycles;
  };
  return real(task.batch) * rank_tiles(GemmRank::m, task.rows, tiling.row_tile, array).cycles *
         (cycles(task.keys, tiling.key_tile, task.width, task.width) +
          cycles(task.width, task.width, task.keys, tiling.key_tile));
}

TilingEstimate estimate(const GemmTask& task, const GemmTiling& tiling,
                        const Architecture& architecture, const MachineRates& rates) {
  GemmTiles tiles = tiles_of(task, tiling, architecture.array);
  tiles.input = input_tiles(task, tiling.m_tile);
  return estimate(task, tiles, architecture, rates);
}

TilingEstimate estimate(const GemmTask& task, const GemmTiles& tiles,
                        const Architecture& architecture, const MachineRates& rates) {
  const SystolicArray& array = architecture.array;
  const GemmLoop loop{task.batch, tiles.m.tiles, tiles.n.tiles, tiles.k.tiles, tiles.m_outer};
  const TaskTraffic moved = traffic(task, loop, array, tiles.input);
  const RoleBytes first =
      tile_bytes(task, loop.m.size, loop.n.size, loop.k.size, array, tiles.input);
  Demand demand;
  demand.steps = real(loop.steps());
  demand.stores = real(loop.batch * loop.m.count * loop.n.count);
  const double epilogue = real(product(task.batch, task.m, task.n)) * real(task.epilogue_ops) /
                          architecture.vector.lanes;
  demand.compute = std::max(array_cycles(task, tiles.m, tiles.n, tiles.k), epilogue);
  demand.load_bytes = real(moved.input_read) + real(moved.weight_read);
  demand.store_bytes = real(moved.output_write);
  demand.first_bytes = real(first[0]) + real(first[1]);
  demand.last_bytes = real(storage_bytes(loop.m.last * loop.n.last, array.input_format));
  demand.tail = tiles.m.tail + tiles.n.tail + tiles.k.tail;  // of two ranks 0
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

std::uint64_t steps(const GemmTask& task, const GemmTiling& tiling) {
  return gemm_loop(task, tiling).steps();
}

std::uint64_t steps(const VectorTask& task, const VectorTiling& tiling) {
  return vector_loop(task, tiling).steps();
}

std::uint64_t steps(const AttentionTask& task, const AttentionTiling& tiling) {
  return task.batch * split(task.rows, tiling.row_tile).count *
         split(task.keys, tiling.key_tile).count;
}

}  // namespace sluice
