// SPDX-License-Identifier: Apache-2.0
// Evaluates designs in processes of their own, which live for many designs: what only one thread of
// a process may do (SystemC) is done by several processes, and a design that crashes or never ends
// costs that design alone.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "dse/trial.hpp"

namespace sluice {

struct WorkerOptions {
  std::size_t workers = 0;     ///< processes; 0: one for each core
  double timeout_seconds = 0;  ///< of one design; 0: none
};

class WorkerPool {
 public:
  using Evaluate = std::function<Result(const Point&)>;

  /// Starts the processes, copies of this one: `evaluate` runs in them with all that it refers to
  /// as it is now. Make the pool before other threads do anything. Throws std::system_error.
  WorkerPool(Evaluate evaluate, const WorkerOptions& options);
  /// Ends them.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// The results in the order of the points, which does not depend on the number of workers. One
  /// that was ended for its time is `timeout`, one whose process ended is `crashed`.
  std::vector<Result> evaluate(std::span<const Point> points);

 private:
  struct Processes;
  std::unique_ptr<Processes> processes_;
};

}  // namespace sluice
