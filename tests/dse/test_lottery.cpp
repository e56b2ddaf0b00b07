// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <set>

#include "dse/comparison/lottery.hpp"
#include "dse/comparison/pagmo_nsga2.hpp"
#include "dse/searchers.hpp"
#include "tests/base/errors.hpp"
#include "tests/dse/sweeps.hpp"

namespace sluice {
namespace {

TEST_CASE("drawn settings of every searcher are settings of it, and differ") {
  const Sweep sweep = sweep_of(sweep_text);
  const Truth truth = Truth::enumerate(sweep, test_library(), [](std::uint64_t, std::uint64_t) {
                        return true;
                      }).value();
  for (const Descriptor& searcher : searcher_descriptors()) {
    CAPTURE(searcher.name);
    const auto words = drawn_configurations(searcher.name, 4, 1);
    CHECK(words[0] == searcher.name);
    CHECK(words.size() == (searcher.parameters.empty() ? 1 : 5));
    CHECK(std::set<std::string>(words.begin(), words.end()).size() == words.size());
    CHECK(drawn_configurations(searcher.name, 4, 1) == words);
    if (words.size() > 1) CHECK(drawn_configurations(searcher.name, 4, 2) != words);
    // Each runs: compare() throws where a setting is refused.
    const auto cells =
        compare(truth, {words, {12}, 1, 6}, [](std::uint64_t, std::uint64_t) { return true; });
    CHECK(cells.size() == words.size());
  }
}

TEST_CASE("settings that are few are all drawn, and settings of one's own stand for themselves") {
  CHECK(drawn_configurations("genetic:population=8", 5, 1) ==
        std::vector<std::string>{"genetic:population=8"});
  CHECK(drawn_configurations(pagmo_nsga2_name, 5, 1) == std::vector<std::string>{pagmo_nsga2_name});
  CHECK(drawn_configurations("sobol", 0, 1) == std::vector<std::string>{"sobol"});
  CHECK(error_of([] { drawn_configurations("genetics", 1, 1); }) ==
        "searcher: error: there is no searcher 'genetics'\nhint: did you mean 'genetic'?");
}

TEST_CASE("a row of the lottery has the medians of all settings, the usual ones first") {
  const std::vector<ComparisonCell> cells = {{"random", 10, {4, 5, 9}, 0},
                                             {"random", 20, {1, 1, 1}, 0},
                                             {"tpe", 10, {2, 3, 4}, 0},
                                             {"tpe:good_share=0.5", 10, {0, 1, 6}, 0}};
  const std::vector<LotteryRow> rows = lottery_of(cells);
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].medians == std::vector<double>{5});
  CHECK(rows[1].budget == 20);
  CHECK(rows[2].searcher == "tpe");
  CHECK(rows[2].medians == std::vector<double>{3, 1});
  CHECK(rows[2].seed_spread == doctest::Approx((1 + 3) / 2.0));  // 3.5 - 2.5, 3.5 - 0.5
}

}  // namespace
}  // namespace sluice
