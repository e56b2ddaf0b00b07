// SPDX-License-Identifier: Apache-2.0
// What searchers keep that learn from all trials: the trials, the best of them, which designs are
// taken, and designs at random until there is enough to learn from.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "dse/learn/encoding.hpp"
#include "dse/preference.hpp"
#include "dse/sampling.hpp"
#include "dse/searcher.hpp"

namespace sluice {

struct Experience {
  Experience(const SearchProblem& p, std::size_t best)
      : problem(p), random(p.seed), encoding(p.space), parents(p.objectives, best, by_objectives) {}

  SearchProblem problem;
  Random random;
  Encoding encoding;
  Seen seen;
  std::vector<Trial> told;
  Elite parents;

  /// `count` new designs: what `choose(count)` gives when `startup` trials are known, the rest, or
  /// all, at random; fewer where no more are found.
  template <class Choose>
  std::vector<Point> ask(std::size_t count, std::uint64_t startup, Choose choose) {
    std::vector<Point> chosen;
    if (told.size() >= startup) chosen = choose(count);
    for (const Point& point : chosen) seen.take(point);
    add_distinct(chosen, count, seen, [&] { return random_point(problem.space, random); });
    return chosen;
  }

  void tell(std::span<const Trial> trials) {
    told.insert(told.end(), trials.begin(), trials.end());
    parents.add(trials);
  }

  /// A design at random where `around` has none, else a mutation of one of those, each parameter
  /// with a probability from 0 to `mutation`. Nothing where none was found.
  std::optional<Point> candidate(std::span<const Point> around, double mutation) {
    if (around.empty()) return random_point(problem.space, random);
    const double probability = mutation * random.unit();
    return mutated(problem.space, around[random.below(around.size())], probability, random);
  }

  std::vector<Point> best() const {
    std::vector<Point> points;
    for (const Trial& trial : parents.trials()) points.push_back(trial.point);
    return points;
  }
};

}  // namespace sluice
