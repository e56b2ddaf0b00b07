// SPDX-License-Identifier: Apache-2.0
// When the parts of a mapped network would run: the units of a machine as a few clocks that move on
// tile by tile. Of a loop only the first and the last iterations are followed; the others keep the
// pace of the third and fourth. It knows prefetched weights, buffers, set-up, fill, drain and
// ports; the memory is a bus that turns and refreshes, and channels in which the runs of a tile may
// meet. It ranks mappings: what one really takes is the business of sim. Internal to this folder.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>

#include "mapper/dependencies.hpp"
#include "mapper/estimate.hpp"
#include "mapper/mapping.hpp"
#include "mapper/timeline_bus.hpp"

namespace sluice {

/// A tile as it moves: bytes, the runs that they come in, and the bytes from one run to the next.
struct Piece {
  double bytes = 0, runs = 1;
  std::uint64_t stride = 0;
};

/// What a piece asks of the memory: cycles of the bus in which its runs open rows, and the part of
/// the channels in which it lies.
struct Move {
  double bytes = 0, opening = 0, part = 1;
};

/// What tasks have in common on a machine, in cycles of its clock. Arrays are by TensorRole.
struct TimelineRates {
  explicit TimelineRates(const Architecture& architecture);

  Move move(const Piece& piece) const;

  bool has_memory = true;                         ///< else tasks follow each other and move nothing
  double cycles_per_byte = 0;                     ///< of main memory at its peak
  double write_factor = 1;                        ///< of a byte written among reads
  bool takes_turns = false;                       ///< bursts of several transfers alternate
  std::uint64_t channels = 1;                     ///< of the memory
  std::uint64_t block = 0;                        ///< bytes of one channel before those of the next
  double read_latency = 0;                        ///< from the bus to the scratchpad
  std::array<double, tensor_role_count> setup{};  ///< of a tile's transfer
  std::array<bool, tensor_role_count> doubled{};  ///< two tiles are on chip at once
  /// Ports of the scratchpads for reads and for writes, -1: never limits; and their cycles a byte.
  std::array<std::array<int, 2>, tensor_role_count> port{};
  std::array<std::array<double, 2>, tensor_role_count> port_cycles{};
  bool has_ports = false;  ///< some port may limit

 private:
  double channels_of(const Piece& piece) const;
};

/// Bytes that a firing moves through a port of a scratchpad.
struct PortBytes {
  TensorRole role = TensorRole::input;
  bool write = false;
  double bytes = 0;
};

class Timeline {
 public:
  explicit Timeline(const Architecture& architecture);

  /// Appends a task; `needs` names earlier ones by their place.
  void append(const TaskWork& work, const Tiling& tiling, const TaskNeeds& needs);
  /// The same as long as the array is ahead of one that begins at `latest` and never waits; what it
  /// loses to waiting, ports and banks it does not make up for. Once it is not, this is false, and
  /// the timeline is of no use any more. Of a tiled product; others are appended at any rate.
  bool append_unless_late(double latest, const TaskWork& work, const Tiling& tiling,
                          const TaskNeeds& needs);

  /// When the last result is stored.
  double end() const { return stored(tasks_).time; }
  /// A moment before which end() does not come when tasks of such work are appended: each unit does
  /// one thing after the other.
  double end_after(const ComputeCycles& more) const {
    return std::max(state_.at[array].time + more.array, state_.at[vector].time + more.vector);
  }
  /// The cycles at least from the end of the array's work for a tiled product, the last to be
  /// appended, to end(): its last results have yet to be stored.
  double last_store(const TaskWork& work, const Tiling& tiling) const;

 private:
  /// Everything that moves with time.
  enum Clock : std::size_t {
    engine,                              ///< by role: its DMA queue is free
    array = engine + tensor_role_count,  ///< the unit is free
    vector,
    sums_engine,                   ///< the queue that brings partial sums back is free
    ready,                         ///< by operand: its tile is on chip
    freed = ready + 2,             ///< by buffer: its last two tiles were left
    values_ready = freed + 2 * 9,  ///< of attention: values are on chip
    scores_begun,                  ///< a stage's first and last scores are out of the array
    scores_ended,
    probabilities_begun,  ///< the same of its probabilities and the vector unit
    probabilities_ended,
    results_ended,
    clocks
  };
  enum Buffer : std::size_t {
    input_tiles,
    weight_tiles,
    output_tiles,
    vector_inputs,
    vector_outputs,
    value_tiles,
    score_tiles,
    probability_tiles,
    result_tiles
  };
  struct State {
    std::array<Moment, clocks> at{};
    TimelineBus bus;
    /// Cycles of ports that transfers and the vector unit have taken since they were last waited
    /// for.
    std::array<double, 2 * tensor_role_count> owed{};
    double worked = 0;  ///< cycles of the array for the present task so far, whatever it waited for
  };
  class Product;
  class Gemm;
  class Tiled;
  class Attention;

  Moment moment(double time) const { return state_.bus.moment(time); }
  Moment& clock(std::size_t base, std::size_t index = 0) { return state_.at[base + index]; }
  void begin(const TaskNeeds& needs);
  void gemm(const GemmTask& task, const GemmNest& nest);
  bool gemm(const GemmTask& task, const GemmTiling& tiling, double latest);
  void vector_task(const VectorTask& task, const VectorTiling& tiling);
  void attention(const AttentionTask& task, const AttentionTiling& tiling);
  double lane_conflicts(TensorRole role, bool write, std::uint64_t elements) const;
  const Moment& buffer_free(Buffer buffer, TensorRole role);
  void leave(Buffer buffer, const Moment& when);
  Moment load(TensorRole role, Buffer buffer, const Move& move);
  Moment load_sums(const Moment& granted, const Move& move);
  void store(Buffer buffer, const Moment& result, const Move& move);
  Moment transfer(std::size_t queue, const Moment& earliest, const Move& move, double factor = 1);
  /// When the results of the first `tasks` are stored; one of the last few.
  Moment stored(std::size_t tasks) const {
    return tasks == 0 ? Moment{} : stored_[(tasks - 1) % stored_.size()];
  }
  void occupy(const PortBytes& use);
  template <std::size_t N>
  double take_ports(const std::array<PortBytes, N>& uses);
  template <class Body>
  void repeat(std::uint64_t count, Clock unit, Body body);

  const Architecture* architecture_;
  TimelineRates rates_;
  State state_;
  std::array<Moment, 2> awaited_{};  ///< by operand: results that the present task's loads need
  Moment last_;                      ///< the present task's last result is stored
  std::size_t tasks_ = 0;
  std::array<Moment, 2 * task_window> stored_{};  ///< by task; of the last
};

}  // namespace sluice
