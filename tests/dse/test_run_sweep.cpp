// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <stdexcept>

#include "dse/evaluator.hpp"
#include "dse/run_sweep.hpp"
#include "dse/searchers.hpp"
#include "tests/dse/sweeps.hpp"

namespace sluice {
namespace {

Sweep sweep_with(const std::string& searcher, std::uint64_t budget = 30) {
  Sweep sweep = sweep_of(sweep_text);
  sweep.search = {searcher, budget, 8, 11};
  return sweep;
}

/// All trials of a sweep that is stopped after `stop` trials, as often as it takes to end it.
std::vector<Trial> run_in_pieces(const Sweep& sweep, std::size_t stop) {
  const Folder folder;
  std::vector<Trial> trials;
  for (std::size_t limit = stop; trials.size() + stop >= limit; limit += stop) {
    Study study = Study::open(folder.path("s.sqlite"), info_of(sweep));
    trials = run_sweep(sweep, test_library(), study,
                       [&](const std::vector<Trial>& so_far) { return so_far.size() < limit; });
  }
  return trials;
}

TEST_CASE("a sweep that is interrupted goes on as if it had not been, with every searcher") {
  for (const Descriptor& searcher : searcher_descriptors()) {
    CAPTURE(searcher.name);
    const Sweep sweep = sweep_with(searcher.name);
    const std::vector<Trial> whole = run_in_pieces(sweep, 1000);
    CHECK(whole.size() > 16);  // of 30; a grid meets points that break a constraint
    CHECK(run_in_pieces(sweep, 8) == whole);
  }
}

TEST_CASE("a study of which the searcher knows nothing is not gone on with") {
  const Folder folder;
  const std::string path = folder.path("s.sqlite");
  const auto always = [](const std::vector<Trial>&) { return true; };
  {
    const Sweep sweep = sweep_with("random", 8);
    Study study = Study::open(path, info_of(sweep));
    run_sweep(sweep, test_library(), study, always);
  }
  Sweep other = sweep_with("random", 16);
  other.search.seed = 12;
  Study study = Study::open(path, info_of(other));
  std::string text;
  try {
    run_sweep(other, test_library(), study, always);
  } catch (const StudyError& error) {
    text = error.what();
  }
  CHECK(text ==
        "trial 0 of the study is not what the searcher asks for now; with another budget or "
        "`ahead` some searchers search differently: begin a new study, or keep them");
}

TEST_CASE("batches that are chosen ahead go on after an interruption, with every searcher") {
  for (const Descriptor& searcher : searcher_descriptors()) {
    CAPTURE(searcher.name);
    Sweep sweep = sweep_with(searcher.name);
    const std::vector<Trial> at_once = run_in_pieces(sweep, 1000);
    sweep.search.ahead = 2;
    const std::vector<Trial> whole = run_in_pieces(sweep, 1000);
    CHECK(run_in_pieces(sweep, 8) == whole);
    CHECK(whole.size() == at_once.size());
    const bool learns = whole != at_once;
    std::set<Point> points;
    for (const Trial& trial : whole) points.insert(trial.point);
    CHECK(points.size() == whole.size());
    for (const char* name : {"random", "latin_hypercube", "sobol", "grid"})
      if (searcher.name == name) CHECK(!learns);
  }
}

TEST_CASE("batches that are chosen ahead are evaluated side by side and told in their order") {
  const Folder folder;
  Sweep sweep = sweep_with("random");
  sweep.search.ahead = 2;
  Study study = Study::open(folder.path("s.sqlite"), info_of(sweep));
  Evaluator evaluator(sweep, test_library());
  std::size_t begun = 0, ended = 0, most = 0;
  const auto begin = [&](std::span<const Point> points) -> Evaluating {
    const std::size_t number = begun++;
    most = std::max(most, begun - ended);
    return {[&, number, batch = std::vector(points.begin(), points.end())] {
              CHECK(number == ended++);
              return evaluator.evaluate(batch);
            },
            {}};
  };
  run_sweep(sweep, begin, study, [](const std::vector<Trial>&) { return true; });
  CHECK(most == 3);
  CHECK(begun == 4);
  CHECK(ended == 4);
}

TEST_CASE(
    "a batch is on the disk before it is told of, and batches that are ready go there together") {
  const Folder folder;
  const Sweep sweep = sweep_with("random");
  Evaluator evaluator(sweep, test_library());
  for (const bool ready : {false, true})
    for (const std::size_t stop : {16, 100}) {
      CAPTURE(ready);
      CAPTURE(stop);
      Study study =
          Study::open(folder.path(fmt::format("{}{}.sqlite", ready, stop)), info_of(sweep));
      const auto begin = [&](std::span<const Point> points) -> Evaluating {
        return {[&, batch = std::vector(points.begin(), points.end())] {
                  return evaluator.evaluate(batch);
                },
                [&] { return ready; }};
      };
      std::vector<std::size_t> told;
      const std::vector<Trial> trials =
          run_sweep(sweep, begin, study, [&](const std::vector<Trial>& so_far) {
            told.push_back(so_far.size());
            CHECK(study.size() >= (ready && !so_far.empty() ? 30 : so_far.size()));
            return so_far.size() < stop;
          });
      CHECK(told == (stop == 16 ? std::vector<std::size_t>{0, 8, 16}
                                : std::vector<std::size_t>{0, 8, 16, 24, 30}));
      const std::vector<Trial> stored = study.trials();
      CHECK(trials.size() == told.back());
      CHECK(std::equal(trials.begin(), trials.end(), stored.begin()));
    }
}

TEST_CASE("a larger budget goes on where the smaller one ended") {
  const Folder folder;
  const auto always = [](const std::vector<Trial>&) { return true; };
  std::vector<Trial> trials;
  for (const std::uint64_t budget : {12, 30}) {
    const Sweep sweep = sweep_with("nsga2", budget);
    Study study = Study::open(folder.path("s.sqlite"), info_of(sweep));
    trials = run_sweep(sweep, test_library(), study, always);
  }
  CHECK(trials.size() == 30);
  CHECK(trials[11].batch == 1);
  CHECK(trials[12].batch == 2);
}

TEST_CASE("the best designs are looked at again, each once") {
  const Folder folder;
  Sweep sweep =
      sweep_of(sweep_text + "confirm: {fidelity: tile, count: 3}\nsearch: {budget: 40}\n");
  Study study = Study::open(folder.path("s.sqlite"), info_of(sweep));
  const std::vector<Trial> trials =
      run_sweep(sweep, test_library(), study, [](const std::vector<Trial>&) { return true; });
  confirm_best(sweep, test_library(), study, trials);
  const std::vector<ConfirmedTrial> looks = study.confirmed();
  REQUIRE(looks.size() == 3);
  Sweep closer = sweep;
  closer.fidelity = Fidelity::tile;
  for (const ConfirmedTrial& look : looks) {
    CHECK(look.fidelity == "tile");
    CHECK(look.result == evaluate_point(closer, test_library(), trials[look.number].point));
    CHECK(look.result.metrics[0] >= trials[look.number].result.metrics[0]);  // analytic <= tile
  }
  confirm_best(sweep, test_library(), study, trials);
  CHECK(study.confirmed() == looks);
}

TEST_CASE("looks that were made before an interrupt are kept, and the others made later") {
  const Folder folder;
  Sweep sweep = sweep_of(
      sweep_text + "confirm: {fidelity: analytic, count: 3}\nsearch: {budget: 40, workers: 1}\n");
  Study study = Study::open(folder.path("s.sqlite"), info_of(sweep));
  const std::vector<Trial> trials =
      run_sweep(sweep, test_library(), study, [](const std::vector<Trial>&) { return true; });
  int looks = 0;
  const auto at_the_third = [&] {
    if (++looks == 3) throw std::runtime_error("enough");
  };
  CHECK_THROWS_WITH(confirm_best(sweep, test_library(), study, trials, at_the_third), "enough");
  CHECK(study.confirmed().size() == 2);
  confirm_best(sweep, test_library(), study, trials);
  CHECK(study.confirmed().size() == 3);
}

}  // namespace
}  // namespace sluice
