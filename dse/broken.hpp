// SPDX-License-Identifier: Apache-2.0
// What is said of a condition that a design does not keep.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "dse/expression.hpp"
#include "dse/space.hpp"

namespace sluice {

/// The values of the parameters as expression_values() gives them, but only of those that the
/// conditions use: to read a word as a number, or not, takes longer than most conditions.
std::vector<ExpressionValue> values_for(std::span<const Expression> conditions,
                                        const DesignSpace& space, const Point& point);

/// "" where the condition holds; else its text, and whether that is for want of a number.
inline std::string broken(const Expression& condition, std::span<const ExpressionValue> values) {
  if (condition.holds(values)) return {};
  const bool no_number = std::holds_alternative<double>(condition.value(values));
  return condition.text() + (no_number ? " (a side of it is no finite number)" : "");
}

}  // namespace sluice
