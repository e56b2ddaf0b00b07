// SPDX-License-Identifier: Apache-2.0
// A design that was evaluated, and what came of it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/describe.hpp"
#include "dse/space.hpp"
#include "sim/report/report.hpp"

namespace sluice {

enum class TrialStatus : std::uint8_t {
  ok,
  infeasible,  ///< the machine cannot do it, or a constraint is broken
  invalid,     ///< the design's file is wrong, or a metric is no number
  timeout,
  crashed,
};
template <>
struct EnumNames<TrialStatus> {
  static constexpr EnumName<TrialStatus> table[] = {{"ok", TrialStatus::ok},
                                                    {"infeasible", TrialStatus::infeasible},
                                                    {"invalid", TrialStatus::invalid},
                                                    {"timeout", TrialStatus::timeout},
                                                    {"crashed", TrialStatus::crashed}};
};

/// What evaluating a design gave.
struct Result {
  TrialStatus status = TrialStatus::ok;
  std::string reason;           ///< why it is not ok
  std::vector<double> metrics;  ///< as metrics() names them; empty where nothing was simulated
  std::string bottleneck;       ///< the report's sentence
  std::vector<Stall> stalls;    ///< of the total, largest first
  bool operator==(const Result&) const = default;
};

struct Trial {
  std::uint64_t number = 0;  ///< from 0, in the order in which the designs were asked for
  std::uint64_t batch = 0;   ///< the ask that it came from
  Point point;
  Result result;
  bool operator==(const Trial&) const = default;
};

}  // namespace sluice
