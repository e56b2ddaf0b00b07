// SPDX-License-Identifier: Apache-2.0
// The parsed form of a formula, as in network files and design spaces, and its parser. What names
// mean and how values are computed is up to those who use it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

struct FormulaError {
  std::size_t offset = 0;  ///< of the mistake in the text
  std::string message;     ///< empty: a value is unknown because of a mistake elsewhere
  std::string hint;
};

struct FormulaTree {
  enum class Kind : std::uint8_t { number, real, name, call, negate, invert, binary, choice };
  Kind kind = Kind::number;
  std::int64_t number = 0;
  double real = 0;
  std::string text;  ///< a name, a function, or a binary operator (`and` and `or` among them)
  std::size_t offset = 0;
  std::vector<FormulaTree> parts;  ///< operands; of a choice: condition, then, else
};

/// What a formula may have beside whole numbers and plain names.
struct FormulaSyntax {
  bool decimals = false;  ///< `0.5`, `1e6`
  bool paths = false;     ///< names with dots: `array.rows`
};

/// Parses `text`, of at most 1000 characters. Throws FormulaError.
FormulaTree parse_formula(std::string_view text, const FormulaSyntax& syntax = {});

}  // namespace sluice
