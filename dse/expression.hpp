// SPDX-License-Identifier: Apache-2.0
// Conditions and quantities over the parameters and metrics of a design: `array.rows *
// array.columns
// <= 16384`, `dataflow == ws`, `area_mm2 <= 50`. Numbers are doubles. Checked once, when it is
// read; computing it then cannot fail.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/formula_tree.hpp"

namespace sluice {

/// A number, a condition, or a word (a choice of a parameter).
using ExpressionValue = std::variant<double, bool, std::string>;

/// A name that an expression may use, and what it stands for.
struct ExpressionName {
  enum class Kind : std::uint8_t { number, condition, word };
  std::string name;
  Kind kind = Kind::number;
  std::vector<std::string> words = {};    ///< that a word may be
  std::vector<std::string> aliases = {};  ///< other spellings
};

class Expression {
 public:
  using Kind = ExpressionName::Kind;

  /// Always true; its text is empty.
  Expression() = default;
  /// Parses and checks kinds. Throws FormulaError: a name that is unknown or stands for several, a
  /// word compared with what is never that word, a number where a condition is needed.
  Expression(std::string_view text, std::span<const ExpressionName> known);

  bool empty() const { return text_.empty(); }
  const std::string& text() const { return text_; }
  Kind kind() const { return kind_; }
  /// Indices into the names that it was read with, ascending, each once.
  const std::vector<std::size_t>& uses() const { return uses_; }

  /// `values`: of all names that it was read with, those in uses() being set. NaN for a condition
  /// that compares what is no finite number, such as 1 / 0: it neither holds nor fails.
  ExpressionValue value(std::span<const ExpressionValue> values) const;
  /// The value of a condition; true for the empty expression.
  bool holds(std::span<const ExpressionValue> values) const;

  bool operator==(const Expression& other) const { return text_ == other.text_; }

 private:
  std::string text_;
  Kind kind_ = Kind::condition;
  FormulaTree tree_;  ///< names are replaced by the text of their index; free words are quoted
  std::vector<std::size_t> uses_;
};

}  // namespace sluice
