// SPDX-License-Identifier: Apache-2.0
// Points under conditions: counted, against every point looked at.
#include <doctest/doctest.h>

#include <random>

#include "tests/source_path.hpp"
#include "workloads/cascade/analysis.hpp"
#include "workloads/cascade/count.hpp"
#include "workloads/cascade/evaluate.hpp"
#include "workloads/cascade/lattice.hpp"
#include "workloads/cascade/load.hpp"

namespace sluice {
namespace {

/// Looks at every point; true when one holds below `rank`. Counts points of the ranks that are
/// kept, which come first.
bool look(const PointSpace& space, std::vector<std::int64_t>& point, std::size_t rank,
          std::uint64_t& count) {
  if (rank == point.size()) {
    for (const Inequality& i : space.inequalities) {
      std::int64_t sum = i.constant;
      for (std::size_t r = 0; r < point.size(); ++r) sum += i.coefficients[r] * point[r];
      if (sum < 0) return false;
    }
    return true;
  }
  bool any = false;
  for (point[rank] = 0; point[rank] < static_cast<std::int64_t>(space.sizes[rank]); ++point[rank]) {
    const bool found = look(space, point, rank + 1, count);
    const bool last_kept = space.kept[rank] && (rank + 1 == point.size() || !space.kept[rank + 1]);
    if (found && last_kept) ++count;
    any = any || found;
  }
  return any;
}

std::uint64_t by_looking(const PointSpace& space) {
  std::vector<std::int64_t> point(space.sizes.size());
  std::uint64_t count = 0;
  const bool any = look(space, point, 0, count);
  return !space.kept.empty() && space.kept[0] ? count : (any ? 1 : 0);
}

TEST_CASE("random conditions on up to four ranks are counted exactly") {
  const std::uint64_t seed = 20250312;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  const auto within = [&](std::int64_t most) {
    return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(2 * most + 1)) - most;
  };
  for (int round = 0; round < 6000; ++round) {
    PointSpace space;
    const std::size_t ranks = 1 + random() % 4, kept = random() % (ranks + 1);
    for (std::size_t r = 0; r < ranks; ++r) {
      space.sizes.push_back(1 + random() % 7);
      space.kept.push_back(r < kept);
    }
    const std::size_t conditions = random() % 4;
    for (std::size_t i = 0; i < conditions; ++i) {
      Inequality inequality{{}, within(12)};
      const bool radix = ranks > 1 && random() % 3 == 0;  // m1*M0+m0 is frequent
      for (std::size_t r = 0; r < ranks; ++r) inequality.coefficients.push_back(within(3));
      if (radix)
        inequality.coefficients[0] =
            inequality.coefficients[1] * static_cast<std::int64_t>(space.sizes[1]);
      space.inequalities.push_back(std::move(inequality));
    }
    CAPTURE(round);
    CHECK(count_points({space}).value() == by_looking(space));
  }
}

TEST_CASE("points in any of several cases are counted once") {
  const std::uint64_t seed = 20250314;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  const std::vector<std::string> forms = {"a < b",       "a+2*b >= 5", "a == c",
                                          "a+b+c < N-3", "c > 2",      "a*4+b <= 9"};
  int exact = 0;
  for (int round = 0; round < 100; ++round) {
    const auto pick = [&] { return forms[random() % forms.size()]; };
    const std::string condition = pick() + " or " + pick() + " and (" + pick() + " or not (" +
                                  pick() + " and " + pick() + "))";
    CAPTURE(condition);
    const std::string head =
        "name: c\nparameters: {N: 9}\nranks: {a: 5, b: 4, c: 6}\n"
        "inputs: [\"X[a,b,c]\"]\neinsums: |\n";
    const Cascade all =
        parse_cascade(head + "  Z[a,b,c] = 1 + 0 * X[a,b,c] where " + condition, "c");
    const Cascade some =
        parse_cascade(head + "  Z[a] = 1 + 0 * X[a,b,c] :: +(b,c) where " + condition, "c");
    CHECK(parse_cascade(to_text(all), "again") == all);
    double points = 0, results = 0;
    const TensorValues ones = evaluate_cascade(all, random_inputs(all, 1));
    const TensorValues sums = evaluate_cascade(some, random_inputs(some, 1));
    for (const double one : ones.at("Z")) points += one;
    for (const double sum : sums.at("Z")) results += sum > 0 ? 1 : 0;
    const EinsumFacts facts = facts_of(some.einsums[0], some);
    if (!facts.exact) continue;  // more than ten cases
    ++exact;
    CHECK(static_cast<double>(facts_of(all.einsums[0], all).points) == points);
    CHECK(static_cast<double>(facts.points) == points);
    CHECK(static_cast<double>(facts.results) == results);
  }
  CHECK(exact > 80);
}

TEST_CASE("sums of floors are those of the terms") {
  const std::uint64_t seed = 20250313;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 2000; ++round) {
    const auto count = static_cast<std::int64_t>(random() % 30);
    const auto divisor = static_cast<std::int64_t>(1 + random() % 20);
    const auto slope = static_cast<std::int64_t>(random() % 101) - 50;
    const auto start = static_cast<std::int64_t>(random() % 201) - 100;
    Wide sum = 0;
    for (std::int64_t i = 0; i < count; ++i) sum += floor_div(slope * i + start, divisor);
    CHECK(floor_sum(count, divisor, slope, start) == sum);
  }
}

TEST_CASE("long masks are counted in closed form") {
  // Causal: n (n + 1) / 2 pairs a head; a window of w leaves out (n - w) (n - w + 1) / 2 of them.
  const std::uint64_t n = 1048576, w = 4096;
  for (const char* name : {"attention_1pass", "attention_3pass"}) {
    CAPTURE(name);
    const std::string file = source_path("configs/cascades/") + name + ".yaml";
    std::vector<CascadeSetting> settings = {
        {"keys", "1048576"}, {"mask", "causal"}, {"kv_heads", "1"}};
    const Cascade causal = load_cascade(file, settings);
    settings[1].value = "window";
    settings.push_back({"window_size", "4096"});
    const Cascade window = load_cascade(file, settings);
    for (std::size_t i = 0; i < causal.einsums.size(); ++i) {
      if (causal.einsums[i].output.tensor != "BQK" && causal.einsums[i].output.tensor != "QK")
        continue;
      const EinsumFacts c = facts_of(causal.einsums[i], causal);
      CHECK(c.exact);
      CHECK(c.points == 8 * (n * (n + 1) / 2));  // e = 8
      CHECK(facts_of(window.einsums[i], window).points ==
            8 * (n * (n + 1) / 2 - (n - w) * (n - w + 1) / 2));
    }
    for (const EinsumFacts& einsum : facts_of(window).einsums) CHECK(einsum.exact);
  }
}

TEST_CASE(
    "a count that would take too long is given without conditions, and "
    "says so") {
  const Cascade c = parse_cascade(
      "name: c\nranks: {a: 5000, b: 5000, c: 5000, d: 5000}\ninputs: "
      "[\"X[a,b,c,d]\"]\n"
      "einsums: |\n  Z[a,b,c,d] = X[a,b,c,d] where a*3+b*5+c*7+d*11 < 40000\n",
      "c.yaml");
  const EinsumFacts facts = facts_of(c.einsums[0], c);
  CHECK_FALSE(facts.exact);
  CHECK(facts.points == 625000000000000);
}

}  // namespace
}  // namespace sluice
