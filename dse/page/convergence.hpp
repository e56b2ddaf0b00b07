// SPDX-License-Identifier: Apache-2.0
// How a search went: what was the best so far after how many evaluations.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dse/sweep.hpp"
#include "dse/trial.hpp"

namespace sluice {

struct Convergence {
  std::vector<std::uint64_t> evaluations;  ///< ascending; the last is the number of trials
  /// By objective, then by place in `evaluations`: the best value so far, NaN before the first
  /// design that is ok.
  std::vector<std::vector<double>> best;
  /// The volume that the front so far dominates, as a share of that of the final front; 0 before
  /// the first design that is ok. Empty where there is one objective, or no design is ok.
  std::vector<double> hypervolume;
};

/// At most `places` places, evenly spaced. Volumes are of the logarithms of objectives whose values
/// are all positive, else of the values, below the worst value of each among the designs that are
/// ok.
Convergence convergence_of(std::span<const Objective> objectives, std::span<const Trial> trials,
                           std::size_t places = 200);

}  // namespace sluice
