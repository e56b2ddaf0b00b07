// SPDX-License-Identifier: Apache-2.0
// Samples compared: quartiles, and whether one sample tends to be smaller than another.
#pragma once

#include <vector>

namespace sluice {

/// Interpolated linearly between neighbours in order (R. Hyndman and Y. Fan, 1996, definition 7).
struct Quartiles {
  double first = 0, median = 0, third = 0;
};

/// Of at least one value; infinite ones are the largest.
Quartiles quartiles_of(std::vector<double> values);

/// The test of H. Mann and D. Whitney (Annals of Mathematical Statistics 18, 1947).
struct RankTest {
  double smaller = 0.5;  ///< probability that a value of `a` is below one of `b`, ties by halves
  double p = 1;          ///< two-sided, by the normal approximation with ties and continuity
};

/// Of at least one value each. The approximation is meant for eight or more.
RankTest mann_whitney(const std::vector<double>& a, const std::vector<double>& b);

}  // namespace sluice
