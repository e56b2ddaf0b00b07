// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>

#include "mapper/search/explore.hpp"

namespace sluice::search {
namespace {

/// Sums of the same terms in another order differ by less.
constexpr double slack = 1e-12;

struct Key {
  double first, second;
  bool operator==(const Key&) const = default;
  auto operator<=>(const Key&) const = default;
};

Key key_of(SearchObjective objective, double cycles, double energy_pj) {
  switch (objective) {
    case SearchObjective::cycles:
      return {cycles, energy_pj};
    case SearchObjective::energy:
      return {energy_pj, cycles};
    default:
      return {energy_pj * cycles, cycles};
  }
}

Key key_of(SearchObjective objective, const FoundMapping& mapping) {
  return key_of(objective, static_cast<double>(mapping.cycles), mapping.energy_pj);
}

}  // namespace

bool better(SearchObjective objective, double cycles, double energy_pj, double other_cycles,
            double other_energy_pj) {
  return key_of(objective, cycles, energy_pj) < key_of(objective, other_cycles, other_energy_pj);
}

bool Archive::excludes(double cycles, double energy_pj) const {
  if (objective_ == SearchObjective::pareto)
    return std::any_of(found_.begin(), found_.end(), [&](const FoundMapping& known) {
      return static_cast<double>(known.cycles) <= cycles &&
             known.energy_pj * (1 - slack) <= energy_pj;
    });
  if (found_.empty()) return false;
  const Key known = key_of(objective_, found_.front());
  const Key bound = key_of(objective_, cycles, energy_pj);
  if (bound.first > known.first * (1 + slack)) return true;
  return bound.first >= known.first * (1 - slack) && bound.second >= known.second * (1 - slack);
}

void Archive::offer(const FoundMapping& mapping) {
  if (objective_ != SearchObjective::pareto) {
    if (found_.empty() || key_of(objective_, mapping) < key_of(objective_, found_.front()))
      found_ = {mapping};
    return;
  }
  const auto no_worse = [](const FoundMapping& a, const FoundMapping& b) {
    return a.cycles <= b.cycles && a.energy_pj <= b.energy_pj;
  };
  for (const FoundMapping& known : found_)
    if (no_worse(known, mapping)) return;
  std::erase_if(found_, [&](const FoundMapping& known) { return no_worse(mapping, known); });
  const auto at = std::partition_point(
      found_.begin(), found_.end(),
      [&](const FoundMapping& known) { return known.cycles < mapping.cycles; });
  found_.insert(at, mapping);
}

double Archive::best() const {
  if (found_.empty()) return std::numeric_limits<double>::infinity();
  return objective_value(objective_, found_.front().cycles, found_.front().energy_pj);
}

}  // namespace sluice::search
