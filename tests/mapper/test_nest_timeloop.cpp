// SPDX-License-Identifier: Apache-2.0
// Published outputs of Timeloop, reproduced in its convention (golden/nest/SOURCE.md).
#include <doctest/doctest.h>

#include <cmath>

#include "tests/mapper/nest_golden.hpp"
#include "tests/source_path.hpp"

namespace sluice {
namespace {

TEST_CASE("every tile, read, fill, update and instance of Timeloop's cases is reproduced") {
  const auto cases = golden::read_cases(source_path("tests/mapper/golden/nest/timeloop.txt"));
  REQUIRE(cases.size() == 21);
  for (const golden::Case& c : cases) {
    CAPTURE(c.name);
    CHECK(check(c.problem).empty());
    NestCounts counts;
    count_accesses(c.nest, c.problem, c.machine, {CountConvention::timeloop, 0}, counts);
    const NestCost cost = price(counts, c.problem, c.machine, CountConvention::timeloop);
    CHECK(counts.operations == c.operations);
    CHECK(cost.cycles == c.cycles);
    CHECK(std::round(cost.utilization * 1e4) == std::round(c.utilization * 100));
    // Where the leakage is not published (total 0), the rows alone are compared. Energies of an
    // access are printed to six digits, which leaves the sums 1e-5 of leeway.
    if (c.total_fj > 0)
      CHECK(cost.total_pj * 1e3 / static_cast<double>(c.operations) ==
            doctest::Approx(c.total_fj).epsilon(1e-5));
    for (const golden::Row& row : c.rows) {
      const std::string level = c.machine.levels[row.level].name;
      const std::string tensor = c.problem.tensors[row.tensor].name;
      CAPTURE(level);
      CAPTURE(tensor);
      const AccessCount& count = counts.at[row.level][row.tensor];
      REQUIRE(count.kept);
      CHECK(count.tile == row.tile);
      CHECK(count.instances == static_cast<double>(row.instances));
      CHECK(count.of_instance(count.reads) == row.reads);
      CHECK(count.of_instance(count.fills) == row.fills);
      CHECK(count.of_instance(count.updates) == row.updates);
      // Half of the last printed digit of the sum, and 1e-5 for the digits of its parts.
      CHECK(std::abs(cost.energy_pj[row.level][row.tensor] - row.energy) <=
            0.005001 + 1e-5 * row.energy);
    }
  }
}

}  // namespace
}  // namespace sluice
