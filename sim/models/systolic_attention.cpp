// SPDX-License-Identifier: Apache-2.0
#include "sim/models/systolic_attention.hpp"

#include <algorithm>

#include "arch/systolic_timing.hpp"
#include "base/checked.hpp"
#include "mapper/attention_walk.hpp"
#include "mapper/bank_conflicts.hpp"

namespace sluice {
namespace {

/// AttentionWalk's visitor: opens the loops of the graph and fires.
class AttentionBuilder {
 public:
  using Loop = LoopId;
  using Place = AttentionPlace<LoopId>;

  AttentionBuilder(SystolicMachine& machine, const AttentionTask& task,
                   const AttentionTiling& tiling, const TaskRegions& regions)
      : machine_(machine),
        array_(machine.architecture.array),
        channels_(machine.attention),
        task_(task),
        regions_(regions),
        rows_(split(task.rows, tiling.row_tile)),
        keys_(split(task.keys, tiling.key_tile)) {}

  void fetch(AttentionOperand operand, const Place& place);
  void leave(AttentionOperand operand) {
    if (machine_.has_memory) machine_.release(channel_of(operand));
  }

  void begin_scores(const Place&) { take(machine_.array, channels_.score_rooms); }
  void scores(const Place& place) {
    Firing& f = gemm(place.rows, place.keys, task_.width, false);
    f.puts.push_back({channels_.scores, 1});
  }

  void begin_results(const Place&) { take(machine_.array, channels_.result_rooms); }
  void results(const Place& place, bool more) {
    Firing& f = gemm(place.rows, task_.width, place.keys, more);
    f.takes.push_back({channels_.probabilities, 1, Release::at_end});
  }
  /// The results are there when the last product has left the array.
  void end_results(const Place& place) {
    const FoldTiming timing =
        fold_timing(array_, fold_gemm(array_, place.rows, task_.width, place.keys).steps);
    Firing& f = machine_.fire(machine_.array);
    f.latency = timing.latency - timing.initiation_interval;
    f.puts = {{channels_.results, 1}, {channels_.probability_rooms, 1}};
  }

  void begin_probabilities(const Place&) { take(machine_.vector, channels_.probability_rooms); }
  void traverse(std::size_t time, const Place& place);
  void end_traversals(const Place&) {
    Firing& f = machine_.fire(machine_.vector);
    f.puts.push_back({channels_.score_rooms, 1});
  }
  void finish(const Place& place, bool last);

  template <class Body>
  void loop(bool, std::uint64_t count, Body body) {
    const LoopId id = machine_.builder.open_loop(count);
    body(id);
    machine_.builder.close_loop();
  }

 private:
  ChannelId channel_of(AttentionOperand operand) const {
    if (operand == AttentionOperand::values) return channels_.values;
    return machine_.operand_channel(operand == AttentionOperand::queries ? TensorRole::input
                                                                         : TensorRole::weight);
  }
  void take(UnitId unit, ChannelId rooms) {
    Firing& f = machine_.fire(unit);
    f.takes.push_back({rooms, 1, Release::at_start});
  }
  void count(Firing& firing, SystolicAction action, std::uint64_t number) const {
    if (number == 0) return;
    firing.actions.push_back({static_cast<std::uint32_t>(action), number});
    machine_.use_port(firing, action, number);
  }
  Firing& gemm(std::uint64_t m, std::uint64_t n, std::uint64_t k, bool more);
  Firing& work(std::uint64_t lane_cycles);
  MemoryTransfer rows_of(TensorRole role, const Place& place) const;
  MemoryTransfer keys_of(bool values, const Place& place) const;
  static void add(MemoryTransfer& transfer, const AttentionIndex<LoopId>& index,
                  std::uint64_t pitch);

