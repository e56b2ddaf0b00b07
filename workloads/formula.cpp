// SPDX-License-Identifier: Apache-2.0
#include "workloads/formula.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/diagnostics.hpp"

namespace sluice {
namespace {

using Kind = FormulaTree::Kind;

class Evaluator {
 public:
  explicit Evaluator(const FormulaScope& scope) : scope_(scope) {}

  FormulaValue value(const FormulaTree& tree) const {
    switch (tree.kind) {
      case Kind::number:
        return {tree.number};
      case Kind::real:
        fail(tree, "a whole number is needed");
      case Kind::name:
        return name(tree);
      case Kind::call:
        return {call(tree)};
      case Kind::negate:
        return {negated(tree)};
      case Kind::invert:
        return {!condition(tree.parts[0])};
      case Kind::choice:
        return value(tree.parts[condition(tree.parts[0]) ? 1 : 2]);
      case Kind::binary:
        return binary(tree);
    }
    return {};
  }

 private:
  [[noreturn]] static void fail(const FormulaTree& tree, std::string message,
                                std::string hint = {}) {
    throw FormulaError{tree.offset, std::move(message), std::move(hint)};
  }

  std::int64_t number(const FormulaTree& tree) const {
    const FormulaValue result = value(tree);
    if (!result.number()) fail(tree, fmt::format("a number is needed, not {}", kind_name(result)));
    return *result.number();
  }
  bool condition(const FormulaTree& tree) const {
    const FormulaValue result = value(tree);
    if (!result.condition())
      fail(tree, fmt::format("a condition is needed, not {}", kind_name(result)),
           "compare it, such as `stride == 1`");
    return *result.condition();
  }

  FormulaValue name(const FormulaTree& tree) const {
    if (tree.text == "true" || tree.text == "false") return {tree.text == "true"};
    const FormulaValue* known = scope_.find(tree.text);
    if (!known)
      fail(tree, fmt::format("'{}' is not known here", tree.text),
           suggestion(tree.text, scope_.names()));
    if (std::holds_alternative<std::monostate>(known->value)) fail(tree, {});
    return *known;
  }

  /// By reference: `result` is written while the arguments are evaluated.
  static std::int64_t whole(const FormulaTree& tree, bool overflowed, const std::int64_t& result) {
    if (overflowed) fail(tree, "the result exceeds 63 bits");
    return result;
  }

  std::int64_t negated(const FormulaTree& tree) const {
    std::int64_t result = 0;
    return whole(tree, __builtin_sub_overflow(std::int64_t{0}, number(tree.parts[0]), &result),
                 result);
  }

  std::int64_t call(const FormulaTree& tree) const {
    static const std::vector<std::string> functions = {"min", "max", "ceil_div"};
    if (std::find(functions.begin(), functions.end(), tree.text) == functions.end())
      fail(tree, fmt::format("there is no function '{}'", tree.text),
           suggestion(tree.text, functions));
    if (tree.parts.size() != 2) fail(tree, fmt::format("{} takes two numbers", tree.text));
    const std::int64_t a = number(tree.parts[0]), b = number(tree.parts[1]);
    if (tree.text == "min") return std::min(a, b);
    if (tree.text == "max") return std::max(a, b);
    check_divisor(tree, a, b);
    return a / b + (a % b != 0 ? 1 : 0);
  }

  static void check_divisor(const FormulaTree& tree, std::int64_t a, std::int64_t b) {
    if (b == 0) fail(tree, fmt::format("{} is divided by zero", a));
    if (a < 0 || b < 0) fail(tree, fmt::format("{} and {}: a division takes no negatives", a, b));
  }

  FormulaValue binary(const FormulaTree& tree) const {
    const std::string& op = tree.text;
    if (op == "and") return {condition(tree.parts[0]) && condition(tree.parts[1])};
    if (op == "or") return {condition(tree.parts[0]) || condition(tree.parts[1])};
    if (op == "==") return {equal(tree)};
    if (op == "!=") return {!equal(tree)};
    const std::int64_t a = number(tree.parts[0]), b = number(tree.parts[1]);
    if (op == "<") return {a < b};
    if (op == "<=") return {a <= b};
    if (op == ">") return {a > b};
    if (op == ">=") return {a >= b};
    return {arithmetic(tree, a, b)};
  }

  static std::int64_t arithmetic(const FormulaTree& tree, std::int64_t a, std::int64_t b) {
    std::int64_t result = 0;
    if (tree.text == "+") return whole(tree, __builtin_add_overflow(a, b, &result), result);
    if (tree.text == "-") return whole(tree, __builtin_sub_overflow(a, b, &result), result);
    if (tree.text == "*") return whole(tree, __builtin_mul_overflow(a, b, &result), result);
    check_divisor(tree, a, b);
    if (tree.text == "//") return a / b;
    if (tree.text == "%") return a % b;
    if (a % b != 0)
      fail(tree, fmt::format("{} / {} is not whole", a, b),
           "use `//` to round down or ceil_div(a, b) to round up");
    return a / b;
  }

  /// A word that is no name may stand beside a parameter of which it is a choice.
  bool equal(const FormulaTree& tree) const {
    const FormulaTree &left = tree.parts[0], &right = tree.parts[1];
    if (is_free_word(right)) return equals_word(left, right);
    if (is_free_word(left)) return equals_word(right, left);
    const FormulaValue a = value(left), b = value(right);
    if (a.value.index() != b.value.index())
      fail(tree, fmt::format("{} is compared with {}", kind_name(a), kind_name(b)));
    return a.value == b.value;
  }
  bool is_free_word(const FormulaTree& tree) const {
    return tree.kind == Kind::name && tree.text != "true" && tree.text != "false" &&
           !scope_.find(tree.text);
  }
  bool equals_word(const FormulaTree& tree, const FormulaTree& free) const {
    const FormulaValue known = value(tree);
    if (!known.word()) name(free);  // fails: an unknown name
    const auto& choices = known.choices;
    if (std::find(choices.begin(), choices.end(), free.text) == choices.end())
      fail(free, fmt::format("'{}' is never '{}'", tree.text, free.text),
           suggestion(free.text, choices));
    return *known.word() == free.text;
  }

  const FormulaScope& scope_;
};

}  // namespace

const FormulaValue* FormulaScope::find(std::string_view name) const {
  for (auto entry = values_.rbegin(); entry != values_.rend(); ++entry)
    if (entry->first == name) return &entry->second;
  return nullptr;
}

std::vector<std::string> FormulaScope::names() const {
  std::vector<std::string> result;
  for (const auto& [name, value] : values_)
    if (std::find(result.begin(), result.end(), name) == result.end()) result.push_back(name);
  return result;
}

std::variant<FormulaValue, FormulaError> evaluate_formula(std::string_view text,
                                                          const FormulaScope& scope) {
  try {
    return Evaluator(scope).value(parse_formula(text));
  } catch (const FormulaError& error) {
    return error;
  }
}

std::string to_text(const FormulaValue& value) {
  if (const auto* number = value.number()) return fmt::format("{}", *number);
  if (const auto* condition = value.condition()) return *condition ? "true" : "false";
  return *value.word();
}

std::string_view kind_name(const FormulaValue& value) {
  if (value.number()) return "a number";
  return value.condition() ? "a condition" : "a word";
}

}  // namespace sluice
