// SPDX-License-Identifier: Apache-2.0
#include "base/expression.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/checked.hpp"
#include "base/utf8.hpp"

namespace sluice {
namespace {

constexpr int deepest = 64;  // parentheses within parentheses

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name_char(char c) {
  return is_digit(c) || c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// A value and the part of the text it was computed from.
struct Value {
  std::uint64_t value = 0;
  std::size_t begin = 0;
  std::size_t end = 0;
};

// Recursive descent that computes as it reads: sum -> term {(+|-) term}, term -> factor {(*|/|%)
// factor}, factor -> number | name | name(list) | (sum).
class Evaluator {
 public:
  Evaluator(std::string_view text, const Variables& variables)
      : text_(text), variables_(variables) {}

  // Throws ExpressionError.
  std::uint64_t whole() {
    skip_spaces();
    if (at_ == text_.size()) fail(at_, "the expression is empty");
    const Value result = sum();
    if (at_ < text_.size())
      fail(at_, text_[at_] == ')'
                    ? "this ')' closes nothing"
                    : fmt::format("an operator is expected before {}", quote(text_.substr(at_))));
    return result.value;
  }

 private:
  [[noreturn]] static void fail(std::size_t offset, std::string message, std::string hint = {}) {
    throw ExpressionError{offset, std::move(message), std::move(hint)};
  }

  void skip_spaces() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n'))
      ++at_;
  }
  bool next_is_one_of(std::string_view characters) const {
    return at_ < text_.size() && characters.find(text_[at_]) != characters.npos;
  }
  char take() {
    const char c = text_[at_++];
    skip_spaces();
    return c;
  }

  Value sum() {
    Value left = term();
    while (next_is_one_of("+-")) {
      const std::size_t at = at_;
      const char op = take();
      left = combine(left, op, at, term());
    }
    return left;
  }

  Value term() {
    Value left = factor();
    while (next_is_one_of("*/%")) {
      const std::size_t at = at_;
      const char op = take();
      left = combine(left, op, at, factor());
    }
    return left;
  }

  Value combine(const Value& a, char op, std::size_t at, const Value& b) const {
    const Value part{0, a.begin, b.end};
    const auto so = [&](std::string_view what) { return complaint(part, a, op, b, what); };
    if ((op == '/' || op == '%') && b.value == 0) fail(at, so("divides by zero"));
    if (op == '/' && a.value % b.value != 0)
      fail(at, so("is not whole"), "ceil_div(a, b) rounds up");
    if (op == '-' && a.value < b.value) fail(at, so("is negative"));
    std::optional<std::uint64_t> result;
    if (op == '+') result = add(a.value, b.value);
    if (op == '-') result = a.value - b.value;
    if (op == '*') result = multiply(a.value, b.value);
    if (op == '/') result = a.value / b.value;
    if (op == '%') result = a.value % b.value;
    if (!result) fail(at, so("exceeds 64 bits"));
    return {*result, a.begin, b.end};
  }

  // `seq_len / 3 is not whole: 1024 / 3`
  std::string complaint(const Value& part, const Value& a, char op, const Value& b,
                        std::string_view what) const {
    const std::string_view written = text_.substr(part.begin, part.end - part.begin);
    const std::string numbers = fmt::format("{} {} {}", a.value, op, b.value);
    if (written == numbers) return fmt::format("{} {}", written, what);
    return fmt::format("{} {}: {}", shortened(written), what, numbers);
  }
  static std::string shortened(std::string_view written) {
    const std::string text = quote(written);
    return text.substr(1, text.size() - 2);
  }

  Value factor() {
    const std::size_t begin = at_;
    if (at_ == text_.size()) fail(at_, "a number or name is expected at the end");
    if (is_digit(text_[at_])) return number();
    if (is_name_char(text_[at_])) return name();
    if (text_[at_] == '-') fail(at_, "numbers are never negative here");
    if (text_[at_] != '(')
      fail(at_, fmt::format("a number or name is expected, not {}", quote(character())));
    enter();
    take();
    Value inner = sum();
    close(begin);
    --depth_;
    return {inner.value, begin, end_};
  }

  std::string_view character() const {
    return text_.substr(at_, std::max<std::size_t>(1, utf8_length(text_, at_)));
  }

  void enter() {
    if (++depth_ > deepest)
      fail(at_, fmt::format("parentheses are nested more than {} deep", deepest));
  }

  void close(std::size_t opened) {
    if (at_ == text_.size()) fail(opened, "this '(' is not closed");
    if (text_[at_] != ')')
      fail(at_, fmt::format("an operator or ')' is expected, not {}", quote(character())));
    end_ = at_ + 1;
    take();
  }

  std::string_view word() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_name_char(text_[at_])) ++at_;
    end_ = at_;
    return text_.substr(begin, at_ - begin);
  }

