// SPDX-License-Identifier: Apache-2.0
// Comparing trials: by one number, by dominance, and by the volume that a set of them dominates.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dse/sweep.hpp"
#include "dse/trial.hpp"

namespace sluice {

/// The objectives of a trial as numbers to be made small (negated where they are maximised); empty
/// when it is not ok.
std::vector<double> costs_of(std::span<const Objective> objectives, const Result& result);

/// One number to be made small, by the product of the objectives (scalarisation.hpp): the cost of
/// one objective; of several the sum of their logarithms, so that units do not count. Infinite when
/// the trial is not ok.
double scalar_cost(std::span<const Objective> objectives, const Result& result);

/// a <= b in every cost and < in one.
bool dominates(const std::vector<double>& a, const std::vector<double>& b);

/// The ranks of the costs, 0 for the front that nothing dominates; empty costs (trials that are not
/// ok) come after all others (feasibility first, K. Deb and others, IEEE TEC 6(2), 2002).
std::vector<std::size_t> ranks_of(const std::vector<std::vector<double>>& costs);

/// Crowding distances within one front (the same paper, section III-B); infinite at its ends.
std::vector<double> crowding_of(const std::vector<std::vector<double>>& costs);

/// Indices of the trials that no other dominates, best first objective first, duplicates once.
std::vector<std::size_t> front_of(std::span<const Objective> objectives,
                                  std::span<const Trial> trials);

/// The volume that the costs dominate below `reference`; costs beyond it add nothing.
double hypervolume(const std::vector<std::vector<double>>& costs,
                   const std::vector<double>& reference);

}  // namespace sluice
