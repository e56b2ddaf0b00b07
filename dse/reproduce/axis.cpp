// SPDX-License-Identifier: Apache-2.0
#include "dse/reproduce/axis.hpp"

#include <algorithm>
#include <cmath>

namespace sluice {
namespace {

/// 1, 2 or 5 times a power of ten, so that four to nine steps cover `span`.
double nice_step(double span) {
  const double rough = span / 5;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (rough <= factor * power) return factor * power;
  return 10 * power;
}

}  // namespace

Axis::Axis(double low, double high, bool log, double begin, double end)
    : log_(log), begin_(begin), end_(end) {
  if (log_) {
    low_ = std::floor(std::log10(low));
    high_ = std::max(std::ceil(std::log10(high)), low_ + 1);
    for (double power = low_; power <= high_; ++power) ticks_.push_back(std::pow(10, power));
    return;
  }
  if (!(high > low)) high = low + 1;
  high -= 1e-9 * (high - low);  // a value of 1 and some rounding ends at 1
  const double step = nice_step(high - low);
  const double first = std::floor(low / step), last = std::ceil(high / step);
  low_ = first * step;
  high_ = last * step;
  for (double i = first; i <= last; ++i) ticks_.push_back(i * step);
}

double Axis::scaled(double value) const { return log_ ? std::log10(value) : value; }

double Axis::place(double value) const {
  return begin_ + (scaled(value) - low_) / (high_ - low_) * (end_ - begin_);
}

}  // namespace sluice