  SystolicMachine& machine_;
  const SystolicArray& array_;
  const AttentionChannels& channels_;
  const AttentionTask& task_;
  const TaskRegions& regions_;
  const Split rows_, keys_;
};

void AttentionBuilder::fetch(AttentionOperand operand, const Place& place) {
  if (!machine_.has_memory) return;
  const bool queries = operand == AttentionOperand::queries;
  machine_.load(queries ? TensorRole::input : TensorRole::weight,
                queries ? rows_of(TensorRole::input, place)
                        : keys_of(operand == AttentionOperand::values, place),
                channel_of(operand));
  machine_.hold(channel_of(operand));
}

/// Fires all folds of a product; `more`: its sums are added to those that are there.
Firing& AttentionBuilder::gemm(std::uint64_t m, std::uint64_t n, std::uint64_t k, bool more) {
  const GemmFolds folds = fold_gemm(array_, m, n, k);
  const FoldTiming timing = fold_timing(array_, folds.steps);
  const OperandReads reads = operand_reads(array_, m, n, k);
  const std::uint64_t results = product(m, n);
  Firing& f = machine_.fire(machine_.array);
  f.interval = timing.initiation_interval;
  f.latency = timing.latency;
  f.repeat = folds.row_folds * folds.column_folds;
  count(f, SystolicAction::mac, product(m, n, k));
  count(f, SystolicAction::fold, f.repeat);
  count(f, SystolicAction::used_pes, reads.used_pes);
  count(f, SystolicAction::input_read, storage_bytes(reads.input, array_.input_format));
  count(f, SystolicAction::weight_read, storage_bytes(reads.weight, array_.weight_format));
  count(f, SystolicAction::output_write,
        storage_bytes(product(results, reads.partial_sums), array_.accumulator_format));
  count(f, SystolicAction::output_read,
        storage_bytes(product(results, reads.partial_sums - (more ? 0 : 1)),
                      array_.accumulator_format));
  GemmTask task;
  task.m = m, task.n = n, task.k = k;
  task.input_elements = product(m, k);
  f.bank_conflicts = bank_conflicts(machine_.architecture, task, tile_step(task, m, n, k),
                                    reads.partial_sums - (more ? 0 : 1));
  return f;
}

Firing& AttentionBuilder::work(std::uint64_t lane_cycles) {
  const VectorUnit& unit = machine_.architecture.vector;
  Firing& f = machine_.fire(machine_.vector);
  f.interval = ceil_div(lane_cycles, unit.lanes);
  f.latency = f.interval + unit.latency;
  count(f, SystolicAction::lane_cycle, lane_cycles);
  return f;
}

void AttentionBuilder::traverse(std::size_t time, const Place& place) {
  const bool last = time + 1 == traversals(task_.cycles);
  const std::uint64_t scores = product(place.rows, place.keys);
  std::uint64_t lane_cycles = product(scores, task_.cycles.score[time]);
  if (time == 0) lane_cycles += product(place.rows, task_.cycles.tile_row);
  Firing& f = work(lane_cycles);
  const std::uint64_t sums = storage_bytes(scores, array_.accumulator_format);
  if (time == 0) f.takes.push_back({channels_.scores, 1, Release::at_end});
  if (last) f.puts.push_back({channels_.probabilities, 1});
  count(f, SystolicAction::output_read, product(sums, score_reads(task_, time)));
  if (score_writes(task_, time)) count(f, SystolicAction::output_write, sums);
  if (last) count(f, SystolicAction::input_write, storage_bytes(scores, array_.input_format));
  f.bank_conflicts =
      score_reads(task_, time) * machine_.lanes_lose(TensorRole::output, false, scores);
  if (last) f.bank_conflicts += machine_.lanes_lose(TensorRole::input, true, scores);
}

void AttentionBuilder::finish(const Place& place, bool last) {
  const std::uint64_t elements = product(place.rows, task_.width);
  const std::uint64_t sums = storage_bytes(elements, array_.accumulator_format);
  const bool corrected = task_.cycles.tile_output > 0;
  std::uint64_t lane_cycles = product(elements, task_.cycles.tile_output);
  if (last)
    lane_cycles += product(place.rows, task_.cycles.row) + product(elements, task_.cycles.output);
  Firing& f = work(std::max<std::uint64_t>(lane_cycles, 1));
  f.takes.push_back({channels_.results, 1, Release::at_end});
  f.puts.push_back({channels_.result_rooms, 1});
  count(f, SystolicAction::output_read, corrected ? 2 * sums : sums);
  if (corrected && !last) count(f, SystolicAction::output_write, sums);
  if (last) {
    count(f, SystolicAction::output_write, storage_bytes(elements, array_.input_format));
    machine_.put_vector_output(f);
  }
  f.bank_conflicts = machine_.lanes_lose(TensorRole::output, false, elements);
  if (last) f.bank_conflicts += machine_.lanes_lose(TensorRole::output, true, elements);
  if (last) machine_.store_vector_output(rows_of(TensorRole::output, place));
}

void AttentionBuilder::add(MemoryTransfer& transfer, const AttentionIndex<LoopId>& index,
                           std::uint64_t pitch) {
  transfer.address += product(pitch, index.first);
  if (index.loop) transfer.strides.push_back({*index.loop, static_cast<std::int64_t>(pitch)});
}

/// A block of queries, or of results: tile after tile.
MemoryTransfer AttentionBuilder::rows_of(TensorRole role, const Place& place) const {
  const auto bytes = [&](std::uint64_t count) {
    return storage_bytes(product(count, task_.width), array_.input_format);
  };
  MemoryTransfer t;
  t.stream = static_cast<std::uint32_t>(role);
  t.write = role == TensorRole::output;
  t.address = regions_.base[static_cast<std::size_t>(role)];
  t.row_bytes = bytes(place.rows);
  add(t, place.row, bytes(rows_.size));
  add(t, place.batch, product(rows_.count - 1, bytes(rows_.size)) + bytes(rows_.last));
  return t;
}

/// A tile of keys, or of values, which lie behind all keys: tile after tile.
MemoryTransfer AttentionBuilder::keys_of(bool values, const Place& place) const {
  const auto bytes = [&](std::uint64_t count) {
    return storage_bytes(product(count, task_.width), array_.weight_format);
  };
  const std::uint64_t all = product(keys_.count - 1, bytes(keys_.size)) + bytes(keys_.last);
  MemoryTransfer t;
  t.stream = static_cast<std::uint32_t>(TensorRole::weight);
  t.address = regions_.base[static_cast<std::size_t>(TensorRole::weight)];
  if (values) t.address += product(task_.batch, all);
  t.row_bytes = bytes(place.keys);
  add(t, place.key, bytes(keys_.size));
  add(t, place.batch, all);
  return t;
}

}  // namespace

void build_attention(SystolicMachine& machine, const AttentionTask& task,
                     const AttentionTiling& tiling, const TaskRegions& regions) {
  AttentionBuilder builder(machine, task, tiling, regions);
  AttentionWalk(task, tiling, builder).run();
}

}  // namespace sluice
