// SPDX-License-Identifier: Apache-2.0
#include "dse/run_sweep.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <optional>
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

std::vector<Trial> trials_of(const std::vector<Point>& points, std::vector<Result> results,
                             const std::vector<Trial>& before) {
  const std::uint64_t batch = before.empty() ? 0 : before.back().batch + 1;
  std::vector<Trial> trials;
  for (std::size_t i = 0; i < points.size(); ++i)
    trials.push_back({before.size() + i, batch, points[i], std::move(results[i])});
  return trials;
}

/// A batch that was asked for and not yet told.
struct Batch {
  std::vector<Point> points;
  AwaitResults await;  ///< none: the study has its results
};

/// Asks a searcher for batches, for those that the study has as it did then.
class Asking {
 public:
  Asking(const Sweep& sweep, const std::vector<Trial>& stored, AnySearcher& searcher)
      : search_(sweep.search), stored_(stored), searcher_(searcher) {}

  /// None when the budget is spent or the searcher has nothing more.
  std::optional<Batch> next(const BeginBatch& begin) {
    if (asked_ < stored_.size()) return again();
    if (asked_ >= search_.budget) return std::nullopt;
    const std::uint64_t count = std::min<std::uint64_t>(search_.batch, search_.budget - asked_);
    Batch batch{searcher_.ask(count), {}};
    if (batch.points.empty()) return std::nullopt;
    asked_ += batch.points.size();
    batch.await = begin(batch.points);
    return batch;
  }

 private:
  Batch again() {
    const std::size_t end = batch_end(stored_, asked_);
    Batch batch{searcher_.ask(end - asked_), {}};
    for (std::size_t i = asked_; i < end; ++i)
      if (i - asked_ >= batch.points.size() || batch.points[i - asked_] != stored_[i].point)
        throw StudyError(fmt::format(
            "trial {} of the study is not what the searcher asks for now; with another budget or "
            "`ahead` some searchers search differently: begin a new study, or keep them",
            i));
    asked_ = end;
    return batch;
  }

  const SearchSettings& search_;
  const std::vector<Trial>& stored_;
  AnySearcher& searcher_;
  std::size_t asked_ = 0;
};

/// Goes on after `stored`, which are the trials of the study.
std::vector<Trial> go_on(const Sweep& sweep, const BeginBatch& begin, Study& study,
                         const std::vector<Trial>& stored, const SweepHook& hook) {
  const SearchSettings& search = sweep.search;
  const SearchProblem problem{sweep.space, sweep.objectives, search.budget, search.seed,
                              sweep.scalarisation};
  AnySearcher searcher = make_searcher(search.searcher, problem, sweep.searcher_settings);
  Asking asking(sweep, stored, searcher);
  std::deque<Batch> asked;
  std::vector<Trial> trials;
  bool goes_on = !stored.empty() || hook(trials);
  while (goes_on) {
    while (asked.size() <= search.ahead) {
      std::optional<Batch> batch = asking.next(begin);
      if (!batch) break;
      asked.push_back(std::move(*batch));
    }
    if (asked.empty()) break;
    const Batch batch = std::move(asked.front());
    asked.pop_front();
    const auto known = stored.begin() + static_cast<std::ptrdiff_t>(trials.size());
    std::vector<Trial> told;
    if (batch.await) {
      told = trials_of(batch.points, batch.await(), trials);
      study.add(told);
    } else {
      told.assign(known, known + static_cast<std::ptrdiff_t>(batch.points.size()));
    }
    searcher.tell(told);
    trials.insert(trials.end(), told.begin(), told.end());
    if (trials.size() >= stored.size()) goes_on = hook(trials);
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
  const std::vector<double> costs = scalar_costs(sweep.objectives, sweep.scalarisation, trials);
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
                  const std::vector<Trial>& trials, const Pulse& pulse) {
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
  Evaluator evaluator(closer, library, pulse);
  const std::size_t together = count_workers({sweep.search.workers});
  for (std::size_t first = 0; first < rows.size(); first += together) {
    const std::size_t end = std::min(rows.size(), first + together);
    std::vector<Point> points;
    for (std::size_t i = first; i < end; ++i) points.push_back(trials[rows[i]].point);
    std::vector<Result> results = evaluator.evaluate(points);
    std::vector<ConfirmedTrial> looks;
    for (std::size_t i = first; i < end; ++i)
      looks.push_back({trials[rows[i]].number, fidelity, std::move(results[i - first])});
    study.confirm(looks);
  }
}

std::vector<Trial> run_sweep(const Sweep& sweep, const Library& library, Study& study,
                             const SweepHook& hook, const Pulse& pulse) {
  Evaluator evaluator(sweep, library, pulse);
  const std::vector<Trial> stored = study.trials();
  for (const Trial& trial : stored) evaluator.remember(trial.point, trial.result);
  const auto begin = [&](std::span<const Point> points) -> AwaitResults {
    return [&evaluator, batch = std::vector(points.begin(), points.end())] {
      return evaluator.evaluate(batch);
    };
  };
  return go_on(sweep, begin, study, stored, hook);
}

std::vector<Trial> run_sweep(const Sweep& sweep, const BeginBatch& begin, Study& study,
                             const SweepHook& hook) {
  return go_on(sweep, begin, study, study.trials(), hook);
}

}  // namespace sluice
