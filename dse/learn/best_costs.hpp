// SPDX-License-Identifier: Apache-2.0
// The best costs that were found, and what a design would gain over them.
#pragma once

#include <vector>

#include "dse/learn/hypervolume_gain.hpp"

namespace sluice {

/// Costs of designs that no other dominates, one a design.
using CostFront = std::vector<std::vector<double>>;

/// Adds costs that none of the front dominates; removes those that they dominate.
void add_to_front(std::vector<double> costs, CostFront& front);

/// The front, or of a larger one than `most`, of three or more objectives, those with the most room
/// around them: the number of boxes that a gain is computed with grows with its square.
CostFront most_spread(CostFront front, std::size_t most);

/// What designs gain over a front of at least one; costs count up to a tenth of the front's extent
/// beyond its worst.
HypervolumeGain gain_over(const CostFront& front);

}  // namespace sluice
