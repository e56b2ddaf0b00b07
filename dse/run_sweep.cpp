// SPDX-License-Identifier: Apache-2.0
#include "dse/run_sweep.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "dse/evaluator.hpp"
#include "dse/front.hpp"
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

/// Tells the searcher what the study knows.
void replay(const std::vector<Trial>& trials, AnySearcher& searcher) {
  for (std::size_t first = 0; first < trials.size();) {
    const std::size_t end = batch_end(trials, first);
    const std::vector<Point> points = searcher.ask(end - first);
    for (std::size_t i = first; i < end; ++i)
      if (i - first >= points.size() || points[i - first] != trials[i].point)
        throw StudyError(fmt::format(
            "trial {} of the study is not what the searcher asks for now; with another budget some "
            "searchers search differently: begin a new study, or keep the budget",
            i));
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

/// Goes on after `trials`, which are those of the study.
std::vector<Trial> go_on(const Sweep& sweep, const EvaluateBatch& evaluate, Study& study,
                         std::vector<Trial> trials, const SweepHook& hook) {
  const SearchSettings& search = sweep.search;
  const SearchProblem problem{sweep.space, sweep.objectives, search.budget, search.seed};
  AnySearcher searcher = make_searcher(search.searcher, problem, sweep.searcher_settings);
  replay(trials, searcher);
  bool goes_on = hook(trials);
  while (goes_on && trials.size() < search.budget) {
    const std::uint64_t count =
        std::min<std::uint64_t>(search.batch, search.budget - trials.size());
    const std::vector<Point> points = searcher.ask(count);
    if (points.empty()) break;
    const std::vector<Trial> batch = trials_of(points, evaluate(points), trials);
    study.add(batch);
    searcher.tell(batch);
    trials.insert(trials.end(), batch.begin(), batch.end());
    goes_on = hook(trials);
  }
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

Study study_of(const Sweep& sweep, const std::string& path) {
  const StudyInfo wanted = info_of(sweep);
  Study study = Study::open(path, wanted);
  const std::vector<std::string> changed = differences(study.info(), wanted);
  if (changed.empty()) return study;
  std::string text = path + ": this study is of another sweep:";
  for (const std::string& line : changed) text += "\n  " + line;
  throw StudyError(text + "\nhint: name another file with --store, or undo the change");
}

std::vector<std::size_t> best_trials(const Sweep& sweep, const std::vector<Trial>& trials,
                                     std::size_t count) {
  std::vector<std::size_t> rows;
  for (std::size_t i = 0; i < trials.size(); ++i)
    if (trials[i].result.status == TrialStatus::ok) rows.push_back(i);
  std::vector<double> costs(trials.size());
  for (const std::size_t i : rows) costs[i] = scalar_cost(sweep.objectives, trials[i].result);
  std::ranges::stable_sort(rows, [&](std::size_t a, std::size_t b) { return costs[a] < costs[b]; });
  if (sweep.objectives.size() > 1) {  // the front first
    const std::vector<std::size_t> front = front_of(sweep.objectives, trials);
    const std::set<std::size_t> in_front(front.begin(), front.end());
    std::ranges::stable_partition(rows, [&](std::size_t i) { return in_front.contains(i); });
  }
  rows.resize(std::min(count, rows.size()));
  return rows;
}

void confirm_best(const Sweep& sweep, const Library& library, Study& study,
                  const std::vector<Trial>& trials) {
  const std::string fidelity(name_of(sweep.confirm->fidelity));
  std::set<std::uint64_t> known;
  for (const ConfirmedTrial& look : study.confirmed())
    if (look.fidelity == fidelity) known.insert(look.number);
  std::vector<std::size_t> rows = best_trials(sweep, trials, sweep.confirm->count);
  std::erase_if(rows, [&](std::size_t i) { return known.contains(trials[i].number); });
  if (rows.empty()) return;
  Sweep closer = sweep;
  closer.fidelity = sweep.confirm->fidelity;
  closer.proxy.reset();
  std::vector<Point> points;
  for (const std::size_t i : rows) points.push_back(trials[i].point);
  std::vector<Result> results = Evaluator(closer, library).evaluate(points);
  std::vector<ConfirmedTrial> looks;
  for (std::size_t i = 0; i < rows.size(); ++i)
    looks.push_back({trials[rows[i]].number, fidelity, std::move(results[i])});
  study.confirm(looks);
}

std::vector<Trial> run_sweep(const Sweep& sweep, const Library& library, Study& study,
                             const SweepHook& hook) {
  Evaluator evaluator(sweep, library);
  std::vector<Trial> trials = study.trials();
  for (const Trial& trial : trials) evaluator.remember(trial.point, trial.result);
  const auto evaluate = [&](std::span<const Point> points) { return evaluator.evaluate(points); };
  return go_on(sweep, evaluate, study, std::move(trials), hook);
}

std::vector<Trial> run_sweep(const Sweep& sweep, const EvaluateBatch& evaluate, Study& study,
                             const SweepHook& hook) {
  return go_on(sweep, evaluate, study, study.trials(), hook);
}

}  // namespace sluice
