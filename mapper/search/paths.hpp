// SPDX-License-Identifier: Apache-2.0
// Paths through the graph of ways, at what each way is known to cost. Internal to this folder.
#pragma once

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "mapper/search/explore.hpp"
#include "mapper/search/ways.hpp"

namespace sluice::search {

/// What a way costs, with one price of each part.
struct WayPrice {
  double cycles = 0, energy_pj = 0;
  std::vector<std::size_t> chosen;
};

/// A way to map the Einsums so far.
struct Path {
  double cycles = 0, energy_pj = 0;
  std::size_t way = 0;
  std::vector<std::size_t> chosen;
  std::shared_ptr<const Path> before;  ///< null: none is mapped
};

/// Values that are cheap to copy, for keep_priced().
struct PathEnd {
  double cycles = 0, energy_pj = 0;
  std::shared_ptr<const Path> path;
};
using Front = std::vector<PathEnd>;

/// Keeps what may be a part of the best: what nothing beats in both numbers, or for an objective
/// that is a sum, in that.
template <class Costs>
void reduce(std::vector<Costs>& front, SearchObjective objective, const CyclePrices& prices) {
  const bool by_energy = objective == SearchObjective::energy;
  std::ranges::stable_sort(front, {}, [&](const Costs& costs) {
    return by_energy ? std::pair(costs.energy_pj, costs.cycles)
                     : std::pair(costs.cycles, costs.energy_pj);
  });
  if (by_energy || objective == SearchObjective::cycles) {
    if (front.size() > 1) front.erase(front.begin() + 1, front.end());
    return;
  }
  double least = std::numeric_limits<double>::infinity();
  std::erase_if(front, [&](const Costs& costs) {
    if (costs.energy_pj >= least) return true;
    least = costs.energy_pj;
    return false;
  });
  // Energy x cycles of a sum is least where energy + price x cycles is, at some price: below any of
  // its values lies no corner of the convex hull.
  if (objective == SearchObjective::edp) keep_priced(front, prices);
}

/// The best ways to map everything at what `prices` says that each way may cost.
Front join(const WayGraph& graph, const std::vector<std::vector<WayPrice>>& prices,
           SearchObjective objective, const CyclePrices& cycle_prices);

}  // namespace sluice::search
