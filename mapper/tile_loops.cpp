// SPDX-License-Identifier: Apache-2.0
#include "mapper/tile_loops.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "mapper/gemm_nest.hpp"
#include "mapper/room.hpp"

namespace sluice {
namespace {

using Mistakes = std::vector<std::string>;

/// A convolution's tiles overlap, so that they are a tiling and no nest.
std::variant<Tiling, Mistakes> convolution_tiling(const TileLoops& loops, const GemmTask& task) {
  Mistakes wrong;
  if (loops.loops[2].rank != GemmRank::k)
    wrong.push_back("the innermost loop of a convolution is that over k");
  if (loops.kept != TileLoops{}.kept)
    wrong.push_back("the tensors of a convolution are kept inside of all 3 loops");
  if (!wrong.empty()) return wrong;
  GemmTiling tiling;
  tiling.m_outer = loops.loops[0].rank == GemmRank::m;
  for (const GemmLoopNode& loop : loops.loops)
    (loop.rank == GemmRank::m   ? tiling.m_tile
     : loop.rank == GemmRank::n ? tiling.n_tile
                                : tiling.k_tile) = loop.tile;
  const std::uint64_t taps = task.window->taps();
  if (tiling.k_tile % taps != 0)
    wrong.push_back(
        fmt::format("k tile {} is no multiple of the {} taps of a channel", tiling.k_tile, taps));
  if (const std::uint64_t most = whole_pixels(task, tiling.m_tile); most != tiling.m_tile)
    wrong.push_back(fmt::format(
        "m tile {} is neither whole images nor equal runs of rows nor equal parts of a row; the "
        "next smaller that is, is {}",
        tiling.m_tile, most));
  if (!wrong.empty()) return wrong;
  return tiling;
}

}  // namespace

std::variant<Tiling, Mistakes> tiling_of(const TileLoops& loops, const GemmTask& task) {
  const GemmExtents extents = flat_extents(task);
  Mistakes wrong;
  for (const GemmLoopNode& loop : loops.loops)
    if (const std::uint64_t extent = extents[static_cast<std::size_t>(loop.rank)];
        loop.tile == 0 || loop.tile > extent)
      wrong.push_back(fmt::format("{} tile {} is not from 1 to {}, the extent", name_of(loop.rank),
                                  loop.tile, extent));
  if (!wrong.empty()) return wrong;
  if (task.window) return convolution_tiling(loops, task);
  constexpr std::size_t batch_loops = 3;
  GemmNest nest;
  nest.loops = {{GemmRank::group, 1}, {GemmRank::member, 1}, {GemmRank::copy, 1}};
  nest.loops.insert(nest.loops.end(), loops.loops.begin(), loops.loops.end());
  std::transform(loops.kept.begin(), loops.kept.end(), nest.kept.begin(),
                 [](std::size_t kept) { return batch_loops + kept; });
  return nest;
}

std::optional<Infeasible> overflow_of(const TaskMapping& mapping,
                                      const Architecture& architecture) {
  const GemmTask& task = std::get<GemmTask>(mapping.task.work);
  RoleBytes bytes;
  if (const auto* tiling = std::get_if<GemmTiling>(&mapping.tiling))
    bytes = tile_bytes(task, tiling->m_tile, tiling->n_tile, tiling->k_tile, architecture.array);
  else
    for (std::size_t role = 0; role < tensor_role_count; ++role)
      bytes[role] = tile_bytes(
          task, TensorRole(role),
          tile_at(std::get<GemmNest>(mapping.tiling), TensorRole(role), extents_of(task), 0),
          architecture.array);
  const auto over = overflow(bytes, architecture);
  if (!over) return std::nullopt;
  return Infeasible{fmt::format("task {}: tiles of {} do not fit scratchpad {}", mapping.task.name,
                                over->roles, over->scratchpad),
                    over->needed, over->available, "B"};
}

}  // namespace sluice
