// SPDX-License-Identifier: Apache-2.0
#include "mapper/gemm_nest.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "base/checked.hpp"

namespace sluice {
namespace {

std::size_t index(TensorRole role) { return static_cast<std::size_t>(role); }

/// Products of which the tile holds a tensor of its own.
std::uint64_t products(const GemmTask& task, TensorRole role, const GemmExtents& tile) {
  std::uint64_t count = 1;
  for (const GemmRank rank : {GemmRank::group, GemmRank::member, GemmRank::copy})
    if (depends_on(task, role, rank)) count = product(count, tile[index(rank)]);
  return count;
}

std::uint64_t plain_bytes(const GemmTask& task, TensorRole role, const GemmExtents& tile,
                          const SystolicArray& array) {
  const std::uint64_t m = pixels_of(tile), n = tile[index(GemmRank::n)], k = sums_of(tile);
  const std::uint64_t count = products(task, role, tile);
  if (role == TensorRole::input) return product(count, storage_bytes(m * k, array.input_format));
  if (role == TensorRole::weight) return product(count, storage_bytes(k * n, array.weight_format));
  return product(count, storage_bytes(product(m, n), array.accumulator_format));
}

/// Of a convolution's input tile, which holds so many rows and columns of its images.
std::uint64_t window_bytes(const GemmTask& task, const GemmExtents& tile, std::uint64_t rows,
                           std::uint64_t columns, const SystolicArray& array) {
  return product(
      products(task, TensorRole::input, tile),
      storage_bytes(product(tile[index(GemmRank::m)], rows, columns, tile[index(GemmRank::k)]),
                    array.input_format));
}

}  // namespace

GemmExtents flat_extents(const GemmTask& task) {
  const std::uint64_t few = std::min(task.input_batch, task.weight_batch);
  const std::uint64_t many = std::max(task.input_batch, task.weight_batch);
  return {few, many / few, task.batch / many, task.m, task.n, task.k, 1, 1, 1, 1};
}

GemmExtents extents_of(const GemmTask& task) {
  GemmExtents extents = flat_extents(task);
  if (!task.window) return extents;
  const SlidingWindow& window = *task.window;
  extents[index(GemmRank::m)] = window.images;
  extents[index(GemmRank::k)] = task.k / window.taps();
  extents[index(GemmRank::p)] = window.rows.out;
  extents[index(GemmRank::q)] = window.columns.out;
  extents[index(GemmRank::r)] = window.rows.kernel;
  extents[index(GemmRank::s)] = window.columns.kernel;
  return extents;
}

std::string_view name_in(const GemmTask& task, GemmRank rank) {
  if (task.window) {
    if (rank == GemmRank::group) return "g";
    if (rank == GemmRank::m) return "n";
    if (rank == GemmRank::n) return "k";
    if (rank == GemmRank::k) return "c";
  }
  return name_of(rank);
}

std::string names_in(const GemmTask& task, GemmRank product, std::string_view conjunction) {
  std::string names(name_in(task, product));
  if (!task.window || (product != GemmRank::m && product != GemmRank::k)) return names;
  const bool pixels = product == GemmRank::m;
  return names + (pixels ? ", p " : ", r ") + std::string(conjunction) + (pixels ? " q" : " s");
}

namespace {

GemmNest kept_inside(std::vector<GemmLoopNode> loops, const GemmExtents& extents) {
  std::erase_if(loops,
                [&](const GemmLoopNode& loop) { return loop.tile >= extents[index(loop.rank)]; });
  GemmNest nest;
  nest.kept.fill(loops.size());
  nest.loops = std::move(loops);
  return nest;
}

/// Of a plain product.
GemmNest plain_loops_of(const GemmTask& task, const GemmTiling& tiling) {
  const GemmLoopNode m{GemmRank::m, tiling.m_tile}, n{GemmRank::n, tiling.n_tile};
  return kept_inside({{GemmRank::group, 1},
                      {GemmRank::member, 1},
                      {GemmRank::copy, 1},
                      tiling.m_outer ? m : n,
                      tiling.m_outer ? n : m,
                      {GemmRank::k, tiling.k_tile}},
                     flat_extents(task));
}

}  // namespace

GemmNest loops_of(const GemmTask& task, const GemmTiling& tiling) {
  if (!task.window) return plain_loops_of(task, tiling);
  const PixelTile tile = pixel_tile(*task.window, tiling.m_tile);
  const GemmLoopNode n{GemmRank::n, tiling.n_tile};
  std::vector<GemmLoopNode> loops = {{GemmRank::group, 1}};
  if (!tiling.m_outer) loops.push_back(n);
  for (const GemmLoopNode& loop : {GemmLoopNode{GemmRank::m, tile.images},
                                   {GemmRank::p, tile.rows},
                                   {GemmRank::q, tile.columns}})
    loops.push_back(loop);
  if (tiling.m_outer) loops.push_back(n);
  loops.push_back({GemmRank::k, tiling.k_tile / task.window->taps()});
  return kept_inside(std::move(loops), extents_of(task));
}

std::uint64_t count_steps(const GemmNest& nest, GemmRank rank, std::uint64_t extent,
                          std::size_t level) {
  for (std::size_t i = level; i < nest.loops.size(); ++i) {
    if (nest.loops[i].rank != rank) continue;
    const Split tiles = split(extent, nest.loops[i].tile);
    const std::uint64_t last = count_steps(nest, rank, tiles.last, i + 1);
    if (tiles.count == 1) return last;
    return (tiles.count - 1) * count_steps(nest, rank, tiles.size, i + 1) + last;
  }
  return 1;
}

std::uint64_t tile_bytes(const GemmTask& task, TensorRole role, const GemmExtents& tile,
                         const SystolicArray& array) {
  if (role != TensorRole::input || !task.window) return plain_bytes(task, role, tile, array);
  const auto reads = [&](const WindowAxis& axis, GemmRank outputs, GemmRank taps) {
    return touched_at_most(axis, tile[index(outputs)], tile[index(taps)]);
  };
  return window_bytes(task, tile, reads(task.window->rows, GemmRank::p, GemmRank::r),
                      reads(task.window->columns, GemmRank::q, GemmRank::s), array);
}

std::uint64_t tile_bytes(const GemmTask& task, TensorRole role, const GemmExtents& from,
                         const GemmExtents& tile, const SystolicArray& array) {
  if (role != TensorRole::input || !task.window) return plain_bytes(task, role, tile, array);
  const auto reads = [&](const WindowAxis& axis, GemmRank outputs, GemmRank taps) {
    return touched(with_taps(axis, from[index(taps)], tile[index(taps)]), from[index(outputs)],
                   tile[index(outputs)]);
  };
  return window_bytes(task, tile, reads(task.window->rows, GemmRank::p, GemmRank::r),
                      reads(task.window->columns, GemmRank::q, GemmRank::s), array);
}

std::uint64_t result_bytes(const GemmTask& task, const GemmExtents& tile,
                           const SystolicArray& array) {
  return product(
      products(task, TensorRole::output, tile),
      storage_bytes(product(pixels_of(tile), tile[index(GemmRank::n)]), array.input_format));
}

TileRuns runs_of(const GemmTask& task, TensorRole role, const GemmExtents& tile,
                 const GemmExtents& whole) {
  const auto is_cut = [&](GemmRank rank) { return tile[index(rank)] < whole[index(rank)]; };
  const std::uint64_t rows = product(products(task, role, tile), pixels_of(tile));
  if (role == TensorRole::weight) return {};
  if (role == TensorRole::input) {
    if (task.window || !is_cut(GemmRank::k)) return {};
    return {rows, task.k};
  }
  const std::uint64_t p = tile[index(GemmRank::p)], q = tile[index(GemmRank::q)];
  if (is_cut(GemmRank::n)) return {rows, task.n};
  if (is_cut(GemmRank::q) && rows > q)
    return {rows / q, product(whole[index(GemmRank::q)], task.n)};
  if (is_cut(GemmRank::p) && rows > p * q)
    return {rows / (p * q), product(whole[index(GemmRank::p)], q, task.n)};
  return {};
}

std::uint64_t spilling_places(const GemmTask& task, const GemmNest& nest) {
  GemmExtents size = extents_of(task);
  std::uint64_t places = 0, spilling = 0;
  bool sums = false;  // the loop before, of those that cut, is over k, r or s
  for (std::size_t i = 0; i < nest.kept[index(TensorRole::output)]; ++i) {
    const GemmLoopNode& loop = nest.loops[i];
    if (loop.tile >= size[index(loop.rank)]) continue;
    size[index(loop.rank)] = loop.tile;
    const bool outputs = depends_on(task, TensorRole::output, loop.rank);
    if (outputs) spilling = places;
    if (!outputs && !sums) ++places;
    sums = !outputs;
  }
  return spilling;
}

std::string spills_too_often(const GemmTask& task, const GemmNest& nest) {
  const std::uint64_t places = spilling_places(task, nest);
  if (places <= 1) return {};
  return "loops over " + names_in(task, GemmRank::k, "and") +
         " lie outside of loops over output tiles at " + std::to_string(places) +
         " places; unfinished sums can come back at 1";
}

std::uint64_t spilled_tiles(const GemmTask& task, const GemmNest& nest) {
  if (spilling_places(task, nest) == 0) return 0;
  GemmNest outside = nest;
  outside.loops.resize(nest.kept[index(TensorRole::output)]);
  const GemmExtents extents = extents_of(task);
  std::uint64_t tiles = 1;
  for (std::size_t rank = 0; rank < gemm_ranks; ++rank)
    if (depends_on(task, TensorRole::output, GemmRank(rank)))
      tiles = product(tiles, count_steps(outside, GemmRank(rank), extents[rank], 0));
  return tiles;
}

}  // namespace sluice
