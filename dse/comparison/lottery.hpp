// SPDX-License-Identifier: Apache-2.0
// How much a searcher owes to its hyperparameters: the same searcher with many settings. Which
// settings it has, and their ranges, its entry says (hyperparameters_of() in dse/searchers.hpp).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dse/comparison/comparison.hpp"
#include "dse/space.hpp"

namespace sluice {

/// A design of hyperparameters_of(searcher) as ComparisonSettings::searchers names it:
/// `tpe:candidates=32:good_share=0.1`; the plain name where there are no settings.
std::string searcher_words(std::string_view searcher, const DesignSpace& hyperparameters,
                           const Point& point);

/// The searcher with its usual settings, then with `count` others, each drawn evenly over its
/// hyperparameters, none twice; fewer where there are fewer. `searcher` with settings of its own,
/// and pagmo's, stand for themselves. Throws SpecError when there is no such searcher.
std::vector<std::string> drawn_configurations(const std::string& searcher, std::uint64_t count,
                                              std::uint64_t seed);

/// One searcher with one budget, over its configurations.
struct LotteryRow {
  std::string searcher;
  std::uint64_t budget = 0;
  std::vector<double> medians;  ///< of the regret over seeds, by configuration, the usual one first
  double seed_spread = 0;       ///< third less first quartile over seeds, median of configurations
};

/// A row for each searcher and budget of the cells, in their order. Configurations of a searcher
/// are cells whose names are the same up to the first colon.
std::vector<LotteryRow> lottery_of(const std::vector<ComparisonCell>& cells);

}  // namespace sluice
