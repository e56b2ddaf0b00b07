// SPDX-License-Identifier: Apache-2.0
// Building of the systolic machine's graph, task by task; see systolic.hpp and docs/systolic.md.
#include "sim/models/systolic.hpp"

#include <algorithm>
#include <array>

#include "arch/systolic_timing.hpp"
#include "base/assert.hpp"
#include "base/checked.hpp"
#include "sim/models/systolic_machine.hpp"

namespace sluice {
namespace {

/// One loop around a task's steps: how often, and how large the dimension it cuts is inside.
struct LoopLevel {
  enum class Dimension : std::uint8_t { batch, m, n, k };
  Dimension dimension = Dimension::batch;
  Split split;
  std::uint64_t batch_stride = 1;  ///< products that one iteration of a batch loop spans
};

/// Where the builder stands in a loop: inside `loop`, or at a fixed iteration of a peeled one.
struct Position {
  bool looping = false;
  LoopId loop{};
  std::uint64_t fixed = 0;
};

class GemmBuilder {
 public:
  GemmBuilder(SystolicMachine& machine, const GemmTask& task, const GemmTiling& tiling,
              const TaskRegions& regions)
      : machine_(machine), task_(task), loop_(gemm_loop(task, tiling)), regions_(regions) {
    make_levels();
    positions_.resize(levels_.size());
    sizes_ = {1, loop_.m.size, loop_.n.size, loop_.k.size};
    load_level_[0] = deepest({task.input_batch}, LoopLevel::Dimension::m, LoopLevel::Dimension::k);
    load_level_[1] = deepest({task.weight_batch}, LoopLevel::Dimension::n, LoopLevel::Dimension::k);
    output_level_ = deepest({task.batch}, LoopLevel::Dimension::m, LoopLevel::Dimension::n);
    leaf_level_ = -1;
    for (std::size_t i = 0; i < levels_.size(); ++i)
      if (levels_[i].split.count > 1) leaf_level_ = static_cast<int>(i);
  }

  void build() { enter_body(-1); }

 private:
  void make_levels();
  int deepest(std::vector<std::uint64_t> own_batch, LoopLevel::Dimension a,
              LoopLevel::Dimension b) const;
  void open_level(std::size_t level);
  void enter_body(int level);
  void step(bool last_k);
  void load(TensorRole role);
  void store();
  Firing step_firing(bool last_k) const;
  void count_step(Firing& firing, bool last_k) const;
  void add_ports(Firing& firing) const;
  MemoryTransfer transfer(TensorRole role) const;
  void place(MemoryTransfer& transfer, std::uint64_t batch_bytes, std::uint64_t m_bytes,
             std::uint64_t n_bytes, std::uint64_t k_bytes, std::uint64_t own_batch) const;
  std::uint64_t extent(LoopLevel::Dimension d) const { return sizes_[static_cast<std::size_t>(d)]; }

