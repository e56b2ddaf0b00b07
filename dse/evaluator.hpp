// SPDX-License-Identifier: Apache-2.0
// What designs are worth: a pure function of a sweep and a point.
#pragma once

#include <map>
#include <span>
#include <vector>

#include "dse/sweep.hpp"
#include "dse/trial.hpp"

namespace sluice {

/// Evaluates one design in this thread. Never throws for a bad design: that is its result.
/// `analytic` may run on many threads; `tile` and `pe` on one at a time.
Result evaluate_point(const Sweep& sweep, const Library& library, const Point& point);

/// Evaluates batches. Designs that were evaluated before, by this or by what remember() was told,
/// are not evaluated again, nor are duplicates within a batch.
class Evaluator {
 public:
  /// Holds references.
  Evaluator(const Sweep& sweep, const Library& library) : sweep_(sweep), library_(library) {}

  /// The results of canonical points, in their order, on all threads where the fidelity allows it.
  std::vector<Result> evaluate(std::span<const Point> points);
  void remember(const Point& point, const Result& result) { known_.emplace(point, result); }

 private:
  const Sweep& sweep_;
  const Library& library_;
  std::map<Point, Result> known_;
};

}  // namespace sluice
