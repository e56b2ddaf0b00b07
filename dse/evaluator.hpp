// SPDX-License-Identifier: Apache-2.0
// What designs are worth: a pure function of a sweep and a point.
#pragma once

#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "dse/sweep.hpp"
#include "dse/trial.hpp"
#include "dse/worker_pool.hpp"
#include "dse/workspace.hpp"

namespace sluice {

/// Simulates one design in this thread. Never throws for a bad design: that is its result.
/// `analytic` may run on many threads; `tile` and `pe` on one at a time.
Result evaluate_point(const Sweep& sweep, const Library& library, const Point& point);
/// The same result, sooner: what designs have in common is read once, for the workspace.
Result evaluate_point(Workspace& workspace, const Point& point);

/// Whether designs are evaluated in processes of their own: SystemC is global to one, and only a
/// process can be ended when its time is up.
bool needs_processes(const Sweep& sweep);

/// For tables of points.
struct PointHash {
  std::size_t operator()(const Point& point) const;
};

/// Evaluates batches. Designs that were evaluated before, by this or by what remember() was told,
/// are not evaluated again, nor are duplicates within a batch.
class Evaluator {
 public:
  /// Holds references. With `tile`, `pe` or a timeout it starts worker processes (worker_pool.hpp);
  /// the proxy of a sweep that has one is read. `pulse` is also called between designs that threads
  /// evaluate; what it throws ends evaluate(), which then has evaluated nothing.
  Evaluator(const Sweep& sweep, const Library& library, Pulse pulse = {});
  ~Evaluator();
  Evaluator(const Evaluator&) = delete;
  Evaluator& operator=(const Evaluator&) = delete;

  /// The results of canonical points, in their order: on threads of this process or in processes
  /// (needs_processes()), as many as the sweep asks for.
  std::vector<Result> evaluate(std::span<const Point> points);
  void remember(const Point& point, const Result& result) { known_.emplace(point, result); }

 private:
  using Known = std::unordered_map<Point, Result, PointHash>;
  using Entry = Known::value_type;
  struct Hands;
  std::vector<Result> results_of(const std::vector<Point>& points);

  const Sweep& sweep_;
  Pulse pulse_;
  std::unique_ptr<Hands> hands_;
  Known known_;
};

}  // namespace sluice
