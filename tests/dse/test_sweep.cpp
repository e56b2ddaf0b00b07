// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "dse/evaluator.hpp"
#include "dse/judged.hpp"
#include "dse/metrics.hpp"
#include "sim/evaluate.hpp"
#include "tests/base/errors.hpp"
#include "tests/dse/sweeps.hpp"

namespace sluice {
namespace {

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  REQUIRE(at != text.npos);
  return text.replace(at, from.size(), to);
}
std::string mistake(const std::string& from, const std::string& to) {
  return error_of([&] { sweep_of(replaced(sweep_text, from, to)); });
}

TEST_CASE("a sweep is read") {
  const Sweep sweep = sweep_of(sweep_text +
                               "search: {searcher: genetic, budget: 7, batch: 3, "
                               "seed: 5, settings: {population: 4}}\n");
  CHECK(sweep.name == "small");
  CHECK(sweep.space.parameters.size() == 3);
  CHECK(sweep.space.constraints.size() == 1);
  CHECK(sweep.metric_constraints.size() == 1);
  REQUIRE(sweep.objectives.size() == 2);
  CHECK(metrics()[sweep.objectives[1].metric].name == "energy_j");
  CHECK(sweep.search.searcher == "genetic");
  CHECK(sweep.search.budget == 7);
  CHECK(sweep.fidelity == Fidelity::analytic);
}

TEST_CASE("a trial is what evaluate() says of the design") {
  const Sweep sweep = sweep_of(sweep_text);
  const Point point{{2, 3, 12}};  // 16 x 32, 4096 B
  const Result result = evaluate_point(sweep, test_library(), point);
  Experiment experiment = read_experiment(apply(sweep, point), test_library());
  const Architecture& machine = std::get<SystolicSetup>(experiment.setup).machine;
  CHECK(machine.array.rows == 16);
  CHECK(machine.array.columns == 32);
  CHECK(machine.scratchpads[2].capacity.value == 4096);
  const Outcome outcome = evaluate(experiment, test_library());
  const Report* report = std::get_if<Report>(&outcome);
  REQUIRE(report != nullptr);
  CHECK(result.status == TrialStatus::ok);
  CHECK(result.metrics == metrics_of(*report));
  CHECK(result.bottleneck == report->total.bottleneck);
}

TEST_CASE("a design that cannot be has the reason, not a number") {
  const Sweep sweep = sweep_of(sweep_text);
  const Result broken = evaluate_point(sweep, test_library(), {{4, 4, 12}});
  CHECK(broken.status == TrialStatus::infeasible);
  CHECK(broken.reason == "broken: rows * columns <= 1024");
  CHECK(broken.metrics.empty());
  const Sweep tight = sweep_of(replaced(sweep_text, "area_mm2 <= 1.16", "area_mm2 <= 0.001"));
  const Result large = evaluate_point(tight, test_library(), {{0, 0, 12}});
  CHECK(large.status == TrialStatus::infeasible);
  CHECK(large.reason == "broken: area_mm2 <= 0.001");
  CHECK(large.metrics.size() == metrics().size());
  const Result cramped = evaluate_point(sweep, test_library(), {{0, 0, 0}});  // 1 B of sums
  CHECK(cramped.status == TrialStatus::infeasible);
  CHECK(cramped.reason.find("needed") != std::string::npos);
}

TEST_CASE("what is no number is told, and stands for no design") {
  const Sweep sweep = sweep_of(
      replaced(sweep_text, "area_mm2 <= 1.16", "cycles / (rows - 16) <= 1e9, area_mm2 <= 9"));
  const Result result = evaluate_point(sweep, test_library(), {{2, 3, 12}});  // 16 rows
  CHECK(result.status == TrialStatus::infeasible);
  CHECK(result.reason == "broken: cycles / (rows - 16) <= 1e9 (a side of it is no finite number)");
  CHECK(evaluate_point(sweep, test_library(), {{3, 3, 12}}).status == TrialStatus::ok);
}

TEST_CASE("a result whose objective is no finite number is invalid, and says which") {
  const auto judged = [](const std::vector<double>& values, TrialStatus status) {
    Result result{status, "", values, "", {}};
    const std::vector<Objective> objectives = {{0, false}, {2, false}};
    require_numbers(objectives, result);
    return std::string(name_of(result.status)) + ": " + result.reason;
  };
  const double nan = std::nan(""), infinity = std::numeric_limits<double>::infinity();
  CHECK(judged({1, 2, 3}, TrialStatus::ok) == "ok: ");
  CHECK(judged({1, nan, 3}, TrialStatus::ok) == "ok: ");  // is no objective
  CHECK(judged({1, 2, nan}, TrialStatus::ok) == "invalid: energy_j is not a number");
  CHECK(judged({-infinity, 2, nan}, TrialStatus::ok) == "invalid: cycles is infinite");
  CHECK(judged({}, TrialStatus::ok) == "invalid: no metric is a number");
  CHECK(judged({}, TrialStatus::timeout) == "timeout: ");
}

TEST_CASE("a batch is computed once for equal designs, in the order of the question") {
  const Sweep sweep = sweep_of(sweep_text);
  Evaluator evaluator(sweep, test_library());
  const std::vector<Point> points = {{{0, 1, 12}}, {{3, 2, 11}}, {{0, 1, 12}}, {{1, 1, 5}}};
  const std::vector<Result> results = evaluator.evaluate(points);
  for (std::size_t i = 0; i < points.size(); ++i)
    CHECK(results[i] == evaluate_point(sweep, test_library(), points[i]));
  Result known;
  known.reason = "told";
  Evaluator told(sweep, test_library());
  told.remember(points[1], known);
  CHECK(told.evaluate(std::span(points).subspan(1, 1))[0].reason == "told");
}

TEST_CASE("mistakes of a sweep are told with their place") {
  CHECK(mistake("architecture.array.rows", "architecture.array.rowz") ==
        "s.yaml:9:3: error: parameter 'rows' cannot be set: unknown key 'rowz'\n"
        "    rows: {path: architecture.array.rowz, powers_of_two: [4, 64]}\n"
        "    ^\n"
        "hint: did you mean 'rows'?");
  CHECK(mistake("[cycles, energy_j]", "[cycle]") ==
        "s.yaml:13:14: error: metric: 'cycle' is not known here\n"
        "  objectives: [cycle]\n"
        "               ^\n"
        "hint: did you mean 'cycles'?");
  CHECK(mistake("[cycles, energy_j]", "{largest: cycles}") ==
        "s.yaml:13:13: error: an objective is the name of a metric\n"
        "  objectives: {largest: cycles}\n"
        "              ^\n"
        "hint: such as cycles, or {maximize: utilization}");
  CHECK(mistake("objectives: [cycles, energy_j]\n",
                "objectives: cycles\nsearch: {searcher: randon}\n") ==
        "s.yaml:14:20: error: there is no searcher 'randon'\n"
        "  search: {searcher: randon}\n"
        "                     ^\n"
        "hint: did you mean 'random'?");
  CHECK(mistake("objectives: [cycles, energy_j]\n",
                "objectives: cycles\nsearch: {searcher: nsga2, settings: {population: 1}}\n") ==
        "s.yaml:14:50: error: population is 1, at least 2 is required\n"
        "  search: {searcher: nsga2, settings: {population: 1}}\n"
        "                                                   ^");
}

TEST_CASE("a choice that is no known word is told, one that goes with others is none") {
  const auto with = [](const std::string& parameters) {
    return replaced(sweep_text, "constraints:", parameters + "constraints:");
  };
  CHECK(error_of([&] {
          sweep_of(with("  flow: {path: architecture.array.dataflow, choices: [ws, oss, is]}\n"));
        }) ==
        "s.yaml:12:3: error: parameter 'flow' cannot be oss: dataflow: 'oss' is not known here\n"
        "    flow: {path: architecture.array.dataflow, choices: [ws, oss, is]}\n"
        "    ^\n"
        "hint: did you mean 'os'?");
  // os has no operand to load before a fold, which the machine of the file does
  CHECK(sweep_of(with("  flow: {path: architecture.array.dataflow, choices: [ws, os]}\n"
                      "  early: {path: architecture.array.double_buffered_stationary, "
                      "boolean: true, when: flow != os}\n"
                      "  late: {path: architecture.array.double_buffered_stationary, "
                      "choices: [false], when: flow == os}\n"))
            .space.parameters.size() == 6);
}

TEST_CASE("an objective that needs prices is refused on machines of every model without them") {
  const auto hint_of = [](const std::string& experiment) {
    try {
      sweep_of("name: s\nexperiment: " + experiment +
               "\nparameters:\n  seed: {path: simulation.seed, integers: [1, 2]}\n"
               "objectives: [energy_j]\n");
    } catch (const SpecError& error) {
      REQUIRE(error.diagnostics().size() == 1);
      CHECK(error.diagnostics()[0].message == "energy_j needs prices, and the machine has none");
      return error.diagnostics()[0].hint;
    }
    return std::string();
  };
  const auto machine = [](const std::string& name, const std::string& more) {
    return "architecture: {include: " + source_path("configs/arch/" + name + ".yaml") + more + "}}";
  };
  const std::string table = "name a table: architecture.energy_table (see `sluice list tables`)";
  const std::string bert = "{workload: {model: bert_base}, ";
  CHECK(hint_of(bert + machine("tpu_like", ", energy_table: ''")) == table);
  CHECK(hint_of(bert + machine("fusemax", ", energy_table: ''")) == table);
  CHECK(hint_of(bert + machine("fusemax", "")).empty());
  CHECK(hint_of(bert + machine("fusemax_forms", ", prices: null")) ==
        "state them: architecture.prices");
  CHECK(hint_of("{workload: {trace: {pattern: random}}, " +
                machine("ddr3_1600", ", currents: null")) ==
        "state the currents of its DRAM: architecture.currents");
}

TEST_CASE("a constraint that needs prices is refused where there are none") {
  const std::string text =
      replaced(replaced(sweep_text, "}\nparameters", ", energy_table: ''}\nparameters"),
               "[cycles, energy_j]", "[cycles]");
  CHECK(error_of([&] { sweep_of(text); }) ==
        "s.yaml:12:39: error: area_mm2 needs prices, and the machine has none\n"
        "  constraints: [rows * columns <= 1024, area_mm2 <= 1.16]\n"
        "                                        ^\n"
        "hint: name a table: architecture.energy_table (see `sluice list tables`)");
}

TEST_CASE("constraints that say nothing, or that nothing keeps, are mistakes") {
  CHECK(mistake("[rows * columns <= 1024, area_mm2 <= 1.16]", "[rows > 64, '']") ==
        "s.yaml:12:26: error: a constraint is empty\n"
        "  constraints: [rows > 64, '']\n"
        "                           ^\n"
        "hint: write a condition, such as `rows <= 64`");
  CHECK(mistake("[rows * columns <= 1024, area_mm2 <= 1.16]", "[rows > 64]") ==
        "s.yaml:12:15: error: none of the 325 designs keeps 'rows > 64'\n"
        "  constraints: [rows > 64]\n"
        "                ^");
  CHECK(mistake("[rows * columns <= 1024, area_mm2 <= 1.16]", "[rows > 8, rows < 8]") ==
        "s.yaml:12:14: error: none of the 325 designs keeps all constraints together\n"
        "  constraints: [rows > 8, rows < 8]\n"
        "               ^\n"
        "hint: each alone can be kept");
}

}  // namespace
}  // namespace sluice
