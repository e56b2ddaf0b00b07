// SPDX-License-Identifier: Apache-2.0
#include "dse/expression.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/assert.hpp"
#include "base/diagnostics.hpp"
#include "base/sorted_set.hpp"

namespace sluice {
namespace {

using Kind = ExpressionName::Kind;
using TreeKind = FormulaTree::Kind;

/// The binary operators, by the words of a formula.
enum class Operator : std::uint8_t {
  either,
  both,
  equal,
  unequal,
  less,
  at_most,
  more,
  at_least,
  add,
  subtract,
  multiply,
  divide,
  divide_whole,
  remainder,
};
constexpr std::string_view operator_words[] = {"or", "and", "==", "!=", "<", "<=", ">",
                                               ">=", "+",   "-",  "*",  "/", "//", "%"};

Operator operator_of(std::string_view word) {
  return Operator(std::ranges::find(operator_words, word) - operator_words);
}
/// Whether a condition comes of it.
bool is_condition(Operator op) { return op <= Operator::at_least; }
bool is_equality(Operator op) { return op == Operator::equal || op == Operator::unequal; }

bool is_truth(const FormulaTree& tree) {
  return tree.kind == TreeKind::name && (tree.text == "true" || tree.text == "false");
}

[[noreturn]] void fail(const FormulaTree& tree, std::string message, std::string hint = {}) {
  throw FormulaError{tree.offset, std::move(message), std::move(hint)};
}

std::string_view kind_text(Kind kind) {
  switch (kind) {
    case Kind::number:
      return "a number";
    case Kind::condition:
      return "a condition";
    case Kind::word:
      return "a word";
  }
  return "";
}

struct Function {
  std::string_view name;
  std::size_t arguments;
  double (*apply)(double a, double b);
};

constexpr Function functions[] = {
    {"min", 2, [](double a, double b) { return std::min(a, b); }},
    {"max", 2, [](double a, double b) { return std::max(a, b); }},
    {"ceil_div", 2, [](double a, double b) { return std::ceil(a / b); }},
    {"log2", 1, [](double a, double) { return std::log2(a); }},
    {"sqrt", 1, [](double a, double) { return std::sqrt(a); }},
    {"abs", 1, [](double a, double) { return std::abs(a); }},
    {"floor", 1, [](double a, double) { return std::floor(a); }},
    {"ceil", 1, [](double a, double) { return std::ceil(a); }},
};

const Function* find_function(std::string_view name) {
  for (const Function& function : functions)
    if (function.name == name) return &function;
  return nullptr;
}

/// Whether `path` ends in `name`, on a whole part.
bool ends_in(std::string_view path, std::string_view name) {
  return path.size() > name.size() && path.ends_with(name) &&
         path[path.size() - name.size() - 1] == '.';
}

/// Finds what names mean and checks kinds; numbers names, functions and operators, so
/// that to compute a value, for each of many designs, compares no text.
class Checker {
 public:
  Checker(std::span<const ExpressionName> known, std::vector<std::size_t>& uses)
      : known_(known), uses_(uses) {}

  Kind kind(FormulaTree& tree) {
    switch (tree.kind) {
      case TreeKind::number:
        tree.real = static_cast<double>(tree.number);
        tree.kind = TreeKind::real;
        return Kind::number;
      case TreeKind::real:
        return Kind::number;
      case TreeKind::name:
        return name(tree);
      case TreeKind::call:
        return call(tree);
      case TreeKind::negate:
        return need(tree.parts[0], Kind::number);
      case TreeKind::invert:
        return need(tree.parts[0], Kind::condition);
      case TreeKind::binary:
        return binary(tree);
      case TreeKind::choice:
        return choice(tree);
    }
    return Kind::number;
  }

 private:
  Kind need(FormulaTree& tree, Kind wanted) {
    const Kind found = kind(tree);
    if (found != wanted)
      fail(tree, fmt::format("{} is needed, not {}", kind_text(wanted), kind_text(found)));
    return wanted;
  }

