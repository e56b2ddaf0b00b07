// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <tbb/global_control.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <span>

#include "base/files.hpp"
#include "dse/comparison/comparison.hpp"
#include "dse/comparison/pagmo_nsga2.hpp"
#include "dse/evaluator.hpp"
#include "dse/front.hpp"
#include "sim/version.hpp"
#include "tests/base/errors.hpp"
#include "tests/dse/sweeps.hpp"

namespace sluice {
namespace {

const auto always = [](std::uint64_t, std::uint64_t) { return true; };

Truth truth_of(const Sweep& sweep) {
  return Truth::enumerate(sweep, test_library(), always).value();
}

TEST_CASE("the truth is what evaluating each design says, and its front beats all") {
  const Sweep sweep = sweep_of(sweep_text);
  const Truth truth = truth_of(sweep);
  const SpaceIndex index(sweep.space);
  std::vector<Trial> all;
  for (std::uint64_t i = 0; i < *index.count(); ++i) {
    const Point point = index.point(i);
    if (!broken_constraint(sweep.space, point).empty()) continue;
    Result result = evaluate_point(sweep, test_library(), point);
    const Result known = truth.result(point);
    CHECK(known.status == result.status);
    CHECK(known.metrics == result.metrics);
    CHECK(known.stalls == result.stalls);
    all.push_back({i, 0, point, std::move(result)});
  }
  CHECK(truth.designs() == all.size());
  CHECK(truth.front().size() == front_of(sweep.objectives, all).size());
  CHECK(Regret(truth).of(all) == doctest::Approx(0));
  CHECK(Regret(truth).of(std::vector<Trial>()) == doctest::Approx(1));
}

TEST_CASE("a truth that was kept is the same, and one that is not of today says why") {
  const Folder folder;
  const std::string path = folder.path("small.truth");
  const Sweep sweep = sweep_of(sweep_text);
  const auto stale = [&](const Sweep& of) {
    const KeptTruth kept = Truth::load(of, test_library(), path);
    CHECK_FALSE(kept.truth);
    return kept.stale;
  };
  CHECK(stale(sweep) == "");  // there is none
  truth_of(sweep).save(path);
  const KeptTruth kept = Truth::load(sweep, test_library(), path);
  REQUIRE(kept.truth);
  CHECK(kept.truth->front() == truth_of(sweep).front());

  Sweep other = sweep;
  other.objectives.pop_back();
  CHECK(stale(other) == "it is of another space, experiment, objectives or fidelity");
  const std::string text = read_file(path, 1 << 20);
  std::string changed = text;
  changed.replace(text.find("truth 1 ") + 8, 1, "9");
  write_file_atomic(path, changed);
  CHECK(stale(sweep) == "it is of sluice 9" + std::string(version()).substr(1) + ", this is " +
                            std::string(version()));
  write_file_atomic(path, std::string_view(text).substr(0, text.size() - 1));
  CHECK(stale(sweep) == "it is damaged");
  write_file_atomic(path, "something else");
  CHECK(stale(sweep) == "it is no file of designs");
  // The first design's status is another: what a change of a model without a new version does.
  changed = text;
  const std::size_t body = text.find('\n', text.find('\n') + 1) + 1;
  changed[body] = static_cast<char>(TrialStatus::crashed);
  write_file_atomic(path, changed);
  CHECK(stale(sweep) == "the models have changed: another result for rows=4, columns=4, sums=1 B");
}

TEST_CASE("a space that is too large is not enumerated") {
  Sweep sweep = sweep_of(sweep_text);
  sweep.space.parameters[0].domain = IntegerDomain{1, 4'000'000, 1};
  CHECK(error_of([&] { truth_of(sweep); }) ==
        "small: error: a space of 2.6e+08 designs is not enumerated, at most 5000000 are\n"
        "hint: use a smaller space");
}

TEST_CASE("regret of one objective is the share by which the best is worse than the optimum") {
  Sweep sweep = sweep_of(sweep_text);
  sweep.objectives = {{0, false}};
  const Truth truth = truth_of(sweep);
  Trial trial = truth.front()[0];
  trial.result.metrics[0] *= 1.25;
  CHECK(Regret(truth).of(std::vector{trial}) == doctest::Approx(0.25));
  trial.result.status = TrialStatus::infeasible;
  CHECK(std::isinf(Regret(truth).of(std::vector{trial})));
}

TEST_CASE("a comparison is the same on one thread and on many, pagmo's NSGA-II included") {
  const Sweep sweep = sweep_of(sweep_text);
  const Truth truth = truth_of(sweep);
  const ComparisonSettings settings{{"random", "tpe", "bayes", pagmo_nsga2_name}, {40, 80}, 3, 8};
  const auto regrets = [&](std::size_t threads) {
    const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
    std::vector<std::vector<double>> found;
    for (const ComparisonCell& cell : compare(truth, settings, always))
      found.push_back(cell.regrets);
    return found;
  };
  const auto one = regrets(1);
  CHECK(one.size() == 8);
  CHECK(one == regrets(4));
  CHECK(compare(truth, settings, [](std::uint64_t, std::uint64_t) { return false; }).empty());
}

TEST_CASE("a run that has found all of the best ends, with the regret of one that goes on") {
  Sweep sweep = sweep_of(sweep_text);
  for (const std::size_t objectives : {2, 1}) {
    sweep.objectives.resize(objectives);
    const Truth truth = truth_of(sweep);
    const Regret regret(truth);
    const std::uint64_t all = truth.designs();
    for (const char* searcher : {"random", "nsga2", "tpe"}) {
      CAPTURE(searcher);
      const SearcherRun whole = run_searcher(truth, searcher, all, 2, 4);
      const SearcherRun ended = run_searcher(truth, searcher, all, 2, 4, regret.best());
      CHECK(whole.trials.size() == all);
      CHECK(ended.trials.size() < all);
      CHECK(std::ranges::equal(ended.trials, std::span(whole.trials).first(ended.trials.size())));
      CHECK(regret.of(ended.trials) == regret.of(whole.trials));
      CHECK(regret.of(std::span(ended.trials).first(ended.trials.size() - 4)) > 0);
    }
  }
}

TEST_CASE("cells of several budgets are those of each budget by itself") {
  const Sweep sweep = sweep_of(sweep_text);
  const Truth truth = truth_of(sweep);
  const std::vector<std::string> searchers = {"random", "annealing", "ppo", pagmo_nsga2_name};
  const auto together = compare(truth, {searchers, {24, 56, 80}, 3, 8}, always);
  REQUIRE(together.size() == 12);
  for (const ComparisonCell& cell : together) {
    CAPTURE(cell.searcher);
    const auto alone = compare(truth, {{cell.searcher}, {cell.budget}, 3, 8}, always);
    CHECK(cell.regrets == alone.at(0).regrets);
    CHECK(cell.designs == alone.at(0).designs);
    CHECK(cell.designs <= static_cast<double>(cell.budget));
  }
}

TEST_CASE("the NSGA-II of pagmo looks at designs that keep the constraints, none twice") {
  const Sweep sweep = sweep_of(sweep_text);
  const Truth truth = truth_of(sweep);
  const std::vector<Trial> trials = pagmo_nsga2(truth, 60, 1);
  CHECK(trials.size() == 60);
  std::set<Point> points;
  for (const Trial& trial : trials) {
    CHECK(broken_constraint(sweep.space, trial.point).empty());
    points.insert(trial.point);
  }
  CHECK(points.size() == 60);
}

}  // namespace
}  // namespace sluice
