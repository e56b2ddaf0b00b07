// SPDX-License-Identifier: Apache-2.0
// Points as a grid, for tables and plots. Not for other rooms.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dse/reproduce/compare.hpp"

namespace sluice {

using PointList = std::vector<const ComparedPoint*>;

PointList selected(const Comparison& comparison, const Selection& selection);

/// The points of a list with a value of a part of the key; all where the part is empty.
PointList with(const PointList& points, std::string_view part, std::string_view value);

/// The values of a part of the key, each once, in the order in which they come; one empty value
/// where the part is empty.
std::vector<std::string> values_of(const PointList& points, std::string_view part);

/// `12.3`, `5.44e+06`: four digits.
std::string short_number(double value);

}  // namespace sluice