  std::vector<std::size_t> meanings(std::string_view name) const {
    std::vector<std::size_t> exact, partial;
    for (std::size_t i = 0; i < known_.size(); ++i) {
      const ExpressionName& entry = known_[i];
      const auto same = [&](const std::string& alias) { return alias == name; };
      const auto ends = [&](const std::string& alias) { return ends_in(alias, name); };
      if (entry.name == name || std::ranges::any_of(entry.aliases, same)) {
        exact.push_back(i);
      } else if (ends_in(entry.name, name) || std::ranges::any_of(entry.aliases, ends)) {
        partial.push_back(i);
      }
    }
    return exact.empty() ? partial : exact;
  }

  Kind name(FormulaTree& tree) {
    if (is_truth(tree)) {
      tree.number = tree.text == "true" ? literal_true : literal_false;
      return Kind::condition;
    }
    const std::vector<std::size_t> found = meanings(tree.text);
    if (found.empty()) {
      std::vector<std::string> names;
      for (const ExpressionName& entry : known_) names.push_back(entry.name);
      fail(tree, fmt::format("'{}' is not known here", tree.text), suggestion(tree.text, names));
    }
    if (found.size() > 1)
      fail(tree, fmt::format("'{}' may be '{}' or '{}'", tree.text, known_[found[0]].name,
                             known_[found[1]].name));
    tree.number = static_cast<std::int64_t>(found[0]);
    uses_.push_back(found[0]);
    return known_[found[0]].kind;
  }

  Kind call(FormulaTree& tree) {
    const Function* function = find_function(tree.text);
    if (function == nullptr) {
      std::vector<std::string> names;
      for (const Function& known : functions) names.emplace_back(known.name);
      fail(tree, fmt::format("there is no function '{}'", tree.text), suggestion(tree.text, names));
    }
    if (tree.parts.size() != function->arguments)
      fail(tree, fmt::format("{} takes {}", tree.text,
                             function->arguments == 1 ? "a number" : "two numbers"));
    for (FormulaTree& part : tree.parts) need(part, Kind::number);
    tree.number = function - functions;
    return Kind::number;
  }

  Kind binary(FormulaTree& tree) {
    const Operator op = operator_of(tree.text);
    tree.number = static_cast<std::int64_t>(op);
    FormulaTree &left = tree.parts[0], &right = tree.parts[1];
    if (op == Operator::both || op == Operator::either) {
      need(left, Kind::condition);
      return need(right, Kind::condition);
    }
    if (is_equality(op)) return equality(tree, left, right);
    need(left, Kind::number);
    need(right, Kind::number);
    return is_condition(op) ? Kind::condition : Kind::number;
  }

  /// A word that is no name may stand beside a parameter of which it is a choice.
  Kind equality(FormulaTree& tree, FormulaTree& left, FormulaTree& right) {
    if (is_free_word(left) && !is_free_word(right)) std::swap(left, right);
    const Kind kind_left = kind(left);
    if (is_free_word(right)) {
      take_word(left, kind_left, right);
      return Kind::condition;
    }
    const Kind kind_right = kind(right);
    if (kind_left != kind_right)
      fail(tree,
           fmt::format("{} is compared with {}", kind_text(kind_left), kind_text(kind_right)));
    return Kind::condition;
  }

  bool is_free_word(const FormulaTree& tree) const {
    return tree.kind == TreeKind::name && !is_truth(tree) && meanings(tree.text).empty();
  }

  void take_word(const FormulaTree& left, Kind kind_left, FormulaTree& word) {
    if (kind_left != Kind::word) name(word);  // fails: an unknown name
    const auto& words = known_[static_cast<std::size_t>(left.number)].words;
    if (std::ranges::find(words, word.text) == words.end())
      fail(word, fmt::format("'{}' is never '{}'", left.text, word.text),
           suggestion(word.text, words));
    word.number = literal_word;
  }

  Kind choice(FormulaTree& tree) {
    need(tree.parts[0], Kind::condition);
    const Kind then = kind(tree.parts[1]);
    return need(tree.parts[2], then);
  }

 public:
  /// In place of an index: the text itself, and truth.
  static constexpr std::int64_t literal_word = -1, literal_true = -2, literal_false = -3;

