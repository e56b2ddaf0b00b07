// SPDX-License-Identifier: Apache-2.0
// An axis of a plot: from values to places, and its ticks. Not for other rooms.
#pragma once

#include <vector>

namespace sluice {

class Axis {
 public:
  /// Covers `low` to `high`, rounded outwards to ticks, or to powers of ten where `log`. Runs from
  /// `begin` to `end` in the picture.
  Axis(double low, double high, bool log, double begin, double end);

  double place(double value) const;
  const std::vector<double>& ticks() const { return ticks_; }

 private:
  double scaled(double value) const;

  bool log_;
  double begin_, end_;
  double low_ = 0, high_ = 1;  ///< scaled
  std::vector<double> ticks_;
};

}  // namespace sluice
