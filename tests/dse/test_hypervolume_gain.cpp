// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cmath>

#include "dse/front.hpp"
#include "dse/learn/hypervolume_gain.hpp"
#include "dse/random.hpp"

namespace sluice {
namespace {

TEST_CASE("the expected improvement of a certain value is its improvement") {
  CHECK(expected_improvement({3, 0}, 5) == 2);
  CHECK(expected_improvement({7, 0}, 5) == 0);
  // At the mean, it is the deviation over sqrt(2 pi).
  CHECK(expected_improvement({5, 2}, 5) == doctest::Approx(2 * 0.3989422804));
}

std::vector<double> random_costs(Random& random, std::size_t objectives) {
  std::vector<double> costs;
  for (std::size_t j = 0; j < objectives; ++j) costs.push_back(random.unit());
  return costs;
}

TEST_CASE("a certain candidate gains the hypervolume that it adds, of up to four objectives") {
  Random random(1);
  for (std::size_t objectives = 1; objectives <= 4; ++objectives)
    for (int i = 0; i < 20; ++i) {
      CAPTURE(objectives);
      std::vector<std::vector<double>> front;
      for (int k = 0; k < 6; ++k) front.push_back(random_costs(random, objectives));
      const std::vector<double> reference(objectives, 0.9);
      const HypervolumeGain gain(front, reference);
      const std::vector<double> costs = random_costs(random, objectives);
      std::vector<Prediction> certain;
      for (const double cost : costs) certain.push_back({cost, 0});
      const double before = hypervolume(front, reference);
      front.push_back(costs);
      CHECK(gain(certain) ==
            doctest::Approx(hypervolume(front, reference) - before).epsilon(1e-9).scale(1));
    }
}

TEST_CASE("the expected gain is the mean over what the candidate may be") {
  Random random(2);
  const std::vector<std::vector<double>> front = {
      {0.2, 0.8, 0.5}, {0.5, 0.4, 0.4}, {0.8, 0.1, 0.6}};
  const std::vector<double> reference = {1, 1, 1};
  const std::vector<Prediction> candidate = {{0.4, 0.2}, {0.5, 0.1}, {0.45, 0.3}};
  const HypervolumeGain gain(front, reference);
  double sum = 0;
  constexpr int draws = 40'000;
  for (int i = 0; i < draws; ++i) {
    std::vector<Prediction> drawn;
    for (const Prediction& p : candidate)
      drawn.push_back({p.mean + p.deviation * random.normal(), 0});
    sum += gain(drawn);
  }
  // The standard error of the mean is about 0.5 %.
  CHECK(gain(candidate) == doctest::Approx(sum / draws).epsilon(0.02));
}

}  // namespace
}  // namespace sluice
