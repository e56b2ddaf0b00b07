// SPDX-License-Identifier: Apache-2.0
// Building of the systolic machine's graph, task by task; see systolic.hpp and docs/systolic.md.
#include "sim/models/systolic.hpp"

#include <algorithm>

#include "base/checked.hpp"
#include "mapper/gemm_nest.hpp"
#include "sim/models/systolic_attention.hpp"
#include "sim/models/systolic_gemm.hpp"
#include "sim/models/systolic_machine.hpp"

namespace sluice {
namespace {

using Strides = decltype(MemoryTransfer::strides);

/// Passes over the tiles of a vector task: load, compute, and in the last pass store.
void build_vector(SystolicMachine& machine, const VectorTask& task, const VectorTiling& tiling,
                  const TaskRegions& regions) {
  const VectorLoop loop = vector_loop(task, tiling);
  const NumberFormat format = machine.architecture.array.input_format;
  const auto tile = [&](std::uint64_t elements, bool last, Strides in_strides, Strides out_strides,
                        std::uint64_t fixed) {
    MemoryTransfer in, out;
    const std::uint64_t full_in = storage_bytes(input_tile_elements(task, loop.tiles.size), format);
    in.stream = static_cast<std::uint32_t>(TensorRole::input);
    in.address = regions.base[0] + fixed * full_in;
    in.row_bytes = storage_bytes(input_tile_elements(task, elements), format);
    in.strides = std::move(in_strides);
    out.stream = static_cast<std::uint32_t>(TensorRole::output);
    out.write = true;
    out.address = regions.base[2] + fixed * storage_bytes(loop.tiles.size, format);
    out.row_bytes = storage_bytes(elements, format);
    out.strides = std::move(out_strides);
    machine.vector_step(elements, task.lane_cycles, loop.passes, in, last ? &out : nullptr);
  };
  const auto pass = [&](bool last, Strides in, Strides out) {
    const Split& tiles = loop.tiles;
    const bool ragged = tiles.last != tiles.size;
    const std::uint64_t looped = ragged ? tiles.count - 1 : tiles.count;
    if (looped > 0) {
      const LoopId id = machine.builder.open_loop(looped);
      auto in_loop = in, out_loop = out;
      in_loop.push_back({id, static_cast<std::int64_t>(
                                 storage_bytes(input_tile_elements(task, tiles.size), format))});
      out_loop.push_back({id, static_cast<std::int64_t>(storage_bytes(tiles.size, format))});
      tile(tiles.size, last, in_loop, out_loop, 0);
      machine.builder.close_loop();
    }
    if (ragged) tile(tiles.last, last, in, out, tiles.count - 1);
  };
  const LoopId repeats = machine.builder.open_loop(loop.repeats);
  const std::uint64_t row = (loop.tiles.count - 1) * loop.tiles.size + loop.tiles.last;
  const Strides in = {
      {repeats, static_cast<std::int64_t>(storage_bytes(input_tile_elements(task, row), format))}};
  const Strides out = {{repeats, static_cast<std::int64_t>(storage_bytes(row, format))}};
  if (loop.passes > 1) {
    machine.builder.open_loop(loop.passes - 1);
    pass(false, in, out);
    machine.builder.close_loop();
  }
  pass(true, in, out);
  machine.builder.close_loop();
}

void build_task(SystolicMachine& machine, const TaskMapping& mapped, const TaskRegions& regions) {
  if (const auto* task = std::get_if<VectorTask>(&mapped.task.work))
    return build_vector(machine, *task, std::get<VectorTiling>(mapped.tiling), regions);
  if (const auto* task = std::get_if<AttentionTask>(&mapped.task.work))
    return build_attention(machine, *task, std::get<AttentionTiling>(mapped.tiling), regions);
  const GemmTask& task = std::get<GemmTask>(mapped.task.work);
  if (const auto* nest = std::get_if<GemmNest>(&mapped.tiling))
    return build_gemm(machine, task, *nest, regions);
  build_gemm(machine, task, loops_of(task, std::get<GemmTiling>(mapped.tiling)), regions);
}

}  // namespace

SystolicGraph build_systolic(const Network& network, const Architecture& architecture,
                             const Mapping& mapping) {
  std::uint64_t spilled = 0;    // output tiles of a task in memory at once
  std::uint64_t key_tiles = 0;  // of a stage of attention
  for (const TaskMapping& mapped : mapping.tasks)
    if (const auto* tiling = std::get_if<AttentionTiling>(&mapped.tiling))
      key_tiles = std::max(
          key_tiles, split(std::get<AttentionTask>(mapped.task.work).keys, tiling->key_tile).count);
    else if (const auto* nest = std::get_if<GemmNest>(&mapped.tiling))
      spilled = std::max(spilled, spilled_tiles(std::get<GemmTask>(mapped.task.work), *nest));
  SystolicMachine machine(architecture, spilled);
  if (key_tiles > 0) machine.make_attention(key_tiles);
  RegionAllocator regions(network, architecture, mapping);
  for (std::size_t t = 0; t < mapping.tasks.size(); ++t) {
    const TaskMapping& mapped = mapping.tasks[t];
    const bool on_array = !std::holds_alternative<VectorTask>(mapped.task.work);
    machine.start_task(mapped.task.name, regions.needs(t), on_array);
    build_task(machine, mapped, regions.of(t));
    machine.end_task();
  }
  SystolicGraph result;
  result.array = machine.array;
  result.vector = machine.vector;
  result.has_memory = machine.has_memory;
  result.load_input = machine.load_input;
  result.load_weight = machine.load_weight;
  result.store_output = machine.store_output;
  for (std::size_t t = 0; t < mapping.tasks.size(); ++t)
    result.waits_for_previous.push_back(t > 0 && regions.needs(t).results == t - 1);
  result.graph = machine.builder.finish();
  return result;
}

}  // namespace sluice
