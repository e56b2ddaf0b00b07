// SPDX-License-Identifier: Apache-2.0
#include "mapper/gemm_nest.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "base/checked.hpp"

namespace sluice {
namespace {

std::size_t index(GemmRank rank) { return static_cast<std::size_t>(rank); }
std::size_t index(TensorRole role) { return static_cast<std::size_t>(role); }

/// Products of which the tile holds a tensor of its own.
std::uint64_t products(const GemmTask& task, TensorRole role, const GemmExtents& tile) {
  std::uint64_t count = 1;
  for (const GemmRank rank : {GemmRank::group, GemmRank::member, GemmRank::copy})
    if (depends_on(task, role, rank)) count = product(count, tile[index(rank)]);
  return count;
}

}  // namespace

GemmExtents extents_of(const GemmTask& task) {
  const std::uint64_t few = std::min(task.input_batch, task.weight_batch);
  const std::uint64_t many = std::max(task.input_batch, task.weight_batch);
  return {few, many / few, task.batch / many, task.m, task.n, task.k};
}

bool depends_on(const GemmTask& task, TensorRole role, GemmRank rank) {
  switch (rank) {
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
    case GemmRank::k:
      break;
  }
  return role != TensorRole::output;
}

GemmNest loops_of(const GemmTiling& tiling) {
  const GemmLoopNode m{GemmRank::m, tiling.m_tile}, n{GemmRank::n, tiling.n_tile};
  GemmNest nest;
  nest.loops = {{GemmRank::group, 1},   {GemmRank::member, 1},  {GemmRank::copy, 1},
                tiling.m_outer ? m : n, tiling.m_outer ? n : m, {GemmRank::k, tiling.k_tile}};
  nest.kept.fill(nest.loops.size());
  return nest;
}

GemmNest loops_of(const GemmTask& task, const GemmTiling& tiling) {
  GemmNest nest = loops_of(tiling);
  const GemmExtents extents = extents_of(task);
  std::erase_if(nest.loops,
                [&](const GemmLoopNode& loop) { return loop.tile >= extents[index(loop.rank)]; });
  nest.kept.fill(nest.loops.size());
  return nest;
}

GemmNest loops_of(const Tiling& tiling) {
  if (const auto* nest = std::get_if<GemmNest>(&tiling)) return *nest;
  return loops_of(std::get<GemmTiling>(tiling));
}

GemmExtents tile_at(const GemmNest& nest, TensorRole role, GemmExtents size, std::size_t level) {
  for (std::size_t i = level; i < nest.kept[index(role)]; ++i) {
    std::uint64_t& extent = size[index(nest.loops[i].rank)];
    extent = std::min(extent, nest.loops[i].tile);
  }
  return size;
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
  const std::uint64_t m = tile[index(GemmRank::m)], n = tile[index(GemmRank::n)],
                      k = tile[index(GemmRank::k)];
  const std::uint64_t count = products(task, role, tile);
  switch (role) {
    case TensorRole::input:
      return product(count, storage_bytes(input_tile_elements(task, m, k), array.input_format));
    case TensorRole::weight:
      return product(count, storage_bytes(product(k, n), array.weight_format));
    case TensorRole::output:
      break;
  }
  return product(count, storage_bytes(product(m, n), array.accumulator_format));
}

std::uint64_t result_bytes(const GemmTask& task, const GemmExtents& tile,
                           const SystolicArray& array) {
  return product(products(task, TensorRole::output, tile),
                 storage_bytes(product(tile[index(GemmRank::m)], tile[index(GemmRank::n)]),
                               array.input_format));
}

std::uint64_t spilling_loops(const GemmTask& task, const GemmNest& nest) {
  GemmExtents size = extents_of(task);
  std::uint64_t outside = 0, spilling = 0;
  for (std::size_t i = 0; i < nest.kept[index(TensorRole::output)]; ++i) {
    const GemmLoopNode& loop = nest.loops[i];
    if (loop.tile >= size[index(loop.rank)]) continue;
    size[index(loop.rank)] = loop.tile;
    if (loop.rank == GemmRank::k)
      ++outside;
    else if (depends_on(task, TensorRole::output, loop.rank))
      spilling = outside;
  }
  return spilling;
}

std::uint64_t runs_of(const GemmTask& task, TensorRole role, const GemmExtents& tile) {
  const std::uint64_t rows = product(products(task, role, tile), tile[index(GemmRank::m)]);
  if (role == TensorRole::input)
    return !task.window && tile[index(GemmRank::k)] < task.k ? rows : 1;
  return role == TensorRole::output && tile[index(GemmRank::n)] < task.n ? rows : 1;
}

std::uint64_t spilled_tiles(const GemmTask& task, const GemmNest& nest) {
  if (spilling_loops(task, nest) == 0) return 0;
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
