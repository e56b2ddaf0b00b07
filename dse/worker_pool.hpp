// SPDX-License-Identifier: Apache-2.0
// Evaluates designs in processes of their own, which live for many designs: what only one thread of
// a process may do (SystemC) is done by several processes, and a design that crashes or never ends
// costs that design alone.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "dse/trial.hpp"

namespace sluice {

/// Called by the thread that waits, ten times a second, such as to look for signals.
using Pulse = std::function<void()>;
inline constexpr std::chrono::milliseconds pulse_interval{100};

struct WorkerOptions {
  std::size_t workers = 0;     ///< processes; 0: one for each core
  double timeout_seconds = 0;  ///< of one design; 0: none
};

/// How many workers those are.
std::size_t count_workers(const WorkerOptions& options);

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
  /// that was ended for its time is `timeout`, one whose process ended is `crashed`. What `pulse`
  /// throws ends the evaluation and the workers that were at it, which are started anew.
  std::vector<Result> evaluate(std::span<const Point> points, const Pulse& pulse = {});

 private:
  struct Processes;
  std::vector<Result> evaluate_all(std::span<const Point> points, const Pulse& pulse);
  std::unique_ptr<Processes> processes_;
};

}  // namespace sluice
