// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "dse/front.hpp"

namespace sluice {
namespace {

Trial trial(std::vector<double> metrics, TrialStatus status = TrialStatus::ok) {
  Trial trial;
  trial.result.metrics = std::move(metrics);
  trial.result.status = status;
  return trial;
}

const std::vector<Objective> two = {{0, false}, {1, true}};

TEST_CASE("costs are to be small, and only designs that are ok have them") {
  CHECK(costs_of(two, trial({3, 5}).result) == std::vector<double>{3, -5});
  CHECK(costs_of(two, trial({3, 5}, TrialStatus::infeasible).result).empty());
  CHECK(scalar_cost(std::vector<Objective>{{1, true}}, trial({3, 5}).result) == -5);
  CHECK(scalar_cost(two, trial({3, 5}).result) == doctest::Approx(std::log(3.0 / 5)));
  CHECK(std::isinf(scalar_cost(two, trial({3, 5}, TrialStatus::timeout).result)));
}

TEST_CASE("the front holds what nothing dominates, once") {
  const std::vector<Trial> trials = {trial({2, 4}),
                                     trial({1, 1}),
                                     trial({2, 3}),
                                     trial({1, 1}),
                                     trial({0, 9}, TrialStatus::invalid),
                                     trial({4, 5})};
  CHECK(front_of(two, trials) == std::vector<std::size_t>{1, 0, 5});
}

TEST_CASE("the front is what comparing all with all leaves, the first of equals") {
  std::mt19937 random(3);
  for (int round = 0; round < 50; ++round) {
    std::vector<Trial> trials;
    for (int i = 0; i < 60; ++i)
      trials.push_back(
          trial({static_cast<double>(random() % 9), static_cast<double>(random() % 9)}));
    std::vector<std::pair<std::vector<double>, std::size_t>> left;
    for (std::size_t i = 0; i < trials.size(); ++i) {
      const std::vector<double> costs = costs_of(two, trials[i].result);
      bool stays = true;
      for (std::size_t j = 0; stays && j < trials.size(); ++j) {
        const std::vector<double> others = costs_of(two, trials[j].result);
        stays = !dominates(others, costs) && (j >= i || others != costs);
      }
      if (stays) left.emplace_back(costs, i);
    }
    std::ranges::sort(left);
    std::vector<std::size_t> expected;
    for (const auto& [costs, index] : left) expected.push_back(index);
    CHECK(front_of(two, trials) == expected);
  }
}

TEST_CASE("ranks peel fronts, what failed comes last") {
  CHECK(ranks_of({{1, 4}, {2, 2}, {3, 3}, {}, {4, 4}}) == std::vector<std::size_t>{0, 0, 1, 5, 2});
  CHECK(ranks_of(std::vector<std::vector<double>>{{1, 4}, {}}) == std::vector<std::size_t>{0, 2});
}

TEST_CASE("the hypervolume is the area below the reference") {
  // 3 x 1 + 2 x 1 + 1 x 1 of the stairs (1,3) (2,2) (3,1) below (4,4).
  CHECK(hypervolume({{1, 3}, {2, 2}, {3, 1}}, {4, 4}) == doctest::Approx(6));
  CHECK(hypervolume({{1, 3}, {2, 2}, {3, 1}, {9, 0}, {3, 3}}, {4, 4}) == doctest::Approx(6));
  CHECK(hypervolume({{5, 5}}, {4, 4}) == 0);
  CHECK(hypervolume({{3}, {1}}, {4}) == 3);
}

}  // namespace
}  // namespace sluice
