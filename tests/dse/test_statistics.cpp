// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <limits>

#include "dse/comparison/statistics.hpp"

namespace sluice {
namespace {

TEST_CASE("quartiles lie between neighbours, and infinite values are the largest") {
  const Quartiles q = quartiles_of({4, 1, 3, 2});  // at 0.75, 1.5 and 2.25 of 0 .. 3
  CHECK(q.first == 1.75);
  CHECK(q.median == 2.5);
  CHECK(q.third == 3.25);
  constexpr double infinite = std::numeric_limits<double>::infinity();
  const Quartiles some = quartiles_of({infinite, 1, infinite, 2, 3});
  CHECK(some.median == 3);
  CHECK(some.third == infinite);
  CHECK(quartiles_of({7}).median == 7);
}

TEST_CASE("the rank test gives what the formula gives by hand") {
  // a is below b in 24 of 25 pairs; without ties the variance is 25 * 11 / 12 = 22.917, and
  // |24 - 12.5| - 0.5 = 11 is 2.2978 deviations: p = 0.02157.
  const RankTest test = mann_whitney({1, 2, 3, 4, 6}, {5, 7, 8, 9, 10});
  CHECK(test.smaller == doctest::Approx(0.96));
  CHECK(test.p == doctest::Approx(0.02157).epsilon(1e-3));
  const RankTest swapped = mann_whitney({5, 7, 8, 9, 10}, {1, 2, 3, 4, 6});
  CHECK(swapped.smaller == doctest::Approx(0.04));
  CHECK(swapped.p == test.p);
}

TEST_CASE("ties count by halves and widen nothing") {
  CHECK(mann_whitney({2, 2, 2}, {2, 2}).smaller == 0.5);
  CHECK(mann_whitney({2, 2, 2}, {2, 2}).p == 1);
  // Ties of 2 and 3 among 6: variance 9 / 12 * (7 - (6 + 24) / 30) = 4.5; U is 3 * 3 - 1 = 8 of 9
  // with (1,1) below all and 2 = 2 once in two halves: |8 - 4.5| - 0.5 = 3 is 1.41421 deviations.
  const RankTest test = mann_whitney({1, 1, 2}, {2, 2, 3});
  CHECK(test.smaller == doctest::Approx(8.0 / 9));
  CHECK(test.p == doctest::Approx(0.1573).epsilon(1e-3));
}

}  // namespace
}  // namespace sluice
