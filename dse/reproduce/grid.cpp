// SPDX-License-Identifier: Apache-2.0
#include "dse/reproduce/grid.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sluice {

PointList selected(const Comparison& comparison, const Selection& selection) {
  PointList points;
  for (const ComparedPoint& point : comparison.points)
    if (selection.matches(point.key)) points.push_back(&point);
  return points;
}

PointList with(const PointList& points, std::string_view part, std::string_view value) {
  if (part.empty()) return points;
  PointList found;
  for (const ComparedPoint* point : points)
    if (part_of(point->key, part) == value) found.push_back(point);
  return found;
}

std::vector<std::string> values_of(const PointList& points, std::string_view part) {
  if (part.empty()) return {""};
  std::vector<std::string> values;
  for (const ComparedPoint* point : points) {
    const std::string& value = part_of(point->key, part);
    if (std::ranges::find(values, value) == values.end()) values.push_back(value);
  }
  return values;
}

std::string short_number(double value) { return fmt::format("{:.4g}", value); }

}  // namespace sluice
