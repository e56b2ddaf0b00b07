// SPDX-License-Identifier: Apache-2.0
#include "dse/learn/best_costs.hpp"

#include <algorithm>
#include <numeric>

#include "dse/front.hpp"

namespace sluice {

void add_to_front(std::vector<double> costs, CostFront& front) {
  for (const std::vector<double>& other : front)
    if (other == costs || dominates(other, costs)) return;
  std::erase_if(front, [&](const auto& other) { return dominates(costs, other); });
  front.push_back(std::move(costs));
}

CostFront most_spread(CostFront front, std::size_t most) {
  if (front.size() <= most || front[0].size() < 3) return front;
  const std::vector<double> crowding = crowding_of(front);
  std::vector<std::size_t> order(front.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order,
                           [&](std::size_t a, std::size_t b) { return crowding[a] > crowding[b]; });
  CostFront kept;
  for (std::size_t i = 0; i < most; ++i) kept.push_back(std::move(front[order[i]]));
  return kept;
}

HypervolumeGain gain_over(const CostFront& front) {
  std::vector<double> reference;
  for (std::size_t m = 0; m < front[0].size(); ++m) {
    double best = front[0][m], worst = front[0][m];
    for (const std::vector<double>& costs : front) {
      best = std::min(best, costs[m]);
      worst = std::max(worst, costs[m]);
    }
    reference.push_back(worst + std::max(0.1 * (worst - best), 0.01));
  }
  return HypervolumeGain(front, std::move(reference));
}

}  // namespace sluice
