// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cmath>
#include <map>

#include "dse/learn/parzen.hpp"
#include "dse/space_index.hpp"
#include "tests/dse/spaces.hpp"

namespace sluice {
namespace {

const std::vector<Point> centres = {{{1, 0, 1, 2, 0}}, {{2, 2, inactive, 0, 4}}};

TEST_CASE("densities are positive, add up to 1, and are those with which points are drawn") {
  const DesignSpace space = mixed_space();
  const SpaceIndex index(space);
  for (const std::vector<Point>& around : {std::vector<Point>{}, centres}) {
    const ParzenDensity density(space, around, {});
    double sum = 0;
    std::map<Point, double> densities;
    for (std::uint64_t i = 0; i < *index.count(); ++i) {
      const double value = std::exp(density.log_density(index.point(i)));
      CHECK(value > 0);
      sum += value;
      densities[index.point(i)] = value;
    }
    CHECK(sum == doctest::Approx(1));
    Random random(7);
    std::map<Point, int> counts;
    constexpr int draws = 200'000;
    for (int i = 0; i < draws; ++i) ++counts[density.draw(random)];
    for (const auto& [point, expected] : densities) {
      const double deviation = std::sqrt(expected / draws);
      CHECK(std::abs(counts[point] / double{draws} - expected) < 5 * deviation);
    }
  }
}

TEST_CASE("a domain too large for tables has the same kernel") {
  const DesignSpace space =
      space_of("parameters: {a: {path: a, integers: [1, 100000]}, b: {path: b, boolean: true}}\n");
  const ParzenDensity density(space, {{{50'000, 0}}}, {});
  double sum = 0;
  for (std::uint64_t a = 0; a < 100'000; a += 10)
    for (std::uint64_t b = 0; b < 2; ++b) sum += 10 * std::exp(density.log_density({{a, b}}));
  CHECK(sum == doctest::Approx(1).epsilon(1e-3));
}

}  // namespace
}  // namespace sluice
