// SPDX-License-Identifier: Apache-2.0
#include "dse/comparison/lottery.hpp"

#include <algorithm>

#include "dse/comparison/pagmo_nsga2.hpp"
#include "dse/sampling.hpp"
#include "dse/searchers.hpp"

namespace sluice {

std::string searcher_words(std::string_view searcher, const DesignSpace& hyperparameters,
                           const Point& point) {
  constexpr std::string_view settings = "search.settings.";
  std::string words(searcher);
  for (const SpaceSetting& setting : settings_of(hyperparameters, point))
    words += ":" + setting.path.substr(settings.size()) + "=" + setting.text;
  return words;
}

std::vector<std::string> drawn_configurations(const std::string& searcher, std::uint64_t count,
                                              std::uint64_t seed) {
  std::vector<std::string> words = {searcher};
  if (searcher.find(':') != searcher.npos || searcher == pagmo_nsga2_name) return words;
  const DesignSpace space = hyperparameters_of(searcher);
  if (space.parameters.empty()) return words;
  Point usual;
  for (const SpaceParameter& parameter : space.parameters)
    usual.digits.push_back(parameter.usual.value_or(0));
  Seen seen;
  seen.take(canonical(space, usual));
  Random random(seed);
  std::vector<Point> points;
  add_distinct(points, count, seen, [&] { return random_point(space, random); });
  for (const Point& point : points) words.push_back(searcher_words(searcher, space, point));
  return words;
}

std::vector<LotteryRow> lottery_of(const std::vector<ComparisonCell>& cells) {
  std::vector<LotteryRow> rows;
  std::vector<std::vector<double>> spreads;
  for (const ComparisonCell& cell : cells) {
    const std::string name = cell.searcher.substr(0, cell.searcher.find(':'));
    auto row = std::ranges::find_if(rows, [&](const LotteryRow& known) {
      return known.searcher == name && known.budget == cell.budget;
    });
    if (row == rows.end()) {
      row = rows.insert(row, {name, cell.budget, {}, 0});
      spreads.emplace_back();
    }
    const Quartiles q = quartiles_of(cell.regrets);
    row->medians.push_back(q.median);
    spreads[static_cast<std::size_t>(row - rows.begin())].push_back(q.third - q.first);
  }
  for (std::size_t i = 0; i < rows.size(); ++i)
    rows[i].seed_spread = quartiles_of(spreads[i]).median;
  return rows;
}

}  // namespace sluice
