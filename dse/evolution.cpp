// SPDX-License-Identifier: Apache-2.0
#include "dse/evolution.hpp"

#include <algorithm>

namespace sluice {

/// The first population is drawn at random.
std::vector<Point> Evolution::ask(std::size_t count) {
  return distinct(space_, count, seen_, random_, [&] {
    return survivors_.size() < settings_.population ? random_point(space_, random_) : child();
  });
}

const Point& Evolution::parent() {
  std::uint64_t best = survivors_.size();
  for (std::uint64_t i = 0; i < settings_.tournament; ++i)
    best = std::min(best, random_.below(survivors_.size()));
  return survivors_[best].point;
}

std::optional<Point> Evolution::child() {
  const Point& first = parent();
  if (!random_.chance(settings_.crossing))
    return mutated(space_, first, settings_.mutation, random_);
  const Point mixed = crossed(space_, first, parent(), random_);
  return mutated(space_, mixed, settings_.mutation, random_);
}

void Evolution::tell(std::span<const Trial> trials) {
  survivors_.insert(survivors_.end(), trials.begin(), trials.end());
  const std::vector<std::size_t> order = order_(survivors_);
  std::vector<Trial> next;
  for (std::size_t i = 0; i < std::min<std::size_t>(order.size(), settings_.population); ++i)
    next.push_back(survivors_[order[i]]);
  survivors_ = std::move(next);
}

}  // namespace sluice
