// SPDX-License-Identifier: Apache-2.0
// What the page of a study computes; tests/cli/test_pages.py looks at the page.
#include <doctest/doctest.h>

#include <cmath>

#include "dse/page/convergence.hpp"
#include "dse/page/importance.hpp"
#include "dse/random.hpp"

namespace sluice {
namespace {

Trial trial(std::vector<double> metrics, TrialStatus status = TrialStatus::ok) {
  Trial trial;
  trial.result.metrics = std::move(metrics);
  trial.result.status = status;
  return trial;
}

SpaceParameter integers(std::string name, std::int64_t last) {
  SpaceParameter parameter;
  parameter.name = std::move(name);
  parameter.domain = IntegerDomain{0, last, 1};
  return parameter;
}

TEST_CASE("the best so far never gets worse, and begins with the first design that is ok") {
  const std::vector<Objective> objectives = {{0, false}, {1, true}};
  const std::vector<Trial> trials = {trial({1, 9}, TrialStatus::infeasible), trial({4, 2}),
                                     trial({8, 3}), trial({2, 1})};
  const Convergence found = convergence_of(objectives, trials);
  CHECK(found.evaluations == std::vector<std::uint64_t>{1, 2, 3, 4});
  CHECK(std::isnan(found.best[0][0]));
  CHECK(std::vector<double>(found.best[0].begin() + 1, found.best[0].end()) ==
        std::vector<double>{4, 4, 2});
  CHECK(std::vector<double>(found.best[1].begin() + 1, found.best[1].end()) ==
        std::vector<double>{2, 3, 3});
}

TEST_CASE("the hypervolume is that of logarithms, as a share of the last") {
  const std::vector<Objective> objectives = {{0, false}, {1, false}};
  const double e = std::exp(1);
  // Logarithms (0,4) (4,0) (2,2) (1,1): the worst are (4,4). The front of the first three covers
  // 2 x 2, with the last 3 x 3.
  const std::vector<Trial> trials = {trial({1, std::pow(e, 4)}), trial({std::pow(e, 4), 1}),
                                     trial({e * e, e * e}), trial({e, e})};
  const Convergence found = convergence_of(objectives, trials);
  REQUIRE(found.hypervolume.size() == 4);
  CHECK(found.hypervolume[0] == 0);
  CHECK(found.hypervolume[1] == 0);
  CHECK(found.hypervolume[2] == doctest::Approx(4.0 / 9));
  CHECK(found.hypervolume[3] == 1);
}

TEST_CASE("one objective has no hypervolume; many trials are told at few places") {
  std::vector<Trial> trials;
  for (int i = 0; i < 1000; ++i) trials.push_back(trial({1000.0 - i}));
  const Convergence found = convergence_of(std::vector<Objective>{{0, false}}, trials, 10);
  CHECK(found.hypervolume.empty());
  CHECK(found.evaluations ==
        std::vector<std::uint64_t>{100, 200, 300, 400, 500, 600, 700, 800, 900, 1000});
  CHECK(found.best[0].back() == 1);
}

TEST_CASE("a parameter has the share of the variance that it has a part in") {
  DesignSpace space;
  space.parameters = {integers("strong", 9), integers("weak", 9), integers("none", 9)};
  Random random(7);
  std::vector<Point> points;
  std::vector<double> values;
  for (int i = 0; i < 800; ++i) {
    points.push_back({{random.below(10), random.below(10), random.below(10)}});
    // Negative at times, so that no logarithm is taken. The variances are as 9 to 1.
    values.push_back(3 * static_cast<double>(points.back().digits[0]) +
                     static_cast<double>(points.back().digits[1]) - 5);
  }
  const auto found = importance_of(space, points, values, 1);
  REQUIRE(found);
  CHECK(found->designs == 800);
  CHECK(found->explained > 0.98);
  CHECK(found->effect[0] == doctest::Approx(0.9).epsilon(0.06));
  CHECK(found->effect[1] == doctest::Approx(0.1).epsilon(0.25));
  CHECK(std::abs(found->effect[2]) < 0.01);
  CHECK(importance_of(space, points, values, 1)->effect == found->effect);
}

TEST_CASE("too few designs, and designs that are alike, say nothing of parameters") {
  DesignSpace space;
  space.parameters = {integers("a", 99)};
  std::vector<Point> points;
  for (std::uint64_t i = 0; i < 50; ++i) points.push_back({{i}});
  const std::vector<double> alike(50, 2.0), few(39, 1.0);
  CHECK_FALSE(importance_of(space, points, alike, 1));
  CHECK_FALSE(importance_of(space, std::span(points).first(39), few, 1));
}

}  // namespace
}  // namespace sluice
