// SPDX-License-Identifier: Apache-2.0
#include "base/formula_tree.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace sluice {
namespace {

constexpr std::size_t longest = 1000;
constexpr std::size_t deepest = 64;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_quote(char c) { return c == '\'' || c == '"'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

class Parser {
 public:
  Parser(std::string_view text, const FormulaSyntax& syntax) : text_(text), syntax_(syntax) {
    advance();
  }

  FormulaTree whole() {
    FormulaTree tree = choice();
    if (!token_.empty()) fail(fmt::format("'{}' is not expected here", token_));
    return tree;
  }

 private:
  [[noreturn]] void fail(std::string message) const {
    throw FormulaError{at_, std::move(message), {}};
  }

  void advance() {
    std::size_t i = at_ + token_.size();
    while (i < text_.size() && (text_[i] == ' ' || text_[i] == '\t' || text_[i] == '\n')) ++i;
    at_ = i;
    std::size_t end = i;
    if (i < text_.size()) {
      if (is_digit(text_[i])) {
        end = number_end(i);
      } else if (is_letter(text_[i])) {
        end = name_end(i);
      } else if (is_quote(text_[i]) && syntax_.paths) {
        end = text_.find(text_[i], i + 1);
        if (end == text_.npos) fail(fmt::format("{} is not closed", text_.substr(i)));
        ++end;
      } else {
        static constexpr std::array<std::string_view, 5> pairs = {"==", "!=", "<=", ">=", "//"};
        const std::string_view two = text_.substr(i, 2);
        end = i + 1;
        for (const auto pair : pairs) end = two == pair ? i + 2 : end;
      }
    }
    token_ = text_.substr(i, end - i);
  }

  std::size_t word_end(std::size_t i) const {
    while (i < text_.size() && (is_digit(text_[i]) || is_letter(text_[i]))) ++i;
    return i;
  }
  bool is_dot_before(std::size_t i, bool (*next)(char)) const {
    return i + 1 < text_.size() && text_[i] == '.' && next(text_[i + 1]);
  }

  std::size_t name_end(std::size_t i) const {
    i = word_end(i);
    while (syntax_.paths && is_dot_before(i, is_letter)) i = word_end(i + 1);
    return i;
  }

  std::size_t number_end(std::size_t i) const {
    i = word_end(i);
    if (!syntax_.decimals) return i;
    if (is_dot_before(i, is_digit)) i = word_end(i + 1);
    const bool has_exponent = text_[i - 1] == 'e' || text_[i - 1] == 'E';
    const bool has_sign = i + 1 < text_.size() && (text_[i] == '-' || text_[i] == '+');
    return has_exponent && has_sign && is_digit(text_[i + 1]) ? word_end(i + 1) : i;
  }

  bool accept(std::string_view token) {
    if (token_ != token) return false;
    advance();
    return true;
  }

  static FormulaTree node(FormulaTree::Kind kind, std::string_view text, std::size_t offset,
                          std::vector<FormulaTree> parts) {
    return {kind, 0, 0, std::string(text), offset, std::move(parts)};
  }

  FormulaTree choice() {
    if (++depth_ > deepest) fail("the formula is nested too deeply");
    FormulaTree result = level(0);
    const std::size_t offset = at_;
    if (accept("if")) {
      FormulaTree condition = level(0);
      if (!accept("else")) fail("`else` is missing");
      FormulaTree otherwise = choice();
      std::vector<FormulaTree> parts;
      parts.push_back(std::move(condition));
      parts.push_back(std::move(result));
      parts.push_back(std::move(otherwise));
      result = node(FormulaTree::Kind::choice, "if", offset, std::move(parts));
    }
    --depth_;
    return result;
  }

  /// Binary operators from the loosest level to the tightest; comparisons do not chain.
  FormulaTree level(std::size_t tightness) {
    static const std::array<std::vector<std::string_view>, 5> levels = {
        {{"or"}, {"and"}, {"==", "!=", "<", "<=", ">", ">="}, {"+", "-"}, {"*", "/", "//", "%"}}};
    constexpr std::size_t comparison = 2;
    if (tightness == levels.size()) return factor();
    if (tightness == comparison && token_ == "not") return inverted();
    FormulaTree left = level(tightness + 1);
    for (bool more = true; more;) {
      more = false;
      for (const auto op : levels[tightness]) {
        if (token_ != op) continue;
        const std::size_t offset = at_;
        advance();
        std::vector<FormulaTree> parts;
        parts.push_back(std::move(left));
        parts.push_back(level(tightness + 1));
        left = node(FormulaTree::Kind::binary, op, offset, std::move(parts));
        more = tightness != comparison;
        break;
      }
    }
    return left;
  }

  FormulaTree inverted() {
    if (++depth_ > deepest) fail("the formula is nested too deeply");
    const std::size_t offset = at_;
    advance();
    std::vector<FormulaTree> parts;
    parts.push_back(level(2));
    --depth_;
    return node(FormulaTree::Kind::invert, "not", offset, std::move(parts));
  }

  FormulaTree factor() {
    const std::size_t offset = at_;
    if (accept("-")) {
      if (++depth_ > deepest) fail("the formula is nested too deeply");
      std::vector<FormulaTree> parts;
      parts.push_back(factor());
      --depth_;
      return node(FormulaTree::Kind::negate, "-", offset, std::move(parts));
    }
    if (accept("(")) {
      FormulaTree inner = choice();
      if (!accept(")")) fail("')' is missing");
      return inner;
    }
    if (token_.empty()) fail("a number or a name is missing at the end");
    if (is_digit(token_[0])) return number();
    if (is_quote(token_[0]) && token_.size() > 2) {
      const std::string_view word = token_.substr(1, token_.size() - 2);
      advance();
      return node(FormulaTree::Kind::name, word, offset, {});
    }
    if (!is_letter(token_[0]))
      fail(fmt::format("a number or a name is expected, not '{}'", token_));
    const std::string_view name = token_;
    advance();
    if (token_ == "(") return call(name, offset);
    return node(FormulaTree::Kind::name, name, offset, {});
  }

  FormulaTree number() {
    FormulaTree result;
    result.offset = at_;
    const char* end = token_.data() + token_.size();
    const auto [stop, error] = std::from_chars(token_.data(), end, result.number);
    if (error == std::errc::result_out_of_range) fail(fmt::format("{} is too large", token_));
    if (stop != end && !syntax_.decimals) fail(fmt::format("'{}' is not a whole number", token_));
    if (stop != end) make_real(result);
    advance();
    return result;
  }

  void make_real(FormulaTree& result) const {
    result.kind = FormulaTree::Kind::real;
    const char* end = token_.data() + token_.size();
    const auto [stop, error] = std::from_chars(token_.data(), end, result.real);
    if (stop != end || error != std::errc{}) fail(fmt::format("'{}' is not a number", token_));
  }

  FormulaTree call(std::string_view name, std::size_t offset) {
    advance();
    std::vector<FormulaTree> parts;
    do parts.push_back(choice());
    while (accept(","));
    if (!accept(")")) fail("')' is missing");
    return node(FormulaTree::Kind::call, name, offset, std::move(parts));
  }

  std::string_view text_;
  FormulaSyntax syntax_;
  std::string_view token_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
};

}  // namespace

FormulaTree parse_formula(std::string_view text, const FormulaSyntax& syntax) {
  if (text.size() > longest)
    throw FormulaError{0, fmt::format("the formula is longer than {} characters", longest), {}};
  return Parser(text, syntax).whole();
}

}  // namespace sluice
