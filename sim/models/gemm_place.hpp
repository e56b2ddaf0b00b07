// SPDX-License-Identifier: Apache-2.0
// Where the builder of a graph stands in the loops of a mapped matrix product: which tiles are the
// present ones, and where in main memory they lie. What is fired there is decided in systolic.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "mapper/mapping.hpp"
#include "sim/graph/graph.hpp"
#include "sim/models/systolic_machine.hpp"

namespace sluice {

/// One loop around a task's steps: its tiles in runs that are alike, and what they are tiles of.
struct LoopLevel {
  enum class Rank : std::uint8_t { batch, m, n, k };
  Rank rank = Rank::batch;
  std::uint64_t count = 1;      ///< of the tiles in all runs
  std::uint64_t step = 1;       ///< extent of a full tile; of a batch loop: products it spans
  std::vector<WindowRun> runs;  ///< k: the last tile is one of its own
  std::size_t axis = 0;         ///< of m: images (or a matrix's rows), rows of pixels, columns
};

class GemmPlace {
 public:
  GemmPlace(const Architecture& architecture, const GemmTask& task, const GemmTiling& tiling,
            const TaskRegions& regions);

  const GemmTask& task() const { return task_; }
  const GemmLoop& loop() const { return loop_; }
  /// From outer to inner: the batch, cut where inputs or weights begin to be shared; the tiles of m
  /// and n; the tiles of k.
  const std::vector<LoopLevel>& levels() const { return levels_; }
  /// The innermost loop that changes a tile which is cut along `a` and `b` and of which `own_batch`
  /// products have one of their own; -1 when none does.
  int deepest(std::uint64_t own_batch, LoopLevel::Rank a, LoopLevel::Rank b) const;

  /// Makes the tiles of `run` the present ones of a level: those of `loop`, or one.
  void stand_in(std::size_t level, const WindowRun& run, LoopId loop);

  /// Extents of the present tile.
  std::uint64_t m() const { return m_sizes_[0] * m_sizes_[1] * m_sizes_[2]; }
  std::uint64_t n() const { return n_; }
  std::uint64_t k() const { return k_; }
  /// The present tile of a tensor, as a transfer from or to main memory.
  MemoryTransfer transfer(TensorRole role) const;

 private:
  /// Bytes from one tile to the next along one rank. What padding puts before the tensor's first
  /// byte is the lead, by which all tiles but the first begin earlier.
  struct Pitch {
    std::uint64_t bytes = 0, lead = 0;
  };
  struct Pitches {
    Pitch batch;  ///< from one product with a tensor of its own to the next
    std::array<Pitch, 3> m;
    Pitch n, k;
  };
  /// In `loop` from tile `first` on, or at that tile.
  struct Position {
    std::uint64_t first = 0;
    bool looping = false;
    LoopId loop{};
  };

  void add_level(LoopLevel::Rank rank, const Split& split);
  void add_axis(const WindowAxis& window, std::uint64_t outputs, std::size_t axis);
  void add_m_levels();
  void set_sizes(const LoopLevel& level, const WindowRun& run);
  MemoryTransfer transfer_of(TensorRole role) const;
  MemoryTransfer weight_transfer() const;
  MemoryTransfer matrix_transfer() const;
  MemoryTransfer window_transfer() const;
  MemoryTransfer output_transfer() const;
  void place(MemoryTransfer& transfer, const Pitches& pitches, std::uint64_t own_batch) const;
  std::array<Pitch, 3> output_pitches(std::uint64_t bits, std::uint64_t times) const;

  const SystolicArray& array_;
  const GemmTask& task_;
  GemmLoop loop_;
  TaskRegions regions_;
  std::vector<LoopLevel> levels_;
  std::vector<Position> positions_;  ///< by level
  /// Of the present tile: m as the product of its axes, and what input it reads of each.
  std::array<std::uint64_t, 3> m_sizes_{1, 1, 1}, m_reads_{1, 1, 1};
  std::uint64_t n_ = 1, k_ = 1;
};

}  // namespace sluice
