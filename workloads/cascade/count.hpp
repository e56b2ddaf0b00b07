// SPDX-License-Identifier: Apache-2.0
// Counts the points of an iteration space under linear conditions, in closed form where the last
// two ranks are concerned. Not for users of the room; see analysis.hpp.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace sluice {

/// `sum of coefficients[i] * rank i + constant >= 0`.
struct Inequality {
  std::vector<std::int64_t> coefficients;
  std::int64_t constant = 0;

  bool operator==(const Inequality&) const = default;
};

/// Ranks i run from 0 to sizes[i] - 1. A point of the ranks that are kept counts once when some
/// point of the others completes it to one at which every inequality holds.
struct PointSpace {
  std::vector<std::uint64_t> sizes;
  std::vector<bool> kept;
  std::vector<Inequality> inequalities;
};

/// The number of points in at least one of `cases`, which have the same ranks; exact; nothing when
/// finding it would take too long or too large numbers.
///
/// Positions in a mixed radix (m1*M0+m0) become one rank; ranks that are not kept are eliminated
/// (Fourier-Motzkin, exact on integers where one of each two coefficients is 1); ranks that no
/// inequality connects are counted apart. Of what is left all ranks but the largest two are walked;
/// those two are a sum of lengths floor((a*x + b) / c), piece by piece of the line that bounds
/// them, each piece by Euclid's algorithm. Points in several cases are subtracted again.
std::optional<std::uint64_t> count_points(const std::vector<PointSpace>& cases);

}  // namespace sluice