 private:
  std::span<const ExpressionName> known_;
  std::vector<std::size_t>& uses_;
};

class Evaluator {
 public:
  explicit Evaluator(std::span<const ExpressionValue> values) : values_(values) {}

  ExpressionValue value(const FormulaTree& tree) const {
    switch (tree.kind) {
      case TreeKind::name:
        return name(tree);
      case TreeKind::invert:
        return !condition(tree.parts[0]);
      case TreeKind::choice:
        return value(tree.parts[condition(tree.parts[0]) ? 1 : 2]);
      case TreeKind::binary:
        if (is_condition(Operator(tree.number))) return compared(tree);
        [[fallthrough]];
      default:
        return number(tree);
    }
  }

  bool condition(const FormulaTree& tree) const {
    if (tree.kind == TreeKind::binary) return compared(tree);
    return std::get<bool>(value(tree));
  }
  /// Whether all numbers that were compared are finite.
  bool finite() const { return finite_; }

 private:
  void note(double compared) const { finite_ = finite_ && std::isfinite(compared); }

  const ExpressionValue& known(const FormulaTree& tree) const {
    return values_[static_cast<std::size_t>(tree.number)];
  }

  ExpressionValue name(const FormulaTree& tree) const {
    if (tree.number == Checker::literal_word) return tree.text;
    if (tree.number < 0) return tree.number == Checker::literal_true;
    return known(tree);
  }

  bool compared(const FormulaTree& tree) const {
    const FormulaTree &left = tree.parts[0], &right = tree.parts[1];
    const auto op = Operator(tree.number);
    if (op == Operator::both) return condition(left) && condition(right);
    if (op == Operator::either) return condition(left) || condition(right);
    if (is_equality(op)) {
      const ExpressionValue a = value(left), b = value(right);
      if (const auto* real = std::get_if<double>(&a)) note(*real);
      if (const auto* real = std::get_if<double>(&b)) note(*real);
      return (a == b) == (op == Operator::equal);
    }
    const double a = number(left), b = number(right);
    note(a), note(b);
    if (op == Operator::less) return a < b;
    if (op == Operator::at_most) return a <= b;
    return op == Operator::more ? a > b : a >= b;
  }

  double number(const FormulaTree& tree) const {
    switch (tree.kind) {
      case TreeKind::real:
        return tree.real;
      case TreeKind::name:
        return std::get<double>(known(tree));
      case TreeKind::negate:
        return -number(tree.parts[0]);
      case TreeKind::call:
        return functions[tree.number].apply(number(tree.parts[0]),
                                            tree.parts.size() > 1 ? number(tree.parts[1]) : 0);
      case TreeKind::binary:
        return arithmetic(Operator(tree.number), number(tree.parts[0]), number(tree.parts[1]));
      default:
        return std::get<double>(value(tree));
    }
  }

  static double arithmetic(Operator op, double a, double b) {
    if (op == Operator::add) return a + b;
    if (op == Operator::subtract) return a - b;
    if (op == Operator::multiply) return a * b;
    if (op == Operator::divide) return a / b;
    return op == Operator::divide_whole ? std::floor(a / b) : std::fmod(a, b);
  }

  std::span<const ExpressionValue> values_;
  mutable bool finite_ = true;
};

}  // namespace

Expression::Expression(std::string_view text, std::span<const ExpressionName> known)
    : text_(text), tree_(parse_formula(text, {.decimals = true, .paths = true})) {
  kind_ = Checker(known, uses_).kind(tree_);
  sort_unique(uses_);
}

ExpressionValue Expression::value(std::span<const ExpressionValue> values) const {
  const Evaluator evaluator(values);
  ExpressionValue value = evaluator.value(tree_);
  if (std::holds_alternative<bool>(value) && !evaluator.finite()) return std::nan("");
  return value;
}

bool Expression::holds(std::span<const ExpressionValue> values) const {
  if (empty()) return true;
  SLUICE_ASSERT(kind_ == Kind::condition, "a condition is asked for a truth value");
  const Evaluator evaluator(values);
  return evaluator.condition(tree_) && evaluator.finite();
}

}  // namespace sluice
