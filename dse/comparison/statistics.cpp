// SPDX-License-Identifier: Apache-2.0
#include "dse/comparison/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>

namespace sluice {

Quartiles quartiles_of(std::vector<double> values) {
  std::ranges::sort(values);
  const auto at = [&](double share) {
    const double place = share * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const double rest = place - static_cast<double>(below);
    if (rest == 0 || values[below] == values[below + 1]) return values[below];
    return values[below] + rest * (values[below + 1] - values[below]);
  };
  return {at(0.25), at(0.5), at(0.75)};
}

RankTest mann_whitney(const std::vector<double>& a, const std::vector<double>& b) {
  const auto n = static_cast<double>(a.size()), m = static_cast<double>(b.size());
  double below = 0;  // pairs in which a is the smaller one
  for (const double x : a)
    for (const double y : b) below += x < y ? 1 : x == y ? 0.5 : 0;
  std::map<double, double> ties;
  for (const double x : a) ++ties[x];
  for (const double y : b) ++ties[y];
  const double all = n + m;
  double cubes = 0;
  for (const auto& [value, count] : ties) cubes += count * count * count - count;
  const double variance = n * m / 12 * (all + 1 - cubes / (all * (all - 1)));
  RankTest test;
  test.smaller = below / (n * m);
  const double away = std::max(0.0, std::abs(below - n * m / 2) - 0.5);
  if (variance > 0) test.p = std::erfc(away / std::sqrt(variance) / std::numbers::sqrt2);
  return test;
}

}  // namespace sluice
