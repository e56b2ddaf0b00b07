// SPDX-License-Identifier: Apache-2.0
// What holds for every searcher that is listed.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <tbb/global_control.h>

#include <cmath>
#include <set>

#include "dse/sampling.hpp"
#include "dse/searchers.hpp"
#include "dse/space_index.hpp"
#include "tests/dse/spaces.hpp"

namespace sluice {
namespace {

DesignSpace small_space() {
  return space_of(
      "parameters:\n"
      "  rows: {path: a.rows, powers_of_two: [8, 64]}\n"
      "  columns: {path: a.columns, integers: [1, 5]}\n"
      "  dataflow: {path: a.dataflow, choices: [ws, os, is]}\n"
      "  overlap: {path: a.overlap, boolean: true, when: dataflow == ws}\n"
      "  scale: {path: a.scale, reals: [0.5, 2], levels: 3, scale: logarithmic}\n"
      "constraints: ['rows * columns <= 200']\n");
}

const std::vector<Objective> objectives = {{0, false}, {1, false}};

/// A made-up outcome: a seventh of the designs fail, each in another way.
Result result_of(const Point& point) {
  std::uint64_t hash = 0;
  double cost = 1;
  for (const std::uint64_t digit : point.digits) {
    hash = hash * 31 + digit;
    cost += digit == inactive ? 0 : static_cast<double>(digit);
  }
  Result result;
  if (hash % 7 == 0) {
    result.status = static_cast<TrialStatus>(1 + hash / 7 % 4);
  } else {
    result.metrics = {cost, 100 / cost};
  }
  return result;
}

std::vector<Trial> search(const std::string& name, const DesignSpace& space, std::size_t batch,
                          std::uint64_t budget, std::uint64_t seed = 3,
                          const YamlNode& settings = {}) {
  AnySearcher searcher = make_searcher(name, {space, objectives, budget, seed}, settings);
  std::vector<Trial> trials;
  for (std::uint64_t ask = 0; trials.size() < budget; ++ask) {
    const auto points = searcher.ask(std::min(batch, budget - trials.size()));
    if (points.empty()) break;
    std::vector<Trial> told;
    for (const Point& point : points)
      told.push_back({trials.size() + told.size(), ask, point, result_of(point)});
    searcher.tell(told);
    trials.insert(trials.end(), told.begin(), told.end());
  }
  return trials;
}

std::uint64_t allowed_points(const DesignSpace& space) {
  const SpaceIndex index(space);
  std::uint64_t allowed = 0;
  for (std::uint64_t i = 0; i < *index.count(); ++i)
    if (broken_constraint(space, index.point(i)).empty()) ++allowed;
  return allowed;
}

/// Orders, and a parameter that exists with one value of another alone.
DesignSpace space_of_orders() {
  return space_of(
      "parameters:\n"
      "  loops: {path: m.loops, order: [m, n, k]}\n"
      "  tile: {path: m.tile, ordered_choices: [1, 7, 197]}\n"
      "  keep: {path: m.keep, integers: [4, 12], step: 4, when: tile == 7}\n"
      "  cascade: {path: m.cascade, choices: [one]}\n");
}

void check_reach(const DesignSpace& space) {
  const std::uint64_t allowed = allowed_points(space);
  for (const Descriptor& searcher : searcher_descriptors()) {
    CAPTURE(searcher.name);
    const std::vector<Trial> trials = search(searcher.name, space, 8, 1000);
    std::set<Point> points;
    std::vector<std::set<std::uint64_t>> values(space.parameters.size());
    for (const Trial& trial : trials) {
      CHECK(is_canonical(space, trial.point));
      CHECK(broken_constraint(space, trial.point).empty());
      points.insert(trial.point);
      for (std::size_t p = 0; p < values.size(); ++p)
        if (trial.point.digits[p] != inactive) values[p].insert(trial.point.digits[p]);
    }
    CHECK(points.size() == trials.size());
    CHECK(points.size() == allowed);
    for (std::size_t p = 0; p < values.size(); ++p)
      CHECK(values[p].size() == size_of(space.parameters[p].domain));
  }
}

TEST_CASE("every searcher reaches every value, no design twice, and ends when all are tried") {
  check_reach(small_space());
  check_reach(space_of_orders());
}

TEST_CASE("a seed decides all that a searcher does") {
  const DesignSpace space = small_space();
  for (const Descriptor& searcher : searcher_descriptors()) {
    CAPTURE(searcher.name);
    CHECK(search(searcher.name, space, 8, 60) == search(searcher.name, space, 8, 60));
    const bool has_chance = searcher.name != "grid";
    CHECK((search(searcher.name, space, 8, 60, 4) != search(searcher.name, space, 8, 60, 3)) ==
          has_chance);
  }
}

TEST_CASE("a searcher that does not know its budget begins long runs as it does short ones") {
  const DesignSpace space = small_space();
  for (const Descriptor& searcher : searcher_descriptors()) {
    CAPTURE(searcher.name);
    if (knows_budget(searcher.name)) continue;
    std::vector<Trial> longer = search(searcher.name, space, 8, 120);
    longer.resize(64);
    CHECK(longer == search(searcher.name, space, 8, 64));
  }
}

TEST_CASE("a searcher that is told only of failures goes on") {
  const DesignSpace space = small_space();
  for (const Descriptor& entry : searcher_descriptors()) {
    CAPTURE(entry.name);
    AnySearcher searcher = make_searcher(entry.name, {space, objectives, 100, 1}, {});
    for (int ask = 0; ask < 5; ++ask) {
      const auto points = searcher.ask(10);
      CHECK(points.size() == 10);
      std::vector<Trial> told;
      for (const Point& point : points)
        told.push_back({0, 0, point, {TrialStatus::crashed, "", {}, {}, {}}});
      searcher.tell(told);
    }
  }
}

TEST_CASE("a searcher that is told late, and out of order, goes on") {
  const DesignSpace space = small_space();
  for (const Descriptor& entry : searcher_descriptors()) {
    CAPTURE(entry.name);
    AnySearcher searcher = make_searcher(entry.name, {space, objectives, 200, 1}, {});
    std::set<Point> points;
    std::vector<std::vector<Trial>> waiting;
    for (std::uint64_t ask = 0; ask < 10; ++ask) {
      std::vector<Trial> batch;
      for (const Point& point : searcher.ask(7)) {
        CHECK(points.insert(point).second);
        batch.push_back({points.size() - 1, ask, point, result_of(point)});
      }
      waiting.push_back(batch);
      if (ask % 3 != 2) continue;
      for (; !waiting.empty(); waiting.pop_back()) searcher.tell(waiting.back());
    }
    CHECK(points.size() == 70);
  }
}

TEST_CASE("the hyperparameters of every searcher are a space, whose designs are settings of it") {
  const DesignSpace space = small_space();
  for (const Descriptor& entry : searcher_descriptors()) {
    CAPTURE(entry.name);
    const DesignSpace hyperparameters = hyperparameters_of(entry.name);
    CHECK(hyperparameters.parameters.size() == entry.parameters.size());
    Random random(1);
    for (int i = 0; i < 20; ++i) {
      const Point point = random_point(hyperparameters, random).value();
      YamlNode sweep = parse_yaml("search: {settings: {}}", "s.yaml");
      for (const SpaceSetting& setting : settings_of(hyperparameters, point))
        set_path(sweep, setting.path, setting.text);
      const YamlNode& settings = *sweep.find("search")->find("settings");
      CAPTURE(to_text(settings));
      AnySearcher searcher = make_searcher(entry.name, {space, objectives, 50, 1}, settings);
      CHECK(searcher.ask(5).size() == 5);
    }
    for (const SpaceParameter& p : hyperparameters.parameters) {
      CAPTURE(p.name);
      CHECK(check_domain(p.domain).empty());
      CHECK(p.usual.value() < size_of(p.domain));
    }
  }
}

/// Eight parameters of eight values each, that matter differently; a valley along two of them.
DesignSpace large_space() {
  std::string text = "parameters:\n";
  for (const char name : std::string("abcdefgh"))
    text += fmt::format("  {0}: {{path: architecture.array.{0}, integers: [1, 8]}}\n", name);
  return space_of(text);
}

TEST_CASE("what learns from a part of the trials, or not from every ask, follows from its seed") {
  const DesignSpace space = large_space();
  const auto found = [&](const std::string& name, std::uint64_t budget, std::size_t threads) {
    const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
    const YamlNode settings = name == "surrogate" ? parse_yaml("trees: 8", "s.yaml") : YamlNode();
    return search(name, space, name == "bayes" ? 20 : 4, budget, 3, settings);
  };
  for (const auto& [name, budget] : {std::pair("bayes", 400), std::pair("surrogate", 500)}) {
    CAPTURE(name);
    const std::vector<Trial> one = found(name, budget, 1);
    CHECK(one.size() == budget);
    CHECK(found(name, budget, 4) == one);
  }
}

double best_cost(const std::string& name, std::uint64_t seed) {
  const DesignSpace space = large_space();
  const std::vector<Objective> cycles = {{0, false}};
  AnySearcher searcher = make_searcher(name, {space, cycles, 200, seed}, {});
  double best = 1e9;
  for (std::uint64_t number = 0; number < 200;) {
    std::vector<Trial> told;
    for (const Point& point : searcher.ask(10)) {
      double cost = 1;
      for (std::size_t p = 0; p < 8; ++p) {
        const auto away = static_cast<double>(point.digits[p]) - static_cast<double>(p % 5);
        cost += away * away * static_cast<double>(p + 1);
      }
      Result result;
      result.metrics = {cost, 1};
      result.stalls = {{"fill", static_cast<std::uint64_t>(cost / 2)}};
      told.push_back({number++, 0, point, result});
      best = std::min(best, cost);
    }
    searcher.tell(told);
  }
  return best;
}

TEST_CASE("a searcher that learns finds better designs than chance" * doctest::test_suite("slow")) {
  const auto total = [](const std::string& name) {
    double sum = 0;
    for (std::uint64_t seed = 1; seed <= 5; ++seed) sum += best_cost(name, seed);
    return sum;
  };
  const double random = total("random");
  for (const char* name : {"annealing", "genetic", "nsga2", "tpe", "bayes", "bottleneck",
                           "surrogate", "cma_es", "ant_colony", "ppo", "multi_agent_ppo"}) {
    CAPTURE(name);
    CHECK(total(name) < 0.8 * random);
  }
}

/// The largest weighted sum of digits, 162 at most, of 200 designs that are feasible, those of at
/// most 24 digits in all: more is better by little, and the first parameter is worse by much.
double farthest_feasible(const std::string& name, std::uint64_t seed) {
  const DesignSpace space = large_space();
  const std::vector<Objective> cycles = {{0, false}};
  AnySearcher searcher = make_searcher(name, {space, cycles, 200, seed}, {});
  double most = 0;
  for (std::uint64_t number = 0; number < 200;) {
    std::vector<Trial> told;
    for (const Point& point : searcher.ask(10)) {
      double sum = 0, size = 0;
      for (std::size_t p = 0; p < 8; ++p) {
        sum += static_cast<double>(point.digits[p]) * static_cast<double>(p + 1);
        size += static_cast<double>(point.digits[p]);
      }
      Result result;
      result.metrics = {std::exp(3 * static_cast<double>(point.digits[0]) - sum / 100), 1};
      if (size > 24) result.status = TrialStatus::infeasible;
      told.push_back({number++, 0, point, result});
      if (size <= 24) most = std::max(most, sum);
    }
    searcher.tell(told);
  }
  return most;
}

TEST_CASE("surrogate searches at the edge of what is feasible, not where all is safe" *
          doctest::test_suite("slow")) {
  double sum = 0;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) sum += farthest_feasible("surrogate", seed);
  CHECK(sum / 5 > 145);
}

}  // namespace
}  // namespace sluice
