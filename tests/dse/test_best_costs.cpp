// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>

#include "dse/learn/best_costs.hpp"

namespace sluice {
namespace {

TEST_CASE("a front keeps what nothing dominates, each once") {
  CostFront front;
  for (const std::vector<double>& costs :
       {std::vector<double>{3, 3}, {1, 4}, {3, 3}, {4, 4}, {2, 2}, {4, 1}})
    add_to_front(costs, front);
  CHECK(front == CostFront{{1, 4}, {2, 2}, {4, 1}});
}

TEST_CASE("a large front of three objectives keeps its ends and what has room around it") {
  const CostFront three = {{0, 4, 2}, {1, 2, 3}, {1.1, 1.9, 3}, {2, 1, 4}, {4, 0, 1}};
  CHECK(most_spread(three, 5) == three);
  const CostFront kept = most_spread(three, 4);
  CHECK(kept.size() == 4);
  CHECK(std::ranges::count(kept, three[2]) + std::ranges::count(kept, three[1]) == 1);
  const CostFront two = {{0, 2}, {1, 1}, {2, 0}};
  CHECK(most_spread(two, 1) == two);  // boxes are as many as points
}

TEST_CASE("what is gained over one cost is the improvement, over two the area to the reference") {
  CHECK(gain_over({{3}})(std::vector<Prediction>{{2.5, 0}}) == doctest::Approx(0.5));
  CHECK(gain_over({{3}})(std::vector<Prediction>{{3.5, 0}}) == doctest::Approx(0));
  // The reference is (2.2, 2.2), a tenth of the extent beyond the worst.
  const HypervolumeGain gain = gain_over({{0, 2}, {2, 0}});
  CHECK(gain(std::vector<Prediction>{{1, 0}, {1, 0}}) == doctest::Approx(1));
}

}  // namespace
}  // namespace sluice
