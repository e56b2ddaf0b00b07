// SPDX-License-Identifier: Apache-2.0
// The loops of a mapped matrix product: what they cover, and where which tile is on chip. Internal
// to what knows the systolic machine.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "mapper/mapping.hpp"

namespace sluice {

constexpr std::size_t index(GemmRank rank) { return static_cast<std::size_t>(rank); }

/// Extents by GemmRank.
using GemmExtents = std::array<std::uint64_t, gemm_ranks>;
GemmExtents extents_of(const GemmTask& task);
/// The same, a convolution as the product that im2col makes of it: all its pixels are m.
GemmExtents flat_extents(const GemmTask& task);

/// The rank of a plain product that a convolution's is a part of: m, n, k, or of the batch.
constexpr GemmRank product_rank(GemmRank rank) {
  if (rank == GemmRank::p || rank == GemmRank::q) return GemmRank::m;
  if (rank == GemmRank::r || rank == GemmRank::s) return GemmRank::k;
  return rank;
}
/// Extent of a product's rank in a box.
constexpr std::uint64_t pixels_of(const GemmExtents& box) {
  return box[index(GemmRank::m)] * box[index(GemmRank::p)] * box[index(GemmRank::q)];
}
constexpr std::uint64_t sums_of(const GemmExtents& box) {
  return box[index(GemmRank::k)] * box[index(GemmRank::r)] * box[index(GemmRank::s)];
}

/// What a rank of the task is called: of a convolution as in docs/cascades.md, n images, g groups,
/// k and c channels after and before.
std::string_view name_in(const GemmTask& task, GemmRank rank);
/// The names of the ranks that a product's rank has in the task, such as `c, r or s`.
std::string names_in(const GemmTask& task, GemmRank product, std::string_view conjunction);

/// Whether a product's tensor of this role depends on the rank.
constexpr bool depends_on(const GemmTask& task, TensorRole role, GemmRank rank) {
  switch (product_rank(rank)) {
    case GemmRank::group:
      return true;
    case GemmRank::member:
      return role == TensorRole::output ||
             (role == TensorRole::input) == (task.input_batch > task.weight_batch);
    case GemmRank::copy:
      return role == TensorRole::output;
    case GemmRank::m:
      return role != TensorRole::weight;
    case GemmRank::n:
      return role != TensorRole::input;
    default:
      break;
  }
  return role != TensorRole::output;
}

/// The loops that a tiling stands for: the batch, m and n in its order, k; all tensors are kept
/// inside of all of them. Loops of one iteration, which change nothing, are left out.
GemmNest loops_of(const GemmTask& task, const GemmTiling& tiling);

/// The tile that `role` keeps, seen from before loop `level`.
inline GemmExtents tile_at(const GemmNest& nest, TensorRole role, const GemmExtents& size,
                           std::size_t level) {
  GemmExtents tile = size;
  for (std::size_t i = level; i < nest.kept[static_cast<std::size_t>(role)]; ++i) {
    std::uint64_t& extent = tile[index(nest.loops[i].rank)];
    extent = std::min(extent, nest.loops[i].tile);
  }
  return tile;
}
/// Tiles of the loops from `level` on that cut `rank`, together, of `extent`.
std::uint64_t count_steps(const GemmNest& nest, GemmRank rank, std::uint64_t extent,
                          std::size_t level);

/// Bytes of the largest of such tiles on chip (outputs: sums in the accumulator's format).
std::uint64_t tile_bytes(const GemmTask& task, TensorRole role, const GemmExtents& tile,
                         const SystolicArray& array);
/// The same of the tile that begins at `from`: a convolution's input is less at the edges.
std::uint64_t tile_bytes(const GemmTask& task, TensorRole role, const GemmExtents& from,
                         const GemmExtents& tile, const SystolicArray& array);
/// Bytes of a finished result.
std::uint64_t result_bytes(const GemmTask& task, const GemmExtents& tile,
                           const SystolicArray& array);

/// A tile in main memory: so many runs, so many elements apart. One run where it lies in one piece,
/// as the input of a convolution is taken to. `whole`: the extents of all of the task.
struct TileRuns {
  std::uint64_t count = 1, stride = 0;
};
TileRuns runs_of(const GemmTask& task, TensorRole role, const GemmExtents& tile,
                 const GemmExtents& whole);

/// Places among the loops where loops over k, r or s lie outside of a loop over output tiles,
/// inside of the outputs' place: at each of their iterations but the last, sums leave the chip
/// unfinished.
std::uint64_t spilling_places(const GemmTask& task, const GemmNest& nest);
/// Why the machine cannot bring all unfinished sums back, or nothing.
std::string spills_too_often(const GemmTask& task, const GemmNest& nest);
/// Output tiles whose unfinished sums are in memory at once, at most; 0 where none leave the chip.
std::uint64_t spilled_tiles(const GemmTask& task, const GemmNest& nest);

}  // namespace sluice
