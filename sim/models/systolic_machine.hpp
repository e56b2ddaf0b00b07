// SPDX-License-Identifier: Apache-2.0
// The parts of the systolic machine while its graph is built: units, channels between them, and the
// few firings that every task is made of. Which tiles there are is the business of systolic.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "arch/systolic_timing.hpp"
#include "mapper/mapping.hpp"
#include "sim/graph/graph.hpp"
#include "sim/models/systolic.hpp"
#include "sim/models/tensor_regions.hpp"

namespace sluice {

/// Between the array, the vector unit and the loads of values, where scores stay on chip. Rooms are
/// those of a stage (mapper/attention_walk.hpp).
struct AttentionChannels {
  ChannelId scores{}, score_rooms{}, probabilities{}, probability_rooms{}, results{},
      result_rooms{}, values{};
};

class SystolicMachine {
 public:
  /// `spilled_tiles`: the most output tiles of a task whose unfinished sums are in memory at once;
  /// 0: partial sums never leave the chip, and the unit that brings them back is not there.
  explicit SystolicMachine(const Architecture& architecture, std::uint64_t spilled_tiles = 0);

  const Architecture& architecture;
  GraphBuilder builder;
  bool has_memory = true;
  bool spills = false;  ///< partial sums go to memory and come back
  UnitId array{}, vector{}, load_input{}, load_weight{}, store_output{};
  ChannelId output_credits{};  ///< free output buffers, for the array
  AttentionChannels attention;
  std::uint32_t layer = 0;

  /// Adds the channels of attention, for stages of at most so many key tiles.
  void make_attention(std::uint64_t key_tiles);
  /// Appends a firing of `unit` for the present task, which takes no time; to be filled in before
  /// the next one.
  Firing& fire(UnitId unit);

  /// Begins a task: its loads wait for the results that they need.
  void start_task(const std::string& name, const TaskNeeds& needs, bool gemm);
  void end_task();

  ChannelId operand_channel(TensorRole role) const;
  /// Loads a tile of `role` for the array, or of the input for the vector unit.
  void load(TensorRole role, const MemoryTransfer& transfer, bool for_vector) {
    load(role, transfer, for_vector ? input_vector_ : operand_channel(role));
  }
  void load(TensorRole role, const MemoryTransfer& transfer, ChannelId to);
  /// The array waits for a tile that it keeps over several steps; the end of those steps.
  void hold(TensorRole role) { hold(operand_channel(role)); }
  void release(TensorRole role) { release(operand_channel(role)); }
  void hold(ChannelId tiles);
  void release(ChannelId tiles);
  void take_output_buffer();
  /// Where sums are spilled, gives the array a free output buffer: an empty one, or one into which
  /// `sums` have been brought back.
  void grant_output(const MemoryTransfer* sums);
  /// Unfinished sums leave the chip.
  void spill_output(const MemoryTransfer& transfer);
  /// The array's firing hands over its tile: to the vector unit, or straight to the store unit.
  void put_output(Firing& firing, bool epilogue);
  /// What happens to a finished output tile of `elements` elements.
  void finish_output(std::uint64_t elements, std::uint64_t epilogue_ops,
                     const MemoryTransfer& transfer);
  /// A tile through the vector unit; `out` is null in the passes that only look.
  void vector_step(std::uint64_t elements, std::uint64_t lane_cycles, std::uint64_t passes,
                   const MemoryTransfer& in, const MemoryTransfer* out);
  /// The vector unit's firing fills an output buffer of its own; and what happens to it.
  void put_vector_output(Firing& firing);
  void store_vector_output(const MemoryTransfer& transfer);
  /// Adds the port beats of `bytes` moved by `action`, where the scratchpad's width limits. `run`:
  /// they are next to each other, in as few banks as they fill.
  void use_port(Firing& firing, SystolicAction action, std::uint64_t bytes, bool run = false) const;
  /// The same of all that the firing reads and writes.
  void use_ports(Firing& firing) const;
  /// Cycles that the vector unit loses to banks when it passes so many elements.
  std::uint64_t lanes_lose(TensorRole role, bool write, std::uint64_t elements) const;

 private:
  /// The way of a tensor's tiles.
  struct Path {
    const Dma* dma = nullptr;  ///< only with memory
    const Scratchpad* pad = nullptr;
    std::array<PortId, 2> ports{};  ///< for reads, for writes; where the scratchpad's width limits
  };

  void find_paths();
  const Path& path(TensorRole role) const { return paths_[static_cast<std::size_t>(role)]; }
  void make_units();
  void make_channels();
  void make_spilling(std::uint64_t tiles);
  void make_ports();
  void synchronize(bool gemm);
  void await_stored(UnitId unit, ChannelId channel, std::uint64_t needed, std::uint64_t& taken);
  void store(ChannelId from, ChannelId credits, const MemoryTransfer& transfer,
             bool spilled = false);
  std::uint64_t buffers(TensorRole role) const { return path(role).pad->double_buffered ? 2 : 1; }

  ChannelId input_{}, input_vector_{}, weight_{}, output_{}, output_epilogue_{}, output_vector_{};
  UnitId load_sums_{};
  ChannelId output_returns_{};  ///< free output buffers, from the store unit
  ChannelId spilled_{};         ///< unfinished sums that are in memory
  ChannelId vector_credits_{}, stored_input_{}, stored_weight_{};
  /// Without memory: the news that the last result of a task is out, from the array or the vector
  /// unit (first index 0, 1) to the one that begins the next.
  std::array<std::array<ChannelId, 2>, 2> done_{};
  std::array<Path, tensor_role_count> paths_{};
  bool has_ports_ = false;  ///< the width of a scratchpad limits
  std::uint64_t tasks_ = 0, taken_input_ = 0, taken_weight_ = 0;
  std::uint64_t array_tail_ = 0;  ///< of the last step: cycles after the array takes the next
  bool ends_on_vector_ = false;   ///< the last task's last firing is the vector unit's
};

}  // namespace sluice
