// SPDX-License-Identifier: Apache-2.0
// The parsed form of a formula (formula.hpp) and its parser; nothing here computes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

struct FormulaTree {
  enum class Kind : std::uint8_t { number, name, call, negate, invert, binary, choice };
  Kind kind = Kind::number;
  std::int64_t number = 0;
  std::string text;  ///< a name, a function, or a binary operator (`and` and `or` among them)
  std::size_t offset = 0;
  std::vector<FormulaTree> parts;  ///< operands; of a choice: condition, then, else
};

/// Parses `text`. Throws FormulaError (caught by evaluate_formula; it never leaves the room).
FormulaTree parse_formula(std::string_view text);

}  // namespace sluice
