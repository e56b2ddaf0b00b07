// SPDX-License-Identifier: Apache-2.0
#include "dse/comparison/comparison.hpp"

#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <limits>
#include <mutex>

#include "dse/comparison/pagmo_nsga2.hpp"
#include "dse/front.hpp"
#include "dse/preference.hpp"
#include "dse/searchers.hpp"

namespace sluice {
namespace {

/// `NAME`, or `NAME:setting=value:setting=value`.
AnySearcher searcher_of(const std::string& words, const SearchProblem& problem) {
  const std::size_t colon = words.find(':');
  YamlNode settings;
  for (std::size_t begin = colon; begin != words.npos;) {
    const std::size_t end = words.find(':', begin + 1);
    const std::string word = words.substr(begin + 1, end - begin - 1);
    const std::size_t equals = std::min(word.find('='), word.size());
    set_path(settings, word.substr(0, equals), word.substr(std::min(equals + 1, word.size())));
    begin = end;
  }
  return make_searcher(words.substr(0, colon), problem, settings);
}

std::vector<std::vector<double>> costs_of_front(const std::vector<Trial>& trials,
                                                std::span<const Objective> objectives) {
  std::vector<std::vector<double>> costs;
  for (const Trial& trial : trials)
    if (trial.result.status == TrialStatus::ok)
      costs.push_back(log_costs(objectives, trial.result));
  return costs;
}

}  // namespace

SearcherRun run_searcher(const Truth& truth, const std::string& name, std::uint64_t budget,
                         std::uint64_t seed, std::uint64_t batch,
                         std::set<std::vector<double>> wanted) {
  using Clock = std::chrono::steady_clock;
  const Sweep& sweep = truth.sweep();
  const bool may_end = !wanted.empty();
  SearcherRun run;
  AnySearcher searcher = searcher_of(name, {sweep.space, sweep.objectives, budget, seed});
  for (std::uint64_t ask = 0; run.trials.size() < budget; ++ask) {
    if (may_end && wanted.empty()) break;
    const auto begin = Clock::now();
    const std::uint64_t count = std::min<std::uint64_t>(batch, budget - run.trials.size());
    const std::vector<Point> points =  // a thread that waits for it does not begin another run
        tbb::this_task_arena::isolate([&] { return searcher.ask(count); });
    if (points.empty()) break;
    std::vector<Trial> told;
    for (const Point& point : points)
      told.push_back({run.trials.size() + told.size(), ask, point, truth.result(point)});
    searcher.tell(told);
    run.seconds.push_back(std::chrono::duration<double>(Clock::now() - begin).count());
    for (Trial& trial : told) {
      wanted.erase(costs_of(sweep.objectives, trial.result));
      run.trials.push_back(std::move(trial));
    }
  }
  return run;
}

Regret::Regret(const Truth& truth) : sweep_(truth.sweep()) {
  const std::vector<Trial>& front = truth.front();
  if (front.empty()) return;
  best_ = scalar_cost(sweep_.objectives, front[0].result);
  for (const Trial& trial : front) {
    best_ = std::min(best_, scalar_cost(sweep_.objectives, trial.result));
    all_best_.insert(costs_of(sweep_.objectives, trial.result));
  }
  const std::vector<std::vector<double>> costs = costs_of_front(front, sweep_.objectives);
  for (std::size_t m = 0; m < sweep_.objectives.size(); ++m) {
    double low = costs[0][m], high = low;
    for (const std::vector<double>& cost : costs) {
      low = std::min(low, cost[m]);
      high = std::max(high, cost[m]);
    }
    reference_.push_back(high + std::max(0.1 * (high - low), 1e-3));
  }
  volume_ = hypervolume(costs, reference_);
}

double Regret::of(std::span<const Trial> trials) const {
  if (sweep_.objectives.size() > 1) {
    std::vector<Trial> front;
    for (const std::size_t member : front_of(sweep_.objectives, trials))
      front.push_back(trials[member]);
    return 1 - hypervolume(costs_of_front(front, sweep_.objectives), reference_) / volume_;
  }
  double found = std::numeric_limits<double>::infinity();
  for (const Trial& trial : trials)
    found = std::min(found, scalar_cost(sweep_.objectives, trial.result));
  return (found - best_) / std::abs(best_);
}

namespace {

/// One run, of which the cells show beginnings of different lengths.
struct PlannedRun {
  std::uint64_t seed = 1;
  std::vector<std::size_t> cells;
};

/// Whether a run with a smaller budget is the beginning of one with a larger.
bool begins_alike(const std::string& searcher, const ComparisonSettings& settings) {
  if (searcher == pagmo_nsga2_name) return true;
  const auto is_whole = [&](std::uint64_t budget) { return budget % settings.batch == 0; };
  return !knows_budget(searcher.substr(0, searcher.find(':'))) &&
         std::ranges::all_of(settings.budgets, is_whole);
}

std::vector<PlannedRun> planned_runs(const std::vector<ComparisonCell>& cells,
                                     const ComparisonSettings& settings) {
  std::vector<PlannedRun> planned;
  const std::size_t budgets = settings.budgets.size();
  for (std::size_t first = 0; first < cells.size(); first += budgets)
    for (std::uint64_t seed = 1; seed <= settings.seeds; ++seed) {
      const bool one = begins_alike(cells[first].searcher, settings);
      if (one) planned.push_back({seed, {}});
      for (std::size_t i = first; i < first + budgets; ++i) {
        if (!one) planned.push_back({seed, {}});
        planned.back().cells.push_back(i);
      }
    }
  return planned;
}

/// Adds to a cell what a run was when it had tried as many designs as the cell's budget.
void add_run(ComparisonCell& cell, const SearcherRun& run, std::uint64_t seed,
             const Regret& regret) {
  const std::size_t count = std::min<std::size_t>(cell.budget, run.trials.size());
  const std::span<const Trial> trials = std::span(run.trials).first(count);
  cell.regrets[seed - 1] = regret.of(trials);
  cell.designs += static_cast<double>(count);
  for (std::size_t ask = 0; ask < run.seconds.size() && ask <= trials.back().batch; ++ask)
    cell.seconds += run.seconds[ask];
}

}  // namespace

std::vector<ComparisonCell> compare(const Truth& truth, const ComparisonSettings& settings,
                                    const Truth::Progress& progress) {
  std::vector<ComparisonCell> cells;
  for (const std::string& searcher : settings.searchers)
    for (const std::uint64_t budget : settings.budgets)
      cells.push_back({searcher, budget, std::vector<double>(settings.seeds)});
  const Regret regret(truth);
  std::atomic<bool> goes_on = true;
  std::uint64_t done = 0;
  std::mutex told;
  const std::vector<PlannedRun> planned = planned_runs(cells, settings);
  tbb::parallel_for(std::size_t{0}, planned.size(), [&](std::size_t t) {
    if (!goes_on) return;
    const PlannedRun& plan = planned[t];
    std::uint64_t budget = 0;
    for (const std::size_t cell : plan.cells) budget = std::max(budget, cells[cell].budget);
    const std::string& searcher = cells[plan.cells[0]].searcher;
    const SearcherRun run =
        searcher == pagmo_nsga2_name
            ? SearcherRun{pagmo_nsga2(truth, budget, plan.seed), {}}
            : run_searcher(truth, searcher, budget, plan.seed, settings.batch, regret.best());
    const std::lock_guard lock(told);
    for (const std::size_t cell : plan.cells) add_run(cells[cell], run, plan.seed, regret);
    done += plan.cells.size();
    if (!progress(done, cells.size() * settings.seeds)) goes_on = false;
  });
  if (!goes_on) return {};
  for (ComparisonCell& cell : cells) {
    cell.designs /= static_cast<double>(settings.seeds);
    cell.seconds /= static_cast<double>(settings.seeds);
  }
  return cells;
}

const ComparisonCell* find_cell(const std::vector<ComparisonCell>& cells,
                                const std::string& searcher, std::uint64_t budget) {
  for (const ComparisonCell& cell : cells)
    if (cell.searcher == searcher && cell.budget == budget) return &cell;
  return nullptr;
}

}  // namespace sluice
