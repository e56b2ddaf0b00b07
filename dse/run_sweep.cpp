// SPDX-License-Identifier: Apache-2.0
#include "dse/run_sweep.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <future>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

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

/// The trials of batch number `batch`, after `before` others.
std::vector<Trial> trials_of(const std::vector<Point>& points, std::vector<Result> results,
                             std::size_t before, std::uint64_t batch) {
  std::vector<Trial> trials;
  for (std::size_t i = 0; i < points.size(); ++i)
    trials.push_back({before + i, batch, points[i], std::move(results[i])});
  return trials;
}

/// A batch that was asked for and not yet told.
struct Batch {
  std::vector<Point> points;
  std::optional<Evaluating> evaluating;  ///< none: the study has its results
};

/// Asks a searcher for batches, for those that the study has as it did then.
class Asking {
 public:
  Asking(const Sweep& sweep, const std::vector<Trial>& stored, AnySearcher& searcher)
      : search_(sweep.search), stored_(stored), searcher_(searcher) {}

  /// The next batch to be told, after `search.ahead` others are asked for and begun; none when the
  /// budget is spent or the searcher has nothing more.
  std::optional<Batch> next(const BeginBatch& begin) {
    while (ahead_.size() <= search_.ahead) {
      std::optional<Batch> batch = ask(begin);
      if (!batch) break;
      ahead_.push_back(std::move(*batch));
    }
    if (ahead_.empty()) return std::nullopt;
    Batch batch = std::move(ahead_.front());
    ahead_.pop_front();
    return batch;
  }

 private:
  std::optional<Batch> ask(const BeginBatch& begin) {
    if (asked_ < stored_.size()) return again();
    if (asked_ >= search_.budget) return std::nullopt;
    const std::uint64_t count = std::min<std::uint64_t>(search_.batch, search_.budget - asked_);
    Batch batch{searcher_.ask(count), {}};
    if (batch.points.empty()) return std::nullopt;
    asked_ += batch.points.size();
    batch.evaluating = begin(batch.points);
    return batch;
  }
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
  std::deque<Batch> ahead_;
};

/// Stores batches while others are evaluated, and reports those that are on the disk.
class Reporting {
 public:
  Reporting(Study& study, const SweepHook& hook) : study_(study), hook_(hook) {}

  /// Those that are on the disk.
  const std::vector<Trial>& trials() const { return trials_; }
  /// Of a study that goes on; to be reported together.
  void know(const std::vector<Trial>& batch) { append(trials_, batch); }
  void add(const std::vector<Trial>& batch) { append(waiting_, batch); }
  /// Whether the sweep goes on.
  bool report() { return goes_on_ = goes_on_ && hook_(trials_); }

  /// Reports what was being written if it is there, and begins to write what was added since.
  /// Whether the sweep goes on.
  bool go_on() {
    if (is_writing() && waiting_.size() < most_waiting) return true;
    if (!finish() || waiting_.empty()) return goes_on_;
    written_ = std::exchange(waiting_, {});
    writing_ = std::async(std::launch::async, [this] { study_.add(written_); });
    return true;
  }
  /// Waits until all that was added is reported. Whether the sweep goes on.
  bool finish_all() { return finish() && go_on() && finish(); }

 private:
  static constexpr std::size_t most_waiting = 4096;

  bool is_writing() const {
    return writing_.valid() &&
           writing_.wait_for(std::chrono::seconds(0)) != std::future_status::ready;
  }
  static void append(std::vector<Trial>& to, std::span<const Trial> batch) {
    to.insert(to.end(), batch.begin(), batch.end());
  }
  bool finish() {
    if (!goes_on_ || !writing_.valid()) return goes_on_;
    writing_.get();
    for (std::size_t first = 0, end = 0; goes_on_ && first < written_.size(); first = end) {
      end = batch_end(written_, first);
      append(trials_, std::span(written_).subspan(first, end - first));
      report();
    }
    return goes_on_;
  }

