// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include "dse/metrics.hpp"
#include "dse/study/cells.hpp"

namespace sluice {
namespace {

constexpr std::uint64_t large = std::numeric_limits<std::uint64_t>::max() - 1;

TEST_CASE("cells come back as they were written") {
  const Point point{{0, inactive, 17, large}};
  CHECK(digits_cell(point) == "[0,null,17,18446744073709551614]");
  CHECK(read_digits(digits_cell(point)) == point);
  CHECK(read_digits("[]") == Point{});
  const std::vector<Stall> stalls = {{"fill", 3}, {"a \"word\" of μ\n", large}, {"", 0}};
  CHECK(read_stalls(stalls_cell(stalls)) == stalls);
  CHECK(read_stalls("[]").empty());
  CHECK(read_metrics("{}").empty());
}

TEST_CASE("every double comes back bit by bit") {
  std::mt19937_64 random(1);
  for (int round = 0; round < 2000; ++round) {
    std::vector<double> values = {3.0, -0.0, 1e-7, 5e-324, 1.7976931348623157e308, 1e22};
    while (values.size() < metrics().size()) {
      const double value = std::bit_cast<double>(random());
      if (std::isfinite(value)) values.push_back(value);
    }
    const std::vector<double> again = read_metrics(metrics_cell(values));
    REQUIRE(again.size() == values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      CAPTURE(values[i]);
      CHECK(std::bit_cast<std::uint64_t>(again[i]) == std::bit_cast<std::uint64_t>(values[i]));
    }
  }
}

TEST_CASE("what is no number is none") {
  std::vector<double> values(metrics().size(), 2);
  values[1] = std::nan("");
  values[2] = std::numeric_limits<double>::infinity();
  const std::vector<double> again = read_metrics(metrics_cell(values));
  CHECK(again[0] == 2);
  CHECK(std::isnan(again[1]));
  CHECK(std::isnan(again[2]));
}

TEST_CASE("JSON that others wrote is read as well") {
  CHECK(read_digits(" [ 1 , null ]\n") == Point{{1, inactive}});
  CHECK(read_stalls(R"([ ["\u0066ill", 3] ])") == std::vector<Stall>{{"fill", 3}});
  const std::vector<double> values = read_metrics(R"({"pes": 7, "cycles": 1E3, "other": 1})");
  REQUIRE(values.size() == metrics().size());
  CHECK(values[0] == 1000);
  CHECK(std::isnan(values[1]));
  CHECK(values.back() == 7);
}

TEST_CASE("cells that hold something else are damaged") {
  for (const char* cell : {"", "[", "[1", "[1,", "[1,]", "[,1]", "[01]", "[1]]", "[1] 2", "[a]",
                           "[\"1\"]", "[nul]", "{\"a\": \"b\"}"}) {
    CAPTURE(cell);
    CHECK_THROWS_AS(read_digits(cell), DamagedCell);
  }
  for (const char* cell :
       {"", "[[]]", "[[\"fill\"]]", "[[\"fill\",]]", "[[\"fill\",3]", "[\"fill\"]",
        "[[3,\"fill\"]]", "[[\"fill,3]]", "[[\"\xff\",3]]", "[[\"\t\",3]]"}) {
    CAPTURE(cell);
    CHECK_THROWS_AS(read_stalls(cell), DamagedCell);
  }
  const std::string cell = metrics_cell(std::vector<double>(metrics().size(), 2.5));
  for (const char* number : {"", "02.5", "2.", ".5", "2.5e", "+2.5", "-", "1e999", "inf", "NaN"}) {
    CAPTURE(number);
    std::string other = cell;
    CHECK_THROWS_AS(read_metrics(other.replace(other.find("2.5"), 3, number)), DamagedCell);
  }
  for (std::size_t length = 0; length < cell.size(); ++length)
    CHECK_THROWS_AS(read_metrics(cell.substr(0, length)), DamagedCell);
}

}  // namespace
}  // namespace sluice
