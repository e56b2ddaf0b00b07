// SPDX-License-Identifier: Apache-2.0
// Points drawn and changed at random, always canonical and within the space's constraints.
#pragma once

#include <optional>
#include <set>

#include "dse/random.hpp"
#include "dse/space.hpp"

namespace sluice {

/// How often a draw that breaks a constraint is repeated before a searcher gives up.
inline constexpr int most_draws = 10'000;

/// Every parameter uniform over its values, draws that break a constraint repeated. Nothing when
/// none of `most_draws` keeps them.
std::optional<Point> random_point(const DesignSpace& space, Random& random);

/// Changes every parameter with this probability, and at least one. An ordered value moves by a
/// geometrically distributed number of steps (mean 2), any other is drawn anew. Nothing when no
/// draw keeps the constraints.
std::optional<Point> mutated(const DesignSpace& space, const Point& point, double probability,
                             Random& random);

/// Changes every parameter with this probability, and perhaps none.
std::optional<Point> perturbed(const DesignSpace& space, const Point& point, double probability,
                               Random& random);

/// Every parameter from one parent or the other.
Point crossed(const DesignSpace& space, const Point& a, const Point& b, Random& random);

/// The point at coordinates between 0 and 1, one a parameter (domain.hpp).
Point point_at(const DesignSpace& space, const std::vector<double>& coordinates);

/// A set of points, such as those that were asked for already.
class Seen {
 public:
  /// Whether it is new; it no longer is then.
  bool take(const Point& point) { return points_.insert(point).second; }
  bool contains(const Point& point) const { return points_.contains(point); }
  void drop(const Point& point) { points_.erase(point); }
  const std::set<Point>& points() const { return points_; }

 private:
  std::set<Point> points_;
};

/// Adds new points to `points` up to `count`; fewer when `most_draws` draws in a row give none.
template <class Draw>
void add_distinct(std::vector<Point>& points, std::size_t count, Seen& seen, Draw draw) {
  for (int tries = 0; points.size() < count && tries < most_draws; ++tries) {
    std::optional<Point> point = draw();
    if (!point) return;
    if (!seen.take(*point)) continue;
    points.push_back(std::move(*point));
    tries = 0;
  }
}

/// Up to `count` new points by `draw`; where it finds no more, at random.
template <class Draw>
std::vector<Point> distinct(const DesignSpace& space, std::size_t count, Seen& seen, Random& random,
                            Draw draw) {
  std::vector<Point> points;
  add_distinct(points, count, seen, draw);
  add_distinct(points, count, seen, [&] { return random_point(space, random); });
  return points;
}

}  // namespace sluice
