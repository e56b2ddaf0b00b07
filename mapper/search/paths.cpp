// SPDX-License-Identifier: Apache-2.0
#include "mapper/search/paths.hpp"

namespace sluice::search {

Front join(const WayGraph& graph, const std::vector<std::vector<WayPrice>>& prices,
           SearchObjective objective, const CyclePrices& cycle_prices) {
  std::vector<Front> fronts(graph.nodes());
  fronts.front().push_back({});
  std::vector<std::vector<std::size_t>> from(graph.nodes());
  for (std::size_t way = 0; way < graph.ways().size(); ++way)
    from[graph.ways()[way].from].push_back(way);
  for (std::size_t node = 0; node < graph.nodes(); ++node) {
    reduce(fronts[node], objective, cycle_prices);
    for (const std::size_t way : from[node])
      for (const PathEnd& end : fronts[node])
        for (const WayPrice& price : prices[way]) {
          const double cycles = end.cycles + price.cycles;
          const double energy_pj = end.energy_pj + price.energy_pj;
          fronts[graph.ways()[way].to].push_back(
              {cycles, energy_pj,
               std::make_shared<Path>(Path{cycles, energy_pj, way, price.chosen, end.path})});
        }
  }
  return fronts.back();
}

}  // namespace sluice::search
