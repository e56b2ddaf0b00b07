// SPDX-License-Identifier: Apache-2.0
// The loops of a mapped matrix product: what they cover, and where which tile is on chip. Internal
// to what knows the systolic machine.
#pragma once

#include <array>
#include <cstdint>

#include "mapper/mapping.hpp"

namespace sluice {

/// Extents by GemmRank.
using GemmExtents = std::array<std::uint64_t, gemm_ranks>;
GemmExtents extents_of(const GemmTask& task);

/// Whether a product's tensor of this role depends on the rank.
bool depends_on(const GemmTask& task, TensorRole role, GemmRank rank);

/// The loops that a tiling stands for: the batch, m and n in its order, k; all tensors are kept
/// inside of all of them.
GemmNest loops_of(const GemmTiling& tiling);
/// The same without the loops that have one iteration, which change nothing.
GemmNest loops_of(const GemmTask& task, const GemmTiling& tiling);
/// The loops of either form of a product's tiling.
GemmNest loops_of(const Tiling& tiling);

/// The tile that `role` keeps, seen from before loop `level`.
GemmExtents tile_at(const GemmNest& nest, TensorRole role, GemmExtents size, std::size_t level);
/// Tiles of the loops from `level` on that cut `rank`, together, of `extent`.
std::uint64_t count_steps(const GemmNest& nest, GemmRank rank, std::uint64_t extent,
                          std::size_t level);

/// Bytes of a tile on chip (outputs: sums in the accumulator's format), and of a finished result.
std::uint64_t tile_bytes(const GemmTask& task, TensorRole role, const GemmExtents& tile,
                         const SystolicArray& array);
std::uint64_t result_bytes(const GemmTask& task, const GemmExtents& tile,
                           const SystolicArray& array);

/// Runs in main memory of a tile: rows where a matrix is cut along them, else one.
std::uint64_t runs_of(const GemmTask& task, TensorRole role, const GemmExtents& tile);

/// The loops over k that lie outside of a loop over output tiles, inside of the outputs' place:
/// at each of their iterations but the last, sums leave the chip unfinished.
std::uint64_t spilling_loops(const GemmTask& task, const GemmNest& nest);
/// Output tiles whose unfinished sums are in memory at once, at most; 0 where none leave the chip.
std::uint64_t spilled_tiles(const GemmTask& task, const GemmNest& nest);

}  // namespace sluice
