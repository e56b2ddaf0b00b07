// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <stdexcept>

#include "dse/evaluator.hpp"
#include "dse/result_bytes.hpp"
#include "dse/worker_pool.hpp"
#include "tests/dse/sweeps.hpp"

namespace sluice {
namespace {

/// What a design is worth here, by its one digit: 7 dies, 8 ends, 9 never ends.
Result judge(const Point& point) {
  const std::uint64_t digit = point.digits[0];
  if (digit == 7) raise(SIGKILL);
  if (digit == 8) _exit(3);
  while (digit == 9) pause();
  return {TrialStatus::ok, "", {static_cast<double>(digit)}, "b", {{"fill", digit}}};
}

std::vector<Point> points_of(std::initializer_list<std::uint64_t> digits) {
  std::vector<Point> points;
  for (const std::uint64_t digit : digits) points.push_back({{digit}});
  return points;
}

TEST_CASE("results come in the order of the points, with any number of workers") {
  std::vector<Point> points;
  for (std::uint64_t i = 100; i < 160; ++i) points.push_back({{i}});
  for (const std::size_t workers : {1u, 2u, 3u}) {
    WorkerPool pool(judge, {workers, 0});
    for (int round = 0; round < 2; ++round) {
      const std::vector<Result> results = pool.evaluate(points);
      REQUIRE(results.size() == points.size());
      for (std::size_t i = 0; i < points.size(); ++i) CHECK(results[i] == judge(points[i]));
    }
    CHECK(pool.evaluate({}).empty());
  }
}

TEST_CASE("a worker that dies costs one design") {
  WorkerPool pool(judge, {2, 0});
  const std::vector<Result> results = pool.evaluate(points_of({1, 7, 2, 8, 3, 7, 7, 4}));
  for (const std::size_t i : {0u, 2u, 4u, 7u}) CHECK(results[i].status == TrialStatus::ok);
  CHECK(results[1].status == TrialStatus::crashed);
  CHECK(results[1].reason == "the worker was ended by signal 9 (Killed)");
  CHECK(results[3].reason == "the worker ended with status 3");
  CHECK(results[5] == results[1]);
  CHECK(pool.evaluate(points_of({5}))[0].metrics == std::vector<double>{5});
}

TEST_CASE("a design that never ends costs its time, and one design") {
  WorkerPool pool(judge, {2, 1});
  const std::vector<Result> results = pool.evaluate(points_of({1, 9, 2, 9, 3}));
  for (const std::size_t i : {0u, 2u, 4u}) CHECK(results[i].status == TrialStatus::ok);
  for (const std::size_t i : {1u, 3u}) {
    CHECK(results[i].status == TrialStatus::timeout);
    CHECK(results[i].reason == "took longer than 1 s");
  }
}

/// Whether `work` ends by itself, in a process group of its own.
template <class Work>
bool survives(Work work) {
  const pid_t child = fork();
  if (child == 0) {
    setpgid(0, 0);
    work();
    _exit(0);
  }
  int status = 0;
  return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST_CASE("workers that have hardly begun are ended for their time, and nobody else") {
  CHECK(survives([] {
    for (int round = 0; round < 20; ++round) {
      WorkerPool pool(judge, {2, 1e-5});
      for (const Result& result : pool.evaluate(points_of({9, 9, 9, 9})))
        if (result.status != TrialStatus::timeout) _exit(1);
    }
  }));
}

TEST_CASE("what a pulse throws ends what is under way, and the pool serves on") {
  WorkerPool pool(judge, {2, 0});
  int pulses = 0;
  const auto third = [&] {
    if (++pulses == 3) throw std::runtime_error("enough");
  };
  CHECK_THROWS_WITH(pool.evaluate(points_of({9, 9, 1}), third), "enough");
  CHECK(pulses == 3);
  CHECK(pool.evaluate(points_of({5, 6})) == std::vector{judge({{5}}), judge({{6}})});
}

TEST_CASE("a batch that a pulse ended is not known afterwards") {
  Sweep sweep = sweep_of(sweep_text);
  bool throws = true;
  Evaluator evaluator(sweep, test_library(), [&] {
    if (throws) throw std::runtime_error("enough");
  });
  const std::vector<Point> points = {{{0, 1, 12}}, {{3, 2, 11}}};
  CHECK_THROWS_WITH(evaluator.evaluate(points), "enough");
  throws = false;
  CHECK(evaluator.evaluate(points) == Evaluator(sweep, test_library()).evaluate(points));
}

TEST_CASE("results survive the way between processes") {
  const Result result = {TrialStatus::infeasible, "a\nb", {1, 0.1, -0.0}, "", {{"x", 1}, {"", 2}}};
  CHECK(result_of_bytes(to_bytes(result)) == result);
  const Point point{{0, inactive, 5}};
  CHECK(point_of_bytes(to_bytes(point)) == point);
}

TEST_CASE("tile in workers gives what tile gives in this process") {
  for (const Fidelity fidelity : {Fidelity::tile, Fidelity::pe}) {
    Sweep sweep = sweep_of(sweep_text);
    sweep.fidelity = fidelity;
    sweep.search.workers = 2;
    Evaluator evaluator(sweep, test_library());
    const std::vector<Point> points = {{{0, 1, 12}}, {{3, 2, 11}}, {{0, 1, 12}}, {{0, 0, 0}}};
    const std::vector<Result> results = evaluator.evaluate(points);
    for (std::size_t i = 0; i < points.size(); ++i)
      CHECK(results[i] == evaluate_point(sweep, test_library(), points[i]));
  }
}

// A memory alone gives every command at any fidelity, so that its time is that of its trace.
TEST_CASE("a timeout holds in analytic too, and costs one design") {
  Sweep sweep = sweep_of(
      "name: traces\n"
      "experiment:\n"
      "  workload: {trace: {pattern: stream}}\n"
      "  architecture: {include: " +
      source_path("configs/arch/ddr3_1600.yaml") +
      "}\n"
      "parameters:\n"
      "  requests: {path: workload.trace.requests, ordered_choices: [10, 20000000, 20]}\n"
      "objectives: [cycles]\n");
  const std::vector<Point> quick = {{{0}}, {{2}}};
  const std::vector<Result> expected = Evaluator(sweep, test_library()).evaluate(quick);
  sweep.search.timeout = Seconds{1};
  sweep.search.workers = 2;
  const std::vector<Result> results =
      Evaluator(sweep, test_library()).evaluate(std::vector<Point>{{{0}}, {{1}}, {{2}}});
  CHECK(results[0] == expected[0]);
  CHECK(results[1].status == TrialStatus::timeout);
  CHECK(results[1].reason == "took longer than 1 s");
  CHECK(results[2] == expected[1]);
}

}  // namespace
}  // namespace sluice
