// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "mapper/nest/nest.hpp"

namespace sluice {
namespace {

std::string tensors_text(std::uint16_t tensors, const Problem& problem) {
  std::string text;
  for (std::size_t i = 0; i < problem.tensors.size(); ++i)
    if ((tensors >> i & 1) != 0) text += (text.empty() ? "" : ", ") + problem.tensors[i].name;
  return text;
}

}  // namespace

std::string to_text(const Nest& nest, const Problem& problem, const Hierarchy& hierarchy) {
  std::string text;
  std::size_t depth = 0;
  std::array<std::uint64_t, max_nest_ranks> around{};
  for (std::size_t i = 0; i < problem.ranks.size(); ++i) around[i] = problem.ranks[i].extent;
  for (const NestNode& node : nest) {
    text.append(2 * depth, ' ');
    if (node.kind == NestKind::keep) {
      text += fmt::format("keep {} in {}\n", tensors_text(node.tensors, problem),
                          hierarchy.levels[node.level].name);
      continue;
    }
    const std::uint64_t extent = around[node.rank];
    const std::uint64_t tile = std::min(node.tile, extent);
    around[node.rank] = tile;
    const std::string& rank = problem.ranks[node.rank].name;
    if (node.kind == NestKind::loop) {
      text += fmt::format("for {} in 0..{} step {}\n", rank, extent, tile);
    } else {
      const NestLevel& level = hierarchy.levels[node.level];
      text += fmt::format("spread {} in 0..{} step {} over {}.{}\n", rank, extent, tile, level.name,
                          level.fan_out[node.axis].name);
    }
    ++depth;
  }
  return text + std::string(2 * depth, ' ') + hierarchy.compute.name + "\n";
}

}  // namespace sluice
