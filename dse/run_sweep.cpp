// SPDX-License-Identifier: Apache-2.0
#include "dse/run_sweep.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "dse/evaluator.hpp"
#include "dse/searchers.hpp"
#include "sim/version.hpp"

namespace sluice {
namespace {

/// The end of the batch that begins at `first`.
std::size_t batch_end(const std::vector<Trial>& trials, std::size_t first) {
  std::size_t end = first;
  while (end < trials.size() && trials[end].batch == trials[first].batch) ++end;
  return end;
}

/// Tells the searcher and the evaluator what the study knows.
void replay(const std::vector<Trial>& trials, AnySearcher& searcher, Evaluator& evaluator) {
  for (std::size_t first = 0; first < trials.size();) {
    const std::size_t end = batch_end(trials, first);
    const std::vector<Point> points = searcher.ask(end - first);
    for (std::size_t i = first; i < end; ++i) {
      if (i - first >= points.size() || points[i - first] != trials[i].point)
        throw StudyError(fmt::format(
            "trial {} of the study is not what the searcher asks for now; with another budget some "
            "searchers search differently: begin a new study, or keep the budget",
            i));
      evaluator.remember(trials[i].point, trials[i].result);
    }
    searcher.tell(std::span(trials).subspan(first, end - first));
    first = end;
  }
}

std::vector<Trial> trials_of(const std::vector<Point>& points, std::vector<Result> results,
                             const std::vector<Trial>& before) {
  const std::uint64_t batch = before.empty() ? 0 : before.back().batch + 1;
  std::vector<Trial> trials;
  for (std::size_t i = 0; i < points.size(); ++i)
    trials.push_back({before.size() + i, batch, points[i], std::move(results[i])});
  return trials;
}

}  // namespace

StudyInfo info_of(const Sweep& sweep) {
  return {sweep.name,
          std::string(version()),
          sweep.text,
          hash_of(sweep),
          sweep.search.searcher,
          sweep.searcher_settings.is_null() ? "" : to_text(sweep.searcher_settings),
          sweep.search.seed,
          sweep.search.batch};
}

std::vector<Trial> run_sweep(const Sweep& sweep, const Library& library, Study& study,
                             const SweepHook& hook) {
  const SearchSettings& search = sweep.search;
  const SearchProblem problem{sweep.space, sweep.objectives, search.budget, search.seed};
  AnySearcher searcher = make_searcher(search.searcher, problem, sweep.searcher_settings);
  Evaluator evaluator(sweep, library);
  std::vector<Trial> trials = study.trials();
  replay(trials, searcher, evaluator);
  bool goes_on = hook(trials);
  while (goes_on && trials.size() < search.budget) {
    const std::uint64_t count =
        std::min<std::uint64_t>(search.batch, search.budget - trials.size());
    const std::vector<Point> points = searcher.ask(count);
    if (points.empty()) break;
    const std::vector<Trial> batch = trials_of(points, evaluator.evaluate(points), trials);
    study.add(batch);
    searcher.tell(batch);
    trials.insert(trials.end(), batch.begin(), batch.end());
    goes_on = hook(trials);
  }
  return trials;
}

}  // namespace sluice
