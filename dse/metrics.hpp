// SPDX-License-Identifier: Apache-2.0
// What a design is judged by: numbers of a report, each with its unit. How several of them become
// one is a question of the objective (sweep.hpp), not of the metric.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dse/expression.hpp"
#include "sim/report/report.hpp"

namespace sluice {

struct Metric {
  std::string_view name;
  std::string_view unit;
  std::string_view summary;
  bool needs_prices = false;  ///< of an energy table; without one it is no number
  double (*of)(const Report& report);
};

/// A metric that is to be as small, or as large, as possible.
struct Objective {
  std::size_t metric = 0;  ///< index in metrics()
  bool maximize = false;
  bool operator==(const Objective&) const = default;
};

/// All metrics; the order is that of Trial::metrics.
std::span<const Metric> metrics();

/// The values of all metrics; NaN for those whose prices the machine does not have.
std::vector<double> metrics_of(const Report& report);

/// The metrics as names for expressions.
std::vector<ExpressionName> metric_names();

}  // namespace sluice
