// SPDX-License-Identifier: Apache-2.0
// The line on a terminal that says how far a run has come, and the end of a run on request.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "sim/evaluate.hpp"

namespace sluice {

/// `37 %, 1.24 Gcycles simulated, 14 s, 24 s left, 88.6 Mcycles/s`. The share is of all firings, so
/// that the time left is a guess: firings differ in what they cost the host.
std::string progress_text(const TileProgress& progress, double seconds);

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
  static bool report(const TileProgress& progress, void* self);
  void draw(const TileProgress& progress);

  bool visible_;
  bool drawn_ = false;
  Clock::time_point begin_;
  Clock::time_point next_;
};

}  // namespace sluice
