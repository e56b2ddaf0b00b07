// SPDX-License-Identifier: Apache-2.0
// The loops of a nest rank by rank, and the tiles that they leave.
#include "base/checked.hpp"
#include "mapper/nest/moves.hpp"

namespace sluice {

RankChains chains_of(const Nest& nest, const Problem& problem) {
  RankChains chains;
  for (std::size_t rank = 0; rank < problem.ranks.size(); ++rank)
    chains[rank].extent = problem.ranks[rank].extent;
  std::array<std::uint64_t, max_nest_ranks> around{};
  for (std::size_t rank = 0; rank < problem.ranks.size(); ++rank)
    around[rank] = chains[rank].extent;
  for (std::uint32_t position = 0; position < nest.size(); ++position) {
    const NestNode& node = nest[position];
    if (node.kind == NestKind::keep || node.tile >= around[node.rank]) continue;
    RankChain& chain = chains[node.rank];
    chain.loops[chain.size++] = {node.tile, ceil_div(around[node.rank], node.tile), position,
                                 node.kind == NestKind::spread};
    chain.perfect = chain.perfect && around[node.rank] % node.tile == 0;
    around[node.rank] = node.tile;
  }
  return chains;
}

std::uint64_t tile_words(const NestTensor& tensor, const RankChains& chains,
                         std::uint32_t position) {
  std::uint64_t words = 1;
  for (const NestProjection& dimension : tensor.dimensions) {
    std::array<std::uint64_t, max_nest_ranks> sizes;
    for (std::size_t i = 0; i < dimension.size(); ++i) {
      const RankChain& chain = chains[dimension[i].rank];
      sizes[i] = chain.extent;
      for (std::uint32_t l = 0; l < chain.size && chain.loops[l].position < position; ++l)
        sizes[i] = chain.loops[l].tile;
    }
    words *= distinct_points(dimension, sizes.data());
  }
  return words;
}

}  // namespace sluice
