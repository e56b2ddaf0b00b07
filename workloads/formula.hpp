// SPDX-License-Identifier: Apache-2.0
// The formulas of network files: exact whole numbers, conditions and words. `batch * seq_len`,
// `ceil_div(width, 2)`, `1 if phase == decode else seq_len`. A division must come out whole.
// Not for users of the room; see load.hpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/formula_tree.hpp"

namespace sluice {

/// A number, a condition, or a word out of a parameter's choices; nothing after a mistake.
struct FormulaValue {
  std::variant<std::int64_t, bool, std::string, std::monostate> value = std::int64_t{0};
  std::vector<std::string> choices = {};  ///< of a word: what it may be, for comparisons

  const std::int64_t* number() const { return std::get_if<std::int64_t>(&value); }
  const bool* condition() const { return std::get_if<bool>(&value); }
  const std::string* word() const { return std::get_if<std::string>(&value); }
};

/// Stands for a value that could not be computed. Formulas that need it fail with no message.
inline const FormulaValue unknown_value{std::monostate{}, {}};

/// Names and their values; later ones hide earlier ones of the same name.
class FormulaScope {
 public:
  void set(std::string name, FormulaValue value) {
    values_.emplace_back(std::move(name), std::move(value));
  }
  const FormulaValue* find(std::string_view name) const;
  std::vector<std::string> names() const;

 private:
  std::vector<std::pair<std::string, FormulaValue>> values_;
};

/// The value of `text`. Only the branch of a condition that is taken is evaluated.
std::variant<FormulaValue, FormulaError> evaluate_formula(std::string_view text,
                                                          const FormulaScope& scope);

/// The value as it would be written in YAML.
std::string to_text(const FormulaValue& value);

/// What the value is, in words: `a number`, `a condition`, `a word`.
std::string_view kind_name(const FormulaValue& value);

}  // namespace sluice
