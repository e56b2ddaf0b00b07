// SPDX-License-Identifier: Apache-2.0
// The columns of a trial that are JSON, as they are written and read. Internal to this folder.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dse/space.hpp"
#include "sim/report/report.hpp"

namespace sluice {

/// Thrown when a cell does not hold what belongs there.
struct DamagedCell {};

/// `[1,null,3]`: the index of each parameter's value, null where it does not exist.
std::string digits_cell(const Point& point);
Point read_digits(std::string_view cell);

/// Numbers by name, in the order of names; null is no number. `{}`: nothing was simulated.
std::string metrics_cell(const std::vector<double>& values);
std::vector<double> read_metrics(std::string_view cell);

/// `[["fill",3],...]`
std::string stalls_cell(const std::vector<Stall>& stalls);
std::vector<Stall> read_stalls(std::string_view cell);

}  // namespace sluice
