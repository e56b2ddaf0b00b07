// SPDX-License-Identifier: Apache-2.0
// About how long a tiled task takes on a machine, for choosing among tilings: an estimate from
// rates, with nothing simulated. What it really takes is the business of sim. Internal to this
// folder.
#pragma once

#include <compare>
#include <cstdint>

#include "mapper/mapping.hpp"
#include "mapper/room.hpp"

namespace sluice {

/// What a machine's memory side can do, in cycles of its clock.
struct MachineRates {
  explicit MachineRates(const Architecture& architecture);

  double cycles_per_byte = 0;  ///< of main memory at its peak; 0: unlimited
  bool whole_cycles = false;   ///< each transfer is rounded up to whole cycles
  double latency = 0;          ///< from the first request of a tile to its first data
  double setup = 0;            ///< of the slowest DMA engine, for each tile
  double operand_sets = 1;     ///< tiles of the same operand that are on chip at once
  double output_sets = 1;
};

/// Cycles for which a task keeps the array and the vector unit, however it is fed.
struct ComputeCycles {
  double array = 0, vector = 0;
  ComputeCycles& operator+=(const ComputeCycles& other) {
    array += other.array;
    vector += other.vector;
    return *this;
  }
  friend ComputeCycles operator+(ComputeCycles a, const ComputeCycles& b) { return a += b; }
};

/// Those of a tiling, as far as the timeline is known to count them: of a product and of attention
/// the array's, of a vector task all but the parts of cycles to which tiles are rounded.
ComputeCycles compute_cycles(const TaskWork& work, const Tiling& tiling,
                             const Architecture& architecture);
/// No more than those of any tiling: those of a single tile, since a fold of two tiles takes no
/// longer than one of each, and the two of a rank need no fewer folds than both together.
ComputeCycles fewest_compute_cycles(const TaskWork& work, const Architecture& architecture);

/// A rank of a product in tiles: its factor in the cycles of the array over all steps (folds are
/// cut along two ranks and run along the third), and what the last fold takes beyond them.
struct RankTiles {
  Split tiles;
  double cycles = 1, tail = 0;
};
RankTiles rank_tiles(GemmRank rank, std::uint64_t extent, std::uint64_t tile,
                     const SystolicArray& array);

/// A tiling, and what tilings that share a size have in common.
struct GemmTiles {
  RankTiles m, n, k;
  InputTiles input;
  bool m_outer = false;
};

/// Cycles of the array over all steps, each step's folds at their initiation interval; no estimate
/// of the tiling is less.
inline double array_cycles(const GemmTask& task, const RankTiles& m, const RankTiles& n,
                           const RankTiles& k) {
  return m.cycles * n.cycles * k.cycles * static_cast<double>(task.batch);
}

/// The same of attention: both products of every block of rows with every tile of keys.
double array_cycles(const AttentionTask& task, const AttentionTiling& tiling,
                    const SystolicArray& array);

/// What a tiling is judged by, in this order.
struct TilingEstimate {
  double cycles = 0;
  std::uint64_t dram_bytes = 0;
  std::uint64_t steps = 0;
  auto operator<=>(const TilingEstimate&) const = default;
};

/// A task's cycles as steps of a pipeline: what a step occupies longest (array, memory, or the
/// round trip of its buffers), times the steps, and the first tile's way in and the last one's way
/// out.
TilingEstimate estimate(const GemmTask& task, const GemmTiling& tiling,
                        const Architecture& architecture, const MachineRates& rates);
TilingEstimate estimate(const GemmTask& task, const GemmTiles& tiles,
                        const Architecture& architecture, const MachineRates& rates);
TilingEstimate estimate(const VectorTask& task, const VectorTiling& tiling,
                        const Architecture& architecture, const MachineRates& rates);

/// Tiles that come one after the other.
std::uint64_t steps(const GemmTask& task, const GemmTiling& tiling);
std::uint64_t steps(const VectorTask& task, const VectorTiling& tiling);
std::uint64_t steps(const AttentionTask& task, const AttentionTiling& tiling);

}  // namespace sluice