  Value number() {
    const std::size_t begin = at_;
    const std::string_view digits = word();
    if (at_ < text_.size() && text_[at_] == '.') fail(begin, "numbers are whole here");
    std::uint64_t value = 0;
    const char* end = digits.data() + digits.size();
    const auto result = std::from_chars(digits.data(), end, value);
    if (result.ptr != end)
      fail(begin, fmt::format("{} is not a number", quote(digits)), "numbers are plain decimal");
    if (result.ec != std::errc{}) fail(begin, fmt::format("{} exceeds 64 bits", quote(digits)));
    skip_spaces();
    return {value, begin, end_};
  }

  Value name() {
    const std::size_t begin = at_;
    const std::string_view found = word();
    skip_spaces();
    if (next_is_one_of("(")) return call(found, begin);
    const auto variable = variables_.find(found);
    if (variable != variables_.end()) return {variable->second, begin, begin + found.size()};
    std::vector<std::string> names;
    for (const auto& [key, value] : variables_) names.push_back(key);
    fail(begin, fmt::format("unknown name {}", quote(found)), suggestion(found, names));
  }

  Value call(std::string_view function, std::size_t begin) {
    const std::vector<std::string> functions{"min", "max", "ceil_div"};
    if (std::find(functions.begin(), functions.end(), function) == functions.end())
      fail(begin, fmt::format("unknown function {}", quote(function)),
           suggestion(function, functions));
    const std::size_t opened = at_;
    enter();
    take();
    std::vector<Value> values{sum()};
    while (next_is_one_of(",")) {
      take();
      values.push_back(sum());
    }
    close(opened);
    --depth_;
    return {apply(function, values, begin), begin, end_};
  }

  static std::uint64_t apply(std::string_view function, const std::vector<Value>& values,
                             std::size_t begin) {
    if (function == "ceil_div") {
      if (values.size() != 2)
        fail(begin, fmt::format("ceil_div takes two values, not {}", values.size()));
      if (values[1].value == 0)
        fail(values[1].begin, fmt::format("ceil_div divides {} by zero", values[0].value));
      return ceil_div(values[0].value, values[1].value);
    }
    const auto [least, most] =
        std::minmax_element(values.begin(), values.end(),
                            [](const Value& a, const Value& b) { return a.value < b.value; });
    return function == "min" ? least->value : most->value;
  }

  std::string_view text_;
  const Variables& variables_;
  std::size_t at_ = 0;
  std::size_t end_ = 0;  // of the last token, before the spaces behind it
  int depth_ = 0;
};

// The place of a byte of the scalar at `node`, when the scalar stands in one line as it is.
Location place_inside(const YamlNode& node, std::size_t offset) {
  Location where = node.where;
  const std::size_t before = utf8_count(std::string_view(node.scalar).substr(0, offset));
  const std::size_t column = where.column + before + (node.quoted ? 1 : 0);
  const std::size_t last = where.line_text_column + utf8_count(where.line_text);
  if (column <= last) where.column = static_cast<std::uint32_t>(column);
  return where;
}

}  // namespace

std::variant<std::uint64_t, ExpressionError> evaluate(std::string_view text,
                                                      const Variables& variables) {
  try {
    return Evaluator(text, variables).whole();
  } catch (ExpressionError& error) {
    return std::move(error);
  }
}

std::optional<std::uint64_t> read_expression(const YamlNode& node, const Variables& variables,
                                             const FieldInfo& info, Diagnostics& diagnostics) {
  const std::string_view name = info.name.empty() ? "the value" : info.name;
  if (!node.is_scalar()) {
    diagnostics.error(node.where, fmt::format("{} must be a number or an expression", name));
    return std::nullopt;
  }
  const auto result = evaluate(node.scalar, variables);
  if (const auto* error = std::get_if<ExpressionError>(&result)) {
    diagnostics.error(place_inside(node, error->offset),
                      fmt::format("{}: {}", name, error->message), error->hint);
    return std::nullopt;
  }
  const std::uint64_t value = std::get<std::uint64_t>(result);
  const auto real = static_cast<double>(value);
  if (real >= info.min && real <= info.max) return value;
  const bool low = real < info.min;
  diagnostics.error(node.where,
                    fmt::format("{} is {}, at {} {} is {}", name, value, low ? "least" : "most",
                                low ? info.min : info.max, low ? "required" : "allowed"));
  return std::nullopt;
}

}  // namespace sluice
