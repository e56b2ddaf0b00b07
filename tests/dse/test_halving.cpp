// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <set>

#include "dse/evaluator.hpp"
#include "dse/halving.hpp"
#include "dse/run_sweep.hpp"
#include "tests/dse/sweeps.hpp"

namespace sluice {
namespace {

const std::string halved = sweep_text +
                           "search: {budget: 48, batch: 5}\n"
                           "halving:\n"
                           "  eta: 4\n"
                           "  rungs:\n"
                           "    - {set: {workload.network.layers.0.rows: 128}}\n"
                           "    - {fidelity: tile, set: {workload.network.layers.0.rows: 128}}\n";

const auto always = [](const Rung&, std::size_t, std::size_t) { return true; };

std::vector<Trial> search(const Sweep& sweep, Study& study) {
  return run_sweep(sweep, test_library(), study, [](const std::vector<Trial>&) { return true; });
}

TEST_CASE("of every eta designs the best goes on, and is looked at as the rung says") {
  const Folder folder;
  const Sweep sweep = sweep_of(halved);
  CHECK(rung_sizes(*sweep.halving, 48) == std::vector<std::size_t>{12, 3});
  CHECK(rung_sizes(*sweep.halving, 5) == std::vector<std::size_t>{1, 1});
  Study study = study_of(sweep, folder.path("s.sqlite"));
  const std::vector<Trial> trials = search(sweep, study);
  REQUIRE(climb(sweep, test_library(), study, trials, always));

  const std::vector<std::string> labels = {"analytic, workload.network.layers.0.rows=128",
                                           "tile, workload.network.layers.0.rows=128"};
  std::vector<Trial> below = trials;
  for (std::size_t r = 0; r < 2; ++r) {
    const Rung& rung = sweep.halving->rungs[r];
    CHECK(label_of(rung) == labels[r]);
    std::set<std::uint64_t> expected, found;
    std::vector<Trial> standing;
    for (const std::size_t i : best_trials(sweep, below, rung_sizes(*sweep.halving, 48)[r]))
      expected.insert(below[i].number);
    for (const ConfirmedTrial& look : study.confirmed()) {
      if (look.fidelity != labels[r]) continue;
      found.insert(look.number);
      standing.push_back(trials[look.number]);
      standing.back().result = look.result;
      CHECK(look.result ==
            evaluate_point(at_rung(sweep, rung), test_library(), trials[look.number].point));
    }
    CHECK(found == expected);
    below = standing;
  }
  CHECK(top_of(sweep, trials, study.confirmed()) == below);
}

TEST_CASE("a climb that is interrupted goes on where it was, with the same end") {
  const Folder folder;
  const Sweep sweep = sweep_of(halved);
  Study whole = study_of(sweep, folder.path("whole.sqlite"));
  const std::vector<Trial> trials = search(sweep, whole);
  climb(sweep, test_library(), whole, trials, always);
  for (const std::size_t batches : {1u, 2u, 3u}) {
    CAPTURE(batches);
    const std::string path = folder.path("cut" + std::to_string(batches) + ".sqlite");
    {
      Study study = study_of(sweep, path);
      std::size_t done = 0;
      CHECK_FALSE(climb(sweep, test_library(), study, search(sweep, study),
                        [&](const Rung&, std::size_t, std::size_t) { return ++done < batches; }));
    }
    Study study = study_of(sweep, path);
    std::size_t evaluated = study.confirmed().size();
    CHECK(evaluated > 0);
    const auto count = [&](const Rung& rung, std::span<const Point> points) {
      evaluated += points.size();
      CHECK(points.size() <= sweep.search.batch);
      return Evaluator(at_rung(sweep, rung), test_library()).evaluate(points);
    };
    CHECK(climb(sweep, count, study, search(sweep, study), always));
    CHECK(study.confirmed() == whole.confirmed());
    CHECK(evaluated == 12 + 3);  // nothing twice
  }
}

TEST_CASE("mistakes in a halving are told at their places") {
  CHECK(mistakes_of("halving: {eta: 1, rungs: [{fidelity: tile}]}") ==
        "16: eta is 1, at least 2 is required\n");
  CHECK(mistakes_of("halving: {eta: 3}") ==
        "10: the key 'rungs' is missing: looks above the first\n");
  CHECK(mistakes_of("halving: {rungs: []}") ==
        "18: rungs are a list of at least one look | such as [{fidelity: tile}]\n");
  CHECK(mistakes_of("halving: {rungs: [{fidelity: tiled}]}") ==
        "30: fidelity: 'tiled' is not known here | did you mean 'tile'?\n");
  CHECK(mistakes_of("halving: {rungs: [{set: {architecture.array.rowz: 4}}]}") ==
        "19: this rung cannot be set: unknown key 'rowz' | did you mean 'rows'?\n");
  CHECK(mistakes_of("halving: {rungs: [{fidelity: tile}, {fidelity: tile}]}") ==
        "37: rung 3 looks no closer than rung 2\n");
  CHECK(mistakes_of("halving: {rungs: [{fidelity: pe}]}") ==
        "19: no design can run: fidelity pe: the memory takes time, and pe has only the array | "
        "set architecture.dram to preset: ideal without a bandwidth, or use tile\n");
  CHECK(mistakes_of("confirm: {count: 3}\nhalving: {rungs: [{fidelity: tile}]}") ==
        "10: confirm and halving both look again at the best designs | leave one of them out\n");
}

TEST_CASE("a fidelity with which no design can run is told, one with which some can is not") {
  const std::string reason =
      ": no design can run: fidelity pe: the memory takes time, and pe has only the array | "
      "set architecture.dram to preset: ideal without a bandwidth, or use tile\n";
  CHECK(mistakes_of("fidelity: pe") == "11" + reason);
  CHECK(mistakes_of("confirm: {fidelity: pe}") == "10" + reason);
  CHECK(mistakes_of("confirm: {fidelity: tile}") == "");
  CHECK(mistakes_of("halving: {rungs: [{fidelity: pe, set: {architecture.dram.preset: ideal}}]}") ==
        "");
  std::string text = sweep_text + "fidelity: pe\n";
  text.insert(text.find("constraints:"),
              "  memory: {path: architecture.dram.preset, choices: [LPDDR5-6400, ideal]}\n");
  CHECK_NOTHROW(sweep_of(text));
}

}  // namespace
}  // namespace sluice
