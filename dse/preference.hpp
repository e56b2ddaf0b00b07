// SPDX-License-Identifier: Apache-2.0
// Which trials are better than which, for searchers: an order of them from best to worst.
#pragma once

#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "dse/sweep.hpp"
#include "dse/trial.hpp"

namespace sluice {

/// A permutation of the indices of the trials, best first. Follows from the trials alone: what is
/// equally good keeps its order.
using Preference =
    std::function<std::vector<std::size_t>(std::span<const Objective>, const std::vector<Trial>&)>;

/// By scalar_cost().
std::vector<std::size_t> by_cost(std::span<const Objective> objectives,
                                 const std::vector<Trial>& trials);
/// By scalar_costs() of a scalarisation.
Preference by_scalar(const Scalarisation& scalarisation);
/// By rank of domination, then by crowding; trials that are not ok come last.
std::vector<std::size_t> by_rank(std::span<const Objective> objectives,
                                 const std::vector<Trial>& trials);
/// By cost where there is one objective, by rank where there are several.
std::vector<std::size_t> by_objectives(std::span<const Objective> objectives,
                                       const std::vector<Trial>& trials);

/// The best trials of all that it is given, at most `most`, best first.
class Elite {
 public:
  Elite(std::span<const Objective> objectives, std::size_t most, Preference preference)
      : objectives_(objectives), most_(most), preference_(std::move(preference)) {}

  void add(std::span<const Trial> trials);
  const std::vector<Trial>& trials() const { return trials_; }

 private:
  std::span<const Objective> objectives_;
  std::size_t most_;
  Preference preference_;
  std::vector<Trial> trials_;
};

/// Indices of at most `most` trials: all, or of more the best half by scalar_cost() and the latest.
std::vector<std::size_t> to_learn_from(std::span<const Objective> objectives,
                                       const std::vector<Trial>& trials, std::size_t most);

/// The objectives of whatever was simulated, feasible or not, as numbers to be made small: the
/// logarithms of the metrics, negated where they are maximised. Empty when one is no number.
std::vector<double> log_costs(std::span<const Objective> objectives, const Result& result);

}  // namespace sluice
