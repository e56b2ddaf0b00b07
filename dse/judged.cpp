// SPDX-License-Identifier: Apache-2.0
#include "dse/judged.hpp"

#include <fmt/format.h>

#include <cmath>

namespace sluice {

void require_numbers(std::span<const Objective> objectives, Result& result) {
  if (result.status != TrialStatus::ok) return;
  if (result.metrics.empty()) {
    result.status = TrialStatus::invalid;
    result.reason = "no metric is a number";
    return;
  }
  for (const Objective& objective : objectives) {
    const double value = result.metrics[objective.metric];
    if (std::isfinite(value)) continue;
    result.status = TrialStatus::invalid;
    result.reason = fmt::format("{} is {}", metrics()[objective.metric].name,
                                std::isnan(value) ? "not a number" : "infinite");
    return;
  }
}

}  // namespace sluice