  Study& study_;
  const SweepHook& hook_;
  std::vector<Trial> trials_, waiting_, written_;
  bool goes_on_ = true;
  std::future<void> writing_;  ///< of `written_`, which it must not outlive
};

/// Batches that take as long are reported before the next: the time to write them is lost in it.
constexpr std::chrono::seconds long_batch{1};

/// Goes on after `stored`, which are the trials of the study.
std::vector<Trial> go_on(const Sweep& sweep, const BeginBatch& begin, Study& study,
                         const std::vector<Trial>& stored, const SweepHook& hook) {
  using Clock = std::chrono::steady_clock;
  const SearchSettings& search = sweep.search;
  const SearchProblem problem{sweep.space, sweep.objectives, search.budget, search.seed,
                              sweep.scalarisation};
  AnySearcher searcher = make_searcher(search.searcher, problem, sweep.searcher_settings);
  Asking asking(sweep, stored, searcher);
  Reporting reporting(study, hook);
  std::size_t count = 0;  // told to the searcher
  std::uint64_t batches = 0;
  bool goes_on = !stored.empty() || reporting.report();
  while (goes_on) {
    const std::optional<Batch> batch = asking.next(begin);
    if (!batch) break;
    std::vector<Trial> told;
    if (batch->evaluating) {
      if (!batch->evaluating->is_ready() && !reporting.go_on()) break;
      const Clock::time_point began = Clock::now();
      told = trials_of(batch->points, batch->evaluating->await(), count, batches);
      reporting.add(told);
      goes_on = Clock::now() - began < long_batch || reporting.finish_all();
    } else {
      const std::span known = std::span(stored).subspan(count, batch->points.size());
      told.assign(known.begin(), known.end());
      reporting.know(told);
      goes_on = count + told.size() < stored.size() || reporting.report();
    }
    searcher.tell(told);
    count += told.size();
    batches = told.back().batch + 1;
  }
  reporting.finish_all();
  return reporting.trials();
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
  if (changed.empty()) {
    if (study.info() != wanted) study.describe(wanted);
    return study;
  }
  std::string text = path + ": this study is of another sweep:";
  for (const std::string& line : changed) text += "\n  " + line;
  throw StudyError(text + "\nhint: name another file with --store, or undo the change");
}

std::vector<std::size_t> best_trials(const Sweep& sweep, std::span<const Trial> trials,
                                     std::size_t count) {
  std::vector<std::size_t> rows;
  for (std::size_t i = 0; i < trials.size(); ++i)
    if (trials[i].result.status == TrialStatus::ok) rows.push_back(i);
  const std::vector<double> costs = scalar_costs(sweep.objectives, sweep.scalarisation, trials);
  std::vector<bool> behind(trials.size(), sweep.objectives.size() > 1);  // the front first
  if (sweep.objectives.size() > 1)
    for (const std::size_t i : front_of(sweep.objectives, trials)) behind[i] = false;
  const auto key = [&](std::size_t i) { return std::tuple(bool(behind[i]), costs[i], i); };
  count = std::min(count, rows.size());
  std::ranges::nth_element(rows, rows.begin() + static_cast<std::ptrdiff_t>(count), {}, key);
  rows.resize(count);
  std::ranges::sort(rows, {}, key);
  return rows;
}

Sweep at_confirmation(const Sweep& sweep) {
  Sweep closer = sweep;
  closer.fidelity = sweep.confirm->fidelity;
  closer.proxy.reset();
  return closer;
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
  const Sweep closer = at_confirmation(sweep);
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
  const auto begin = [&](std::span<const Point> points) -> Evaluating {
    return {[&evaluator, batch = std::vector(points.begin(), points.end())] {
              return evaluator.evaluate(batch);
            },
            {}};
  };
  return go_on(sweep, begin, study, stored, hook);
}

std::vector<Trial> run_sweep(const Sweep& sweep, const BeginBatch& begin, Study& study,
                             const SweepHook& hook) {
  return go_on(sweep, begin, study, study.trials(), hook);
}

}  // namespace sluice
