// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
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

Key key_of(const Goal& goal, double cycles, double energy_pj) {
  switch (goal.objective) {
    case SearchObjective::cycles:
      return {cycles, energy_pj};
    case SearchObjective::energy:
      return {energy_pj, cycles};
    case SearchObjective::priced:
      return {energy_pj + cycles * std::sqrt(goal.prices.least * goal.prices.most), cycles};
    default:
      return {energy_pj * cycles, cycles};
  }
}

Key key_of(const Goal& goal, const FoundMapping& mapping) {
  return key_of(goal, static_cast<double>(mapping.cycles), mapping.energy_pj);
}

bool is_single(SearchObjective objective) {
  return objective != SearchObjective::pareto && objective != SearchObjective::priced;
}

/// Whether at every price one of `front` costs no more. What they cost at least is concave in the
/// price, what the pair costs is linear: it is enough to look where the best one changes, and at
/// both ends.
bool prices_exclude(const std::vector<FoundMapping>& front, const Goal& goal, double cycles,
                    double energy_pj) {
  const double worth = 1 - std::max(slack, goal.tolerance);
  const auto no_better_at = [&](double price, const FoundMapping& best) {
    return (best.energy_pj + price * static_cast<double>(best.cycles)) * worth <=
           energy_pj + price * cycles;
  };
  if (front.empty()) return false;
  if (!no_better_at(goal.prices.most, front.front()) ||
      !no_better_at(goal.prices.least, front.back()))
    return false;
  for (std::size_t i = 1; i < front.size(); ++i) {
    const double price = (front[i - 1].energy_pj - front[i].energy_pj) /
                         static_cast<double>(front[i].cycles - front[i - 1].cycles);
    if (!no_better_at(price, front[i])) return false;
  }
  return true;
}

}  // namespace

bool better(const Goal& goal, double cycles, double energy_pj, double other_cycles,
            double other_energy_pj) {
  return key_of(goal, cycles, energy_pj) < key_of(goal, other_cycles, other_energy_pj);
}

bool Archive::excludes(double cycles, double energy_pj) const {
  if (goal_.objective == SearchObjective::priced)
    return prices_exclude(found_, goal_, cycles, energy_pj);
  if (goal_.objective == SearchObjective::pareto)
    return std::any_of(found_.begin(), found_.end(), [&](const FoundMapping& known) {
      return static_cast<double>(known.cycles) <= cycles &&
             known.energy_pj * (1 - slack) <= energy_pj;
    });
  const Key bound = key_of(goal_, cycles, energy_pj);
  return bound.first > worse_ || (bound.first >= equal_ && bound.second >= equal_second_);
}

void Archive::offer(const FoundMapping& mapping) {
  if (is_single(goal_.objective)) {
    if (found_.empty() || key_of(goal_, mapping) < key_of(goal_, found_.front())) replace(mapping);
    return;
  }
  if (goal_.objective == SearchObjective::priced &&
      excludes(static_cast<double>(mapping.cycles), mapping.energy_pj))
    return;
  if (offer_to_front(mapping) && goal_.objective == SearchObjective::priced)
    keep_priced(found_, goal_.prices);
}

void Archive::replace(const FoundMapping& mapping) {
  found_ = {mapping};
  const Key key = key_of(goal_, mapping);
  worse_ = key.first * (1 - goal_.tolerance) * (1 + slack);
  equal_ = key.first * (1 - goal_.tolerance) * (1 - slack);
  equal_second_ = key.second * (1 - slack);
}

/// False where one that is known is no worse.
bool Archive::offer_to_front(const FoundMapping& mapping) {
  const auto no_worse = [](const FoundMapping& a, const FoundMapping& b) {
    return a.cycles <= b.cycles && a.energy_pj <= b.energy_pj;
  };
  for (const FoundMapping& known : found_)
    if (no_worse(known, mapping)) return false;
  std::erase_if(found_, [&](const FoundMapping& known) { return no_worse(mapping, known); });
  const auto at = std::partition_point(
      found_.begin(), found_.end(),
      [&](const FoundMapping& known) { return known.cycles < mapping.cycles; });
  found_.insert(at, mapping);
  return true;
}

double Archive::best() const {
  if (found_.empty()) return std::numeric_limits<double>::infinity();
  return objective_value(goal_.objective, found_.front().cycles, found_.front().energy_pj);
}

}  // namespace sluice::search
