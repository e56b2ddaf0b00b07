// SPDX-License-Identifier: Apache-2.0
#include "dse/comparison/comparison.hpp"

#include <tbb/parallel_for.h>

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
                         std::uint64_t seed, std::uint64_t batch) {
  using Clock = std::chrono::steady_clock;
  const Sweep& sweep = truth.sweep();
  SearcherRun run;
  AnySearcher searcher = searcher_of(name, {sweep.space, sweep.objectives, budget, seed});
  for (std::uint64_t ask = 0; run.trials.size() < budget; ++ask) {
    const auto begin = Clock::now();
    const std::vector<Point> points =
        searcher.ask(std::min<std::uint64_t>(batch, budget - run.trials.size()));
    if (points.empty()) break;
    std::vector<Trial> told;
    for (const Point& point : points)
      told.push_back({run.trials.size() + told.size(), ask, point, truth.result(point)});
    searcher.tell(told);
    run.seconds += std::chrono::duration<double>(Clock::now() - begin).count();
    run.trials.insert(run.trials.end(), told.begin(), told.end());
  }
  return run;
}

Regret::Regret(const Truth& truth) : sweep_(truth.sweep()) {
  const std::vector<Trial>& front = truth.front();
  if (front.empty()) return;
  best_ = scalar_cost(sweep_.objectives, front[0].result);
  for (const Trial& trial : front)
    best_ = std::min(best_, scalar_cost(sweep_.objectives, trial.result));
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

double Regret::of(const std::vector<Trial>& trials) const {
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

std::vector<ComparisonCell> compare(const Truth& truth, const ComparisonSettings& settings,
                                    const Truth::Progress& progress) {
  std::vector<ComparisonCell> cells;
  for (const std::string& searcher : settings.searchers)
    for (const std::uint64_t budget : settings.budgets)
      cells.push_back({searcher, budget, std::vector<double>(settings.seeds), 0});
  const Regret regret(truth);
  const std::size_t all = cells.size() * settings.seeds;
  std::vector<double> seconds(all);
  std::atomic<bool> goes_on = true;
  std::uint64_t done = 0;
  std::mutex told;
  tbb::parallel_for(std::size_t{0}, all, [&](std::size_t i) {
    if (!goes_on) return;
    ComparisonCell& cell = cells[i / settings.seeds];
    const std::uint64_t seed = i % settings.seeds + 1;
    SearcherRun run;
    if (cell.searcher == pagmo_nsga2_name)
      run.trials = pagmo_nsga2(truth, cell.budget, seed);
    else
      run = run_searcher(truth, cell.searcher, cell.budget, seed, settings.batch);
    cell.regrets[seed - 1] = regret.of(run.trials);
    seconds[i] = run.seconds;
    const std::lock_guard lock(told);
    if (!progress(++done, all)) goes_on = false;
  });
  if (!goes_on) return {};
  for (std::size_t i = 0; i < all; ++i)
    cells[i / settings.seeds].seconds += seconds[i] / static_cast<double>(settings.seeds);
  return cells;
}

const ComparisonCell* find_cell(const std::vector<ComparisonCell>& cells,
                                const std::string& searcher, std::uint64_t budget) {
  for (const ComparisonCell& cell : cells)
    if (cell.searcher == searcher && cell.budget == budget) return &cell;
  return nullptr;
}

}  // namespace sluice
