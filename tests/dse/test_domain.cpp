// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <set>
#include <vector>

#include "dse/domain.hpp"

namespace sluice {
namespace {

std::vector<std::string> texts_of(const Domain& domain) {
  std::vector<std::string> texts;
  for (std::uint64_t i = 0; i < size_of(domain); ++i) texts.push_back(value_text(domain, i));
  return texts;
}

const std::vector<Domain> samples = {
    IntegerDomain{-3, 9, 4},
    IntegerDomain{5, 5, 1},
    PowerDomain{8, 64},
    PowerDomain{3, 13},
    RealDomain{0.5, 2.5, 5, false},
    RealDomain{1, 10000, 5, true},
    ChoiceDomain{{"ws", "os", "is"}, false},
    ChoiceDomain{{"1", "2", "8"}, true},
    SwitchDomain{},
    OrderDomain{{"m", "n", "k", "b"}},
};

TEST_CASE("values are those that were asked for") {
  CHECK(texts_of(samples[0]) == std::vector<std::string>{"-3", "1", "5", "9"});
  CHECK(texts_of(samples[1]) == std::vector<std::string>{"5"});
  CHECK(texts_of(samples[2]) == std::vector<std::string>{"8", "16", "32", "64"});
  CHECK(texts_of(samples[3]) == std::vector<std::string>{"3", "6", "12"});
  CHECK(texts_of(samples[4]) == std::vector<std::string>{"0.5", "1", "1.5", "2", "2.5"});
  CHECK(value_number(samples[5], 3) == doctest::Approx(1000));
  CHECK(texts_of(samples[8]) == std::vector<std::string>{"false", "true"});
  // Lexicographic: 3! orders begin with m; the 7th begins with n, then the first of m, k, b.
  CHECK(value_text(samples[9], 0) == "[m, n, k, b]");
  CHECK(value_text(samples[9], 6) == "[n, m, k, b]");
  CHECK(value_text(samples[9], 23) == "[b, k, n, m]");
}

TEST_CASE("values are different, and their texts lead back to them") {
  for (const Domain& domain : samples) {
    CAPTURE(to_text(domain));
    CHECK(check_domain(domain).empty());
    const std::vector<std::string> texts = texts_of(domain);
    CHECK(std::set(texts.begin(), texts.end()).size() == texts.size());
    for (std::uint64_t i = 0; i < texts.size(); ++i) CHECK(index_of(domain, texts[i]) == i);
    CHECK(index_of(domain, "no value") == texts.size());
    CHECK(index_of(domain, "4.5") == texts.size());
  }
}

TEST_CASE("coordinates reach every value by an equal share of the scale") {
  for (const Domain& domain : samples) {
    CAPTURE(to_text(domain));
    const std::uint64_t size = size_of(domain);
    std::vector<int> hits(size, 0);
    for (int i = 0; i < 1200; ++i) ++hits[index_at(domain, (i + 0.5) / 1200)];
    for (std::uint64_t i = 0; i < size; ++i) {
      CHECK(hits[i] == 1200 / static_cast<int>(size));
      CHECK(index_at(domain, coordinate(domain, i)) == i);
    }
    CHECK(index_at(domain, -1) == 0);
    CHECK(index_at(domain, 1) == size - 1);
    CHECK(index_at(domain, 7) == size - 1);
  }
}

TEST_CASE("what has neighbours is ordered") {
  CHECK(is_ordered(samples[0]));
  CHECK(is_ordered(samples[7]));
  CHECK_FALSE(is_ordered(samples[6]));
  CHECK_FALSE(is_ordered(samples[9]));
  CHECK(is_number(samples[7]));
  CHECK_FALSE(is_number(samples[6]));
}

TEST_CASE("a domain that holds nothing is told so") {
  CHECK(check_domain(IntegerDomain{3, 2, 1}) == "3 is above 2");
  CHECK(check_domain(IntegerDomain{1, 2, 0}) == "a step of 0 leads nowhere");
  CHECK(check_domain(IntegerDomain{0, std::int64_t{1} << 54, 1}) == "a bound is beyond 2^53");
  CHECK(check_domain(PowerDomain{0, 4}) == "powers of two cannot begin at 0");
  CHECK(check_domain(RealDomain{2, 2, 3, false}) == "2 is not below 2");
  CHECK(check_domain(RealDomain{0, 2, 3, true}) == "a logarithmic range cannot begin at 0");
  CHECK(check_domain(RealDomain{0, 2, 1, false}) == "at least two levels are needed");
  CHECK(check_domain(ChoiceDomain{{}, false}) == "there is nothing to choose from");
  CHECK(check_domain(ChoiceDomain{{"a", "b", "a"}, false}) == "'a' stands here twice");
  CHECK(check_domain(OrderDomain{{}}) == "there is nothing to order");
  CHECK(check_domain(OrderDomain{std::vector<std::string>(21, "x")}) ==
        "more than 20 items have too many orders");
}

}  // namespace
}  // namespace sluice
