// SPDX-License-Identifier: Apache-2.0
// The parts of the systolic machine while its graph is built: units, channels between them, and the
// few firings that every task is made of. Which tiles there are is the business of systolic.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "mapper/mapping.hpp"
#include "sim/graph/graph.hpp"
#include "sim/models/systolic.hpp"

namespace sluice {

/// Operand words that the array reads for an m x n x k tile over all its folds, how many partial
/// sums each result has, and the PEs used summed over the folds.
struct OperandReads {
  std::uint64_t input = 0, weight = 0, partial_sums = 1, used_pes = 0;
};
OperandReads operand_reads(const SystolicArray& array, std::uint64_t m, std::uint64_t n,
                           std::uint64_t k);

/// Base addresses of a task's tensors in main memory, by TensorRole.
struct TaskRegions {
  std::array<std::uint64_t, tensor_role_count> base{};
};

/// Gives every tensor a place in main memory and says which task waits for which.
class RegionAllocator {
 public:
  RegionAllocator(const Network& network, const Architecture& architecture, const Mapping& mapping);
  TaskRegions of(std::size_t task) const { return regions_[task]; }
  /// The last task whose results must be stored before this one's input can be loaded.
  std::optional<std::size_t> dependency(std::size_t task) const { return dependency_[task]; }
  /// Whether the tensor in the weight role was computed by an earlier task.
  bool weights_are_results(std::size_t task) const { return weights_are_results_[task]; }

 private:
  std::vector<TaskRegions> regions_;
  std::vector<std::optional<std::size_t>> dependency_;
  std::vector<bool> weights_are_results_;
};

class SystolicMachine {
 public:
  explicit SystolicMachine(const Architecture& architecture);

  const Architecture& architecture;
  GraphBuilder builder;
  bool has_memory = true;
  UnitId array{}, vector{}, load_input{}, load_weight{}, store_output{};
  ChannelId output_credits{};  ///< free output buffers, for the array
  std::string task_name;
  std::uint32_t layer = 0;

  /// Begins a task: its loads wait for the results that they need.
  void start_task(const std::string& name, std::optional<std::size_t> dependency,
                  bool weights_are_results, bool gemm);
  void end_task();

  ChannelId operand_channel(TensorRole role) const;
  /// Loads a tile of `role` for the array, or of the input for the vector unit.
  void load(TensorRole role, MemoryTransfer transfer, bool for_vector);
  /// The array waits for a tile that it keeps over several steps; the end of those steps.
  void hold(TensorRole role);
  void release(TensorRole role);
  void take_output_buffer();
  /// The array's firing hands over its tile: to the vector unit, or straight to the store unit.
  void put_output(Firing& firing, bool epilogue);
  /// What happens to a finished output tile of `elements` elements.
  void finish_output(std::uint64_t elements, std::uint64_t epilogue_ops, MemoryTransfer transfer);
  /// A tile through the vector unit; `out` is null in the passes that only look.
  void vector_step(std::uint64_t elements, std::uint64_t lane_cycles, std::uint64_t passes,
                   const MemoryTransfer& in, const MemoryTransfer* out);
  /// Adds the port beats of `bytes` moved by `action`, where the scratchpad's width limits.
  void use_port(Firing& firing, SystolicAction action, std::uint64_t bytes) const;

 private:
  Firing firing(UnitId unit) const;
  void make_units();
  void make_channels();
  void make_ports();
  void synchronize(bool gemm);
  void await_stored(UnitId unit, ChannelId channel, std::uint64_t needed, std::uint64_t& taken);
  void store(ChannelId from, ChannelId credits, MemoryTransfer transfer);
  std::uint64_t buffers(TensorRole role) const;

  ChannelId input_{}, input_vector_{}, weight_{}, output_{}, output_epilogue_{}, output_vector_{};
  ChannelId vector_credits_{}, stored_input_{}, stored_weight_{};
  /// Without memory: the news that the last result of a task is out, from the array or the vector
  /// unit (first index 0, 1) to the one that begins the next.
  std::array<std::array<ChannelId, 2>, 2> done_{};
  std::vector<std::array<PortId, 2>> ports_;  ///< by scratchpad: for reads, for writes
  std::uint64_t tasks_ = 0, taken_input_ = 0, taken_weight_ = 0;
  std::uint64_t array_tail_ = 0;  ///< of the last step: cycles after the array takes the next
  bool ends_on_vector_ = false;   ///< the last task's last firing is the vector unit's
};

}  // namespace sluice
