// SPDX-License-Identifier: Apache-2.0
#include "dse/sampling.hpp"

#include <algorithm>

namespace sluice {
namespace {

/// A value other than `digit`, near it where values have neighbours.
std::uint64_t moved(const Domain& domain, std::uint64_t digit, Random& random) {
  const std::uint64_t size = size_of(domain);
  if (size == 1) return 0;
  if (!is_ordered(domain)) {
    const std::uint64_t other = random.below(size - 1);
    return other >= digit ? other + 1 : other;
  }
  std::uint64_t steps = 1;
  while (steps + 1 < size && random.chance(0.5)) ++steps;
  const bool can_rise = digit + steps < size, can_fall = digit >= steps;
  if (can_rise && (!can_fall || random.chance(0.5))) return digit + steps;
  return can_fall ? digit - steps : (digit == 0 ? size - 1 : 0);
}

/// Parameters that do not exist get a value at random, in case a change makes them exist.
void fill_inactive(const DesignSpace& space, Point& point, Random& random) {
  for (std::size_t p = 0; p < point.digits.size(); ++p)
    if (point.digits[p] == inactive)
      point.digits[p] = random.below(size_of(space.parameters[p].domain));
}

/// One parameter changes for certain, others with this probability.
Point changed(const DesignSpace& space, Point point, std::size_t certain, double probability,
              Random& random) {
  fill_inactive(space, point, random);
  for (std::size_t p = 0; p < space.parameters.size(); ++p)
    if (p == certain || random.chance(probability))
      point.digits[p] = moved(space.parameters[p].domain, point.digits[p], random);
  return canonical(space, std::move(point));
}

}  // namespace

std::optional<Point> random_point(const DesignSpace& space, Random& random) {
  for (int i = 0; i < most_draws; ++i) {
    Point point;
    for (const SpaceParameter& parameter : space.parameters)
      point.digits.push_back(random.below(size_of(parameter.domain)));
    point = canonical(space, std::move(point));
    if (broken_constraint(space, point).empty()) return point;
  }
  return std::nullopt;
}

std::optional<Point> mutated(const DesignSpace& space, const Point& point, double probability,
                             Random& random) {
  const std::size_t n = space.parameters.size();
  if (n == 0) return std::nullopt;
  for (int i = 0; i < most_draws; ++i) {
    Point child = changed(space, point, random.below(n), probability, random);
    if (child != point && broken_constraint(space, child).empty()) return child;
  }
  return std::nullopt;
}

std::optional<Point> perturbed(const DesignSpace& space, const Point& point, double probability,
                               Random& random) {
  for (int i = 0; i < most_draws; ++i) {
    Point child = changed(space, point, space.parameters.size(), probability, random);
    if (broken_constraint(space, child).empty()) return child;
  }
  return std::nullopt;
}

Point crossed(const DesignSpace& space, const Point& a, const Point& b, Random& random) {
  Point child = a;
  for (std::size_t p = 0; p < child.digits.size(); ++p)
    if (child.digits[p] == inactive || (b.digits[p] != inactive && random.chance(0.5)))
      child.digits[p] = b.digits[p];
  fill_inactive(space, child, random);
  return canonical(space, std::move(child));
}

Point point_at(const DesignSpace& space, const std::vector<double>& coordinates) {
  Point point;
  for (std::size_t p = 0; p < space.parameters.size(); ++p)
    point.digits.push_back(index_at(space.parameters[p].domain, coordinates[p]));
  return canonical(space, std::move(point));
}

}  // namespace sluice
