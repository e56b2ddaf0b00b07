// SPDX-License-Identifier: Apache-2.0
#include "mapper/array_step.hpp"

#include <algorithm>
#include <utility>

#include "base/checked.hpp"

namespace sluice {
namespace {

/// The largest divisor of `extent` that is at most `most`, which is > 0.
std::uint64_t divisor_within(std::uint64_t extent, std::uint64_t most) {
  std::uint64_t divisor = std::min(extent, most);
  while (extent % divisor != 0) --divisor;
  return divisor;
}

/// The size of even tiles of no more than `size`: as many as cover the extent.
std::uint64_t even_within(std::uint64_t extent, std::uint64_t size) {
  return ceil_div(extent, ceil_div(extent, size));
}

/// The size of even tiles of no less than `size`, or all.
std::uint64_t even_beyond(std::uint64_t extent, std::uint64_t size) {
  return ceil_div(extent, std::max<std::uint64_t>(extent / size, 1));
}

/// The nest with tiles of a loop twice as large, or without the loop if that is all.
GemmNest doubled(const GemmTask& task, const GemmNest& nest, std::size_t loop) {
  GemmNest larger = nest;
  std::uint64_t around = extents_of(task)[index(nest.loops[loop].rank)];
  for (std::size_t outer = 0; outer < loop; ++outer)
    if (nest.loops[outer].rank == nest.loops[loop].rank) around = nest.loops[outer].tile;
  larger.loops[loop].tile *= 2;
  if (larger.loops[loop].tile < around) return larger;
  larger.loops.erase(larger.loops.begin() + static_cast<std::ptrdiff_t>(loop));
  for (std::size_t& kept : larger.kept)
    if (kept > loop) --kept;
  return larger;
}

}  // namespace

GemmExtents least_step(const GemmTask& task, const SystolicArray& array, std::uint64_t steps) {
  const GemmExtents extents = extents_of(task);
  const bool is = array.dataflow == Dataflow::input_stationary;
  const bool os = array.dataflow == Dataflow::output_stationary;
  GemmExtents least;
  least.fill(1);
  const auto set = [&](GemmRank rank, std::uint64_t size, bool in_time) {
    const std::uint64_t extent = extents[index(rank)];
    least[index(rank)] = in_time ? even_beyond(extent, size) : even_within(extent, size);
  };
  const auto divide = [&](GemmRank rank, std::uint64_t size) {
    return least[index(rank)] =
               divisor_within(extents[index(rank)], std::max<std::uint64_t>(size, 1));
  };
  set(GemmRank::n, is ? steps : array.columns, is);
  const std::uint64_t k = os ? steps : array.rows, m = os ? array.rows : array.columns;
  const bool taps_whole = extents[index(GemmRank::k)] < k;
  const std::uint64_t taps = taps_whole && task.window ? task.window->taps() : 1;
  set(GemmRank::k, ceil_div(k, taps), os);
  if (!task.window) {
    set(GemmRank::m, is || os ? m : steps, !is && !os);
    return least;
  }
  if (taps_whole)
    for (const GemmRank rank : {GemmRank::r, GemmRank::s})
      least[index(rank)] = extents[index(rank)];
  const std::uint64_t pixels = is || os ? m : steps;
  const std::uint64_t q = divide(GemmRank::q, pixels);
  const std::uint64_t p = divide(GemmRank::p, pixels / q);
  divide(GemmRank::m, pixels / product(p, q));
  return least;
}

GemmNest grown(const Task& task, GemmNest nest, const Architecture& architecture) {
  const auto& gemm = std::get<GemmTask>(task.work);
  const std::uint64_t bytes = total_bytes(traffic(gemm, nest, architecture.array));
  for (std::size_t loop = nest.loops.size(); loop-- > 0;)
    for (const std::size_t loops = nest.loops.size(); nest.loops.size() == loops;) {
      GemmNest larger = doubled(gemm, nest, loop);
      if (!verify({{{task, larger}}}, architecture).empty() ||
          total_bytes(traffic(gemm, larger, architecture.array)) > bytes)
        break;
      nest = std::move(larger);
    }
  return nest;
}

}  // namespace sluice
