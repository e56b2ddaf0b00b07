// SPDX-License-Identifier: Apache-2.0
// What is said of a condition that a design does not keep.
#pragma once

#include <string>

#include "dse/expression.hpp"

namespace sluice {

/// "" where the condition holds; else its text, and whether that is for want of a number.
inline std::string broken(const Expression& condition, std::span<const ExpressionValue> values) {
  if (condition.holds(values)) return {};
  const bool no_number = std::holds_alternative<double>(condition.value(values));
  return condition.text() + (no_number ? " (a side of it is no finite number)" : "");
}

}  // namespace sluice
