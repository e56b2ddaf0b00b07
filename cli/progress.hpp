// SPDX-License-Identifier: Apache-2.0
// The line on a terminal that says how far a run has come, and the end of a run on request.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "sim/evaluate.hpp"

namespace sluice {

/// `1.24 Gcycles simulated, 14 s, 88.6 Mcycles/s`.
std::string progress_text(std::uint64_t cycle, double seconds);

/// What evaluate() calls now and then. It stops a run that a signal asked to end (interrupt.hpp).
class Progress {
 public:
  /// Draws on standard error when `visible`, at most ten times a second.
  explicit Progress(bool visible);
  /// Takes the line away.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void attach(EvaluateHooks& hooks);

 private:
  using Clock = std::chrono::steady_clock;
  static bool report(std::uint64_t cycle, void* self);
  void draw(std::uint64_t cycle);

  bool visible_;
  bool drawn_ = false;
  Clock::time_point begin_;
  Clock::time_point next_;
};

}  // namespace sluice
