// SPDX-License-Identifier: Apache-2.0
// Mappings drawn at random from the map space that the search looks through.
#pragma once

#include <algorithm>
#include <random>

#include "mapper/search/space.hpp"

namespace sluice::bench {

class RandomSearch {
 public:
  RandomSearch(const Problem& problem, const Hierarchy& hierarchy, const SearchOptions& options,
               std::uint64_t seed)
      : options_(options), space_(problem, hierarchy, options_, memo_), random_(seed) {}

  /// The least value of the objective among that many draws, those that do not fit included.
  double least(std::uint64_t draws) {
    double least = std::numeric_limits<double>::infinity();
    for (std::uint64_t i = 0; i < draws; ++i) {
      Nest nest;
      if (!draw(nest)) continue;
      NestCounts counts;
      count_accesses(nest, space_.problem, space_.hierarchy, {options_.convention, 0}, counts);
      const NestCost cost = price(counts, space_.problem, space_.hierarchy, options_.convention);
      least = std::min(least, objective_value(options_.objective, cost.cycles, cost.total_pj));
    }
    return least;
  }

 private:
  std::size_t below(std::size_t count) { return static_cast<std::size_t>(random_() % count); }

  /// False where a tile does not fit.
  bool draw(Nest& nest) {
    const search::Keeps& keeps = space_.keeps()[below(space_.keeps().size())];
    search::Tile tile = space_.whole();
    const std::size_t levels = space_.hierarchy.levels.size();
    for (std::size_t level = 0; level < levels; ++level) {
      if (!space_.fits(level, keeps[level], tile)) return false;
      if (keeps[level] != 0) nest.keep(level, keeps[level]);
      block(nest, level, tile, level + 1 == levels);
    }
    return std::all_of(tile.begin(), tile.end(), [](std::uint16_t index) { return index == 0; });
  }

  void block(Nest& nest, std::size_t level, search::Tile& tile, bool last) {
    std::vector<std::size_t> running;
    std::vector<const search::Lanes*> lanes;
    search::Tile inner = tile;
    for (std::size_t axis = 0; axis < space_.hierarchy.levels[level].fan_out.size(); ++axis) {
      const auto& list = space_.lanes(level, axis);
      search::Tile left;
      const search::Lanes* chosen = &list[below(list.size())];
      while (!space_.divided(inner, *chosen, left)) chosen = &list[below(list.size())];
      lanes.push_back(chosen);
      inner = left;
    }
    // Lanes are taken from what loops leave: the loops take the rest.
    for (std::size_t rank = 0; rank < space_.ranks.size(); ++rank) {
      std::uint64_t wide = 1;
      for (const search::Lanes* axis : lanes) wide *= axis->of_rank[rank];
      const auto& inside = space_.ranks[rank].inside[inner[rank]];
      const std::uint16_t rest = last ? 0 : inside[below(inside.size())];
      const std::uint64_t size = space_.size(rank, rest) * wide;
      const auto& sizes = space_.ranks[rank].size;
      const auto index = static_cast<std::uint16_t>(
          std::lower_bound(sizes.begin(), sizes.end(), size) - sizes.begin());
      if (index != tile[rank]) running.push_back(rank);
      tile[rank] = index;
    }
    std::shuffle(running.begin(), running.end(), random_);
    for (const std::size_t rank : running) nest.loop(rank, space_.size(rank, tile[rank]));
    for (std::size_t axis = 0; axis < lanes.size(); ++axis) {
      search::Tile left;
      space_.divided(tile, *lanes[axis], left);
      for (std::size_t rank = 0; rank < space_.ranks.size(); ++rank)
        if (left[rank] != tile[rank]) nest.spread(level, axis, rank, space_.size(rank, left[rank]));
      tile = left;
    }
  }

  SearchOptions options_;
  search::Memo memo_;
  search::Space space_;
  std::mt19937_64 random_;
};

}  // namespace sluice::bench
