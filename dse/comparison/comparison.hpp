// SPDX-License-Identifier: Apache-2.0
// Searchers against each other on a space whose every design is known.
#pragma once

#include <functional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "dse/comparison/statistics.hpp"
#include "dse/comparison/truth.hpp"

namespace sluice {

struct ComparisonSettings {
  /// `NAME`, or `NAME:setting=value:setting=value` for other settings than the usual.
  std::vector<std::string> searchers;
  std::vector<std::uint64_t> budgets = {100, 300, 1000};
  std::uint64_t seeds = 20;  ///< runs of each searcher with each budget, of seeds 1, 2, ...
  std::uint64_t batch = 10;
};

/// How far a set of trials is from the best that there is, 0 and above: with one objective by which
/// share its best trial is worse than the optimum; with several, which share of the hypervolume of
/// the true front its front lacks. Costs are logarithms there, and the reference is a tenth of the
/// front's extent beyond its worst (L. Zitzler and others, IEEE TEC 7(2), 2003, on the measure).
/// Infinite, or 1, without a feasible trial.
class Regret {
 public:
  explicit Regret(const Truth& truth);
  double of(std::span<const Trial> trials) const;
  /// Costs (dse/front.hpp) of the true front, each once. Trials that have them all have all that
  /// regret counts, whatever else is among them.
  const std::set<std::vector<double>>& best() const { return all_best_; }

 private:
  const Sweep& sweep_;
  std::set<std::vector<double>> all_best_;
  double best_ = 0;
  std::vector<double> reference_;
  double volume_ = 0;
};

/// One run of a searcher: its trials, and the seconds that it took to choose those of each ask.
struct SearcherRun {
  std::vector<Trial> trials;
  std::vector<double> seconds;
};
/// `searcher` as in ComparisonSettings. Ends before the budget does when trials with all of these
/// costs were found, if there are any.
SearcherRun run_searcher(const Truth& truth, const std::string& searcher, std::uint64_t budget,
                         std::uint64_t seed, std::uint64_t batch,
                         std::set<std::vector<double>> wanted = {});

/// One searcher with one budget.
struct ComparisonCell {
  std::string searcher;
  std::uint64_t budget = 0;
  std::vector<double> regrets;  ///< by seed
  double designs = 0;           ///< of one run, on average: it ends when regret is 0 for good
  double seconds = 0;           ///< of one run, choosing these, on average
};

/// Runs everything on all threads; what is found follows from the seeds alone. A searcher that does
/// not know its budget is run once a seed, to the largest. `pagmo_nsga2` is the
/// NSGA-II of pagmo, for several objectives: its designs that break constraints or were met before
/// are not counted. `progress` is told the runs done and in all; when it says false, nothing is
/// returned.
std::vector<ComparisonCell> compare(const Truth& truth, const ComparisonSettings& settings,
                                    const Truth::Progress& progress);

/// The cell of `searcher` with this budget, or nullptr.
const ComparisonCell* find_cell(const std::vector<ComparisonCell>& cells,
                                const std::string& searcher, std::uint64_t budget);

}  // namespace sluice