  SystolicMachine& machine_;
  const GemmTask& task_;
  GemmLoop loop_;
  TaskRegions regions_;
  std::vector<LoopLevel> levels_;
  std::vector<Position> positions_;
  std::array<std::uint64_t, 4> sizes_{};  ///< of the present tile, by dimension
  std::array<int, 2> load_level_{};       ///< loop in whose body the input, the weights are loaded
  int output_level_ = -1;
  int leaf_level_ = -1;
};

/// Loops from outer to inner: the batch, cut where inputs or weights begin to be shared; the tiles
/// of m and n; the tiles of k.
void GemmBuilder::make_levels() {
  std::array<std::uint64_t, 3> cuts = {std::min(task_.input_batch, task_.weight_batch),
                                       std::max(task_.input_batch, task_.weight_batch),
                                       task_.batch};
  std::uint64_t outer = 1;
  for (const std::uint64_t cut : cuts) {
    const std::uint64_t count = cut / outer;
    levels_.push_back({LoopLevel::Dimension::batch, {count, 1, 1}, task_.batch / cut});
    outer = cut;
  }
  const LoopLevel m{LoopLevel::Dimension::m, loop_.m, 1}, n{LoopLevel::Dimension::n, loop_.n, 1};
  levels_.push_back(loop_.m_outer ? m : n);
  levels_.push_back(loop_.m_outer ? n : m);
  levels_.push_back({LoopLevel::Dimension::k, loop_.k, 1});
}

/// The innermost loop that changes a tile which is cut along `a` and `b` and of which `own_batch`
/// products have one of their own; -1 when none does.
int GemmBuilder::deepest(std::vector<std::uint64_t> own_batch, LoopLevel::Dimension a,
                         LoopLevel::Dimension b) const {
  int found = -1;
  for (std::size_t i = 0; i < levels_.size(); ++i) {
    const LoopLevel& level = levels_[i];
    if (level.split.count == 1) continue;
    const bool batch = level.dimension == LoopLevel::Dimension::batch;
    const bool own = batch && task_.batch / level.batch_stride <= own_batch.front();
    if (own || level.dimension == a || level.dimension == b) found = static_cast<int>(i);
  }
  return found;
}

void GemmBuilder::open_level(std::size_t level) {
  if (level == levels_.size()) return step(true);
  const LoopLevel& l = levels_[level];
  std::uint64_t& size = sizes_[static_cast<std::size_t>(l.dimension)];
  Position& position = positions_[level];
  const bool is_k = l.dimension == LoopLevel::Dimension::k;
  const bool peel = l.split.count > 1 && (is_k || l.split.last != l.split.size);
  const std::uint64_t looped = peel ? l.split.count - 1 : l.split.count;
  if (l.dimension != LoopLevel::Dimension::batch) size = l.split.size;
  if (l.split.count == 1) {
    if (l.dimension != LoopLevel::Dimension::batch) size = l.split.last;
    position = {};
    return open_level(level + 1);
  }
  position = {true, machine_.builder.open_loop(looped), 0};
  if (is_k)
    step(false);
  else
    enter_body(static_cast<int>(level));
  machine_.builder.close_loop();
  if (!peel) return;
  position = {false, {}, looped};
  if (l.dimension != LoopLevel::Dimension::batch) size = l.split.last;
  if (is_k)
    step(true);
  else
    enter_body(static_cast<int>(level));
  if (l.dimension != LoopLevel::Dimension::batch) size = l.split.size;
}

/// The body of a loop (-1: the whole task): loads what stays the same in all of it, takes an output
/// buffer for the tile that is computed in it, and gives up the operands when it ends.
void GemmBuilder::enter_body(int level) {
  const bool leaf = level == leaf_level_;
  for (const TensorRole role : {TensorRole::weight, TensorRole::input})
    if (load_level_[role == TensorRole::input ? 0 : 1] == level && !leaf) {
      load(role);
      machine_.hold(role);
    }
  if (output_level_ == level && !leaf) machine_.take_output_buffer();
  open_level(static_cast<std::size_t>(level + 1));
  if (output_level_ == level) store();
  for (const TensorRole role : {TensorRole::weight, TensorRole::input})
    if (load_level_[role == TensorRole::input ? 0 : 1] == level && !leaf) machine_.release(role);
}

/// One tile step on the array.
void GemmBuilder::step(bool last_k) {
  for (const TensorRole role : {TensorRole::weight, TensorRole::input})
    if (load_level_[role == TensorRole::input ? 0 : 1] == leaf_level_) load(role);
  machine_.builder.fire(step_firing(last_k));
}

void GemmBuilder::load(TensorRole role) {
  if (!machine_.has_memory) return;
  machine_.load(role, transfer(role), false);
}

void GemmBuilder::store() {
  const std::uint64_t elements =
      product(extent(LoopLevel::Dimension::m), extent(LoopLevel::Dimension::n));
  machine_.finish_output(elements, task_.epilogue_ops, transfer(TensorRole::output));
}

Firing GemmBuilder::step_firing(bool last_k) const {
  const SystolicArray& array = machine_.architecture.array;
  const std::uint64_t m = extent(LoopLevel::Dimension::m), n = extent(LoopLevel::Dimension::n),
                      k = extent(LoopLevel::Dimension::k);
  const GemmFolds folds = fold_gemm(array, m, n, k);
  const FoldTiming timing = fold_timing(array, folds.steps);
  Firing firing;
  firing.name = machine_.task_name;
  firing.unit = machine_.array;
  firing.layer = machine_.layer;
  firing.interval = timing.initiation_interval;
  firing.latency = timing.latency;
  firing.repeat = folds.row_folds * folds.column_folds;
  if (machine_.has_memory) {
    for (const TensorRole role : {TensorRole::input, TensorRole::weight})
      if (load_level_[role == TensorRole::input ? 0 : 1] == leaf_level_)
        firing.takes.push_back({machine_.operand_channel(role), 1, Release::at_end});
    if (output_level_ == leaf_level_)
      firing.takes.push_back({machine_.output_credits, 1, Release::at_start});
  }
  if (last_k) machine_.put_output(firing, task_.epilogue_ops > 0);
  count_step(firing, last_k);
  add_ports(firing);
  return firing;
}

/// Actions of a step: each fold reads its operands once; partial sums are written by every fold
/// along k and read back by all but the first.
void GemmBuilder::count_step(Firing& firing, bool last_k) const {
  const SystolicArray& array = machine_.architecture.array;
  const std::uint64_t m = extent(LoopLevel::Dimension::m), n = extent(LoopLevel::Dimension::n),
                      k = extent(LoopLevel::Dimension::k);
  const OperandReads reads = operand_reads(array, m, n, k);
  const std::uint64_t psum_reads =
      product(m, n) * (reads.partial_sums - 1 + (last_k ? loop_.k.count - 1 : 0));
  const std::uint64_t repeat = firing.repeat;
  const auto add = [&](SystolicAction action, std::uint64_t count) {
    if (count > 0) firing.actions.push_back({static_cast<std::uint32_t>(action), count});
  };
  add(SystolicAction::mac, product(m, n, k));
  add(SystolicAction::fold, repeat);
  add(SystolicAction::used_pes, reads.used_pes);
  add(SystolicAction::input_read, storage_bytes(reads.input, array.input_format));
  add(SystolicAction::weight_read, storage_bytes(reads.weight, array.weight_format));
  add(SystolicAction::output_write,
      storage_bytes(product(m, n) * reads.partial_sums, array.accumulator_format));
  add(SystolicAction::output_read, storage_bytes(psum_reads, array.accumulator_format));
}

void GemmBuilder::add_ports(Firing& firing) const {
  for (const ActionCount& action : firing.actions)
    machine_.use_port(firing, SystolicAction(action.action), action.count);
}

/// Address of a tile: the base of the tensor plus what the loops around add.
void GemmBuilder::place(MemoryTransfer& transfer, std::uint64_t batch_bytes, std::uint64_t m_bytes,
                        std::uint64_t n_bytes, std::uint64_t k_bytes,
                        std::uint64_t own_batch) const {
  for (std::size_t i = 0; i < levels_.size(); ++i) {
    const LoopLevel& level = levels_[i];
    std::uint64_t bytes = 0;
    switch (level.dimension) {
      case LoopLevel::Dimension::batch:
        bytes = batch_bytes * (level.batch_stride * own_batch / task_.batch);
        break;
      case LoopLevel::Dimension::m:
        bytes = m_bytes;
        break;
      case LoopLevel::Dimension::n:
        bytes = n_bytes;
        break;
      case LoopLevel::Dimension::k:
        bytes = k_bytes;
        break;
    }
    if (level.split.count == 1 || bytes == 0) continue;
    if (positions_[i].looping)
      transfer.strides.push_back({positions_[i].loop, static_cast<std::int64_t>(bytes)});
    else
      transfer.address += bytes * positions_[i].fixed;
  }
}

MemoryTransfer GemmBuilder::transfer(TensorRole role) const {
  const SystolicArray& array = machine_.architecture.array;
  const std::uint64_t m = extent(LoopLevel::Dimension::m), n = extent(LoopLevel::Dimension::n),
                      k = extent(LoopLevel::Dimension::k);
  MemoryTransfer t;
  t.stream = static_cast<std::uint32_t>(role);
  t.address = regions_.base[static_cast<std::size_t>(role)];
  if (role == TensorRole::weight) {  // stored tile after tile
    t.row_bytes = storage_bytes(product(k, n), array.weight_format);
    const std::uint64_t tile =
        storage_bytes(product(loop_.k.size, loop_.n.size), array.weight_format);
    place(t, storage_bytes(product(task_.k, task_.n), array.weight_format), 0, tile * loop_.k.count,
          tile, task_.weight_batch);
  } else if (role == TensorRole::input) {
    // Rows of k where the input is a plain matrix cut along k; else what the tile touches, in one
    // piece.
    const bool rows = loop_.k.count > 1 && task_.input_elements == product(task_.m, task_.k) &&
                      width_bits(array.input_format) % 8 == 0;
    t.rows = rows ? m : 1;
    t.row_bytes = rows ? storage_bytes(k, array.input_format)
                       : storage_bytes(input_tile_elements(task_, m, k), array.input_format);
    t.row_stride = rows ? storage_bytes(task_.k, array.input_format) : t.row_bytes;
    const std::uint64_t tile =
        storage_bytes(input_tile_elements(task_, loop_.m.size, loop_.k.size), array.input_format);
    place(t, storage_bytes(task_.input_elements, array.input_format),
          rows ? loop_.m.size * t.row_stride : tile * loop_.k.count, 0,
          rows ? storage_bytes(loop_.k.size, array.input_format) : tile, task_.input_batch);
  } else {
    t.write = true;
    const bool rows = loop_.n.count > 1 && width_bits(array.input_format) % 8 == 0;
    t.rows = rows ? m : 1;
    t.row_bytes = storage_bytes(rows ? n : product(m, n), array.input_format);
    t.row_stride = rows ? storage_bytes(task_.n, array.input_format) : t.row_bytes;
    const std::uint64_t tile =
        storage_bytes(product(loop_.m.size, loop_.n.size), array.input_format);
    place(t, storage_bytes(product(task_.m, task_.n), array.input_format),
          rows ? loop_.m.size * t.row_stride : tile * loop_.n.count,
          rows ? storage_bytes(loop_.n.size, array.input_format) : tile, 0, task_.batch);
  }
  return t;
}

/// Passes over the tiles of a vector task: load, compute, and in the last pass store.
void build_vector(SystolicMachine& machine, const VectorTask& task, const VectorTiling& tiling,
                  const TaskRegions& regions) {
  const VectorLoop loop = vector_loop(task, tiling);
  const NumberFormat format = machine.architecture.array.input_format;
  const auto tile = [&](std::uint64_t elements, bool last, std::vector<LoopStride> in_strides,
                        std::vector<LoopStride> out_strides, std::uint64_t fixed) {
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
  const auto pass = [&](bool last, std::vector<LoopStride> in, std::vector<LoopStride> out) {
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
  const std::vector<LoopStride> in = {
      {repeats, static_cast<std::int64_t>(storage_bytes(input_tile_elements(task, row), format))}};
  const std::vector<LoopStride> out = {
      {repeats, static_cast<std::int64_t>(storage_bytes(row, format))}};
  if (loop.passes > 1) {
    machine.builder.open_loop(loop.passes - 1);
    pass(false, in, out);
    machine.builder.close_loop();
  }
  pass(true, in, out);
  machine.builder.close_loop();
}

}  // namespace

SystolicGraph build_systolic(const Network& network, const Architecture& architecture,
                             const Mapping& mapping) {
  SystolicMachine machine(architecture);
  RegionAllocator regions(network, architecture, mapping);
  for (std::size_t t = 0; t < mapping.tasks.size(); ++t) {
    const TaskMapping& mapped = mapping.tasks[t];
    const bool gemm = std::holds_alternative<GemmTask>(mapped.task.work);
    machine.start_task(mapped.task.name, regions.dependency(t), regions.weights_are_results(t),
                       gemm);
    if (gemm)
      GemmBuilder(machine, std::get<GemmTask>(mapped.task.work),
                  std::get<GemmTiling>(mapped.tiling), regions.of(t))
          .build();
    else
      build_vector(machine, std::get<VectorTask>(mapped.task.work),
                   std::get<VectorTiling>(mapped.tiling), regions.of(t));
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
    result.waits_for_previous.push_back(t > 0 && regions.dependency(t) == t - 1);
  result.graph = machine.builder.finish();
  return result;
}

}  // namespace sluice
