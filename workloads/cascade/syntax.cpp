// SPDX-License-Identifier: Apache-2.0
#include "workloads/cascade/syntax.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/diagnostics.hpp"

namespace sluice {
namespace {

using Kind = SyntaxTree::Kind;
constexpr std::size_t deepest = 64;
constexpr std::size_t longest = 2000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text.substr(0, longest)) {
    if (text.size() > longest) throw SyntaxMistake{longest, "the line is too long", {}};
    advance();
  }

  EinsumSyntax einsum() {
    EinsumSyntax result;
    result.output = access_at("an Einsum begins with the tensor that it makes");
    if (!accept("=")) fail("'=' is expected here", "an Einsum reads OUT[i] = A[i,k] * B[k]");
    result.value = sum();
    if (accept("::")) do
        result.reductions.push_back(reduction());
      while (accept(",") || is_operation());
    if (accept("where")) result.condition = either();
    finish();
    return result;
  }
  SyntaxTree whole_access() {
    SyntaxTree result = access_at("a tensor is expected here");
    finish();
    return result;
  }
  SyntaxTree whole_expression() {
    SyntaxTree result = sum();
    finish();
    return result;
  }
  SyntaxTree whole_condition() {
    SyntaxTree result = either();
    finish();
    return result;
  }

 private:
  struct Depth {
    explicit Depth(Parser& parser) : parser_(parser) {
      if (++parser_.depth_ > deepest) parser_.fail("this is nested too deeply");
    }
    Depth(const Depth&) = delete;
    Depth& operator=(const Depth&) = delete;
    ~Depth() { --parser_.depth_; }
    Parser& parser_;
  };

  [[noreturn]] void fail(std::string message, std::string hint = {}) const {
    throw SyntaxMistake{at_, std::move(message), std::move(hint)};
  }
  std::string found() const { return token_.empty() ? "the end" : quote(token_); }

  void finish() {
    if (token_ == "]" || token_ == ")") fail(fmt::format("'{}' closes nothing", token_));
    if (!token_.empty())
      fail(fmt::format("{} is not expected here", found()),
           "behind the expression come `:: max(rank)` and `where condition`");
  }

  void advance() {
    last_end_ = at_ + token_.size();
    std::size_t i = last_end_;
    while (i < text_.size() && (text_[i] == ' ' || text_[i] == '\t')) ++i;
    if (i < text_.size() && text_[i] == '#') i = text_.size();
    at_ = i;
    token_ = text_.substr(i, length_at(i));
  }

  std::size_t length_at(std::size_t i) const {
    if (i >= text_.size()) return 0;
    std::size_t end = i;
    if (is_digit(text_[i])) {
      while (end < text_.size() && continues_number(end)) ++end;
    } else if (is_letter(text_[i])) {
      while (end < text_.size() && (is_digit(text_[end]) || is_letter(text_[end]))) ++end;
    } else {
      static constexpr std::array<std::string_view, 5> pairs = {"::", "<=", ">=", "==", "!="};
      const bool two = std::ranges::find(pairs, text_.substr(i, 2)) != pairs.end();
      end = i + (two ? 2 : 1);
      while (end < text_.size() && (static_cast<unsigned char>(text_[end]) & 0xC0u) == 0x80u) ++end;
    }
    return end - i;
  }
  bool continues_number(std::size_t i) const {
    const char c = text_[i];
    if ((c == '+' || c == '-') && i > 0)
      return (text_[i - 1] == 'e' || text_[i - 1] == 'E') && i + 1 < text_.size() &&
             is_digit(text_[i + 1]);
    return is_digit(c) || is_letter(c) || c == '.';
  }

  bool accept(std::string_view token) {
    if (token_ != token) return false;
    advance();
    return true;
  }
  void expect(std::string_view token, std::size_t opened) {
    if (accept(token)) return;
    fail(fmt::format("'{}' is expected here, not {}", token, found()),
         fmt::format("it closes the '{}' in column {} of the text", text_[opened], opened + 1));
  }
  bool is_name() const { return !token_.empty() && is_letter(token_[0]) && !is_word(); }
  bool is_word() const {
    return token_ == "where" || token_ == "and" || token_ == "or" || token_ == "not";
  }
  bool is_operation() const { return token_ == "+" || token_ == "*" || is_name(); }

  SyntaxTree leaf(Kind kind) {
    SyntaxTree tree{kind, std::string(token_), at_, at_ + token_.size(), {}};
    advance();
    return tree;
  }
  SyntaxTree join(Kind kind, std::string_view text, SyntaxTree left, SyntaxTree right) const {
    SyntaxTree tree{kind, std::string(text), left.begin, right.end, {}};
    tree.parts.push_back(std::move(left));
    tree.parts.push_back(std::move(right));
    return tree;
  }
  SyntaxTree wrap(Kind kind, std::string_view text, std::size_t begin, SyntaxTree inner) const {
    SyntaxTree tree{kind, std::string(text), begin, inner.end, {}};
    tree.parts.push_back(std::move(inner));
    return tree;
  }

  SyntaxTree access_at(std::string_view expected) {
    if (!is_name()) fail(fmt::format("{}, not {}", expected, found()));
    SyntaxTree tree = leaf(Kind::access);
    if (token_ == "[") read_indices(tree);
    return tree;
  }
  void read_indices(SyntaxTree& tree) {
    const std::size_t opened = at_;
    advance();
    if (token_ != "]") do
        tree.parts.push_back(sum());
      while (accept(","));
    expect("]", opened);
    tree.end = last_end_;
  }

  ReductionSyntax reduction() {
    if (!is_operation())
      fail(fmt::format("a reduction is expected here, not {}", found()), "such as `:: max(m0)`");
    ReductionSyntax result;
    result.operation = leaf(Kind::name);
    const std::size_t opened = at_;
    if (!accept("("))
      fail(fmt::format("'(' and the reduced ranks are expected here, not {}", found()),
           "such as `:: max(m0)`");
    do {
      if (!is_name()) fail(fmt::format("a rank is expected here, not {}", found()));
      result.ranks.push_back(leaf(Kind::name));
    } while (accept(","));
    expect(")", opened);
    return result;
  }

  SyntaxTree either() {
    const Depth depth(*this);
    SyntaxTree left = both();
    while (accept("or")) left = join(Kind::logic, "or", std::move(left), both());
    return left;
  }
  SyntaxTree both() {
    SyntaxTree left = inverse();
    while (accept("and")) left = join(Kind::logic, "and", std::move(left), inverse());
    return left;
  }
  SyntaxTree inverse() {
    const Depth depth(*this);
    const std::size_t begin = at_;
    if (accept("not")) return wrap(Kind::logic, "not", begin, inverse());
    if (token_ == "(" && holds_condition()) {
      const std::size_t opened = at_;
      advance();
      SyntaxTree inner = either();
      expect(")", opened);
      return inner;
    }
    return comparison();
  }
  /// Whether the parenthesis that opens here holds a comparison rather than a sum.
  bool holds_condition() const {
    std::size_t open = 0;
    for (std::size_t i = at_; i < text_.size(); ++i) {
      const char c = text_[i];
      open += c == '(' ? 1 : 0;
      if (c == ')' && --open == 0) return false;
      if (c == '<' || c == '>' || c == '=' || c == '!') return true;
    }
    return false;
  }
  SyntaxTree comparison() {
    SyntaxTree left = sum();
    std::optional<SyntaxTree> result;
    while (is_relation()) {
      const std::string relation(token_);
      advance();
      SyntaxTree right = sum();
      SyntaxTree next = join(Kind::compare, relation, std::move(left), right);
      result =
          result ? join(Kind::logic, "and", std::move(*result), std::move(next)) : std::move(next);
      left = std::move(right);
    }
    if (!result && left.kind == Kind::name) return left;  // a condition that has a name
    if (!result)
      fail(fmt::format("a comparison is expected here, not {}", found()), "such as `where k <= i`");
    return *result;
  }
  bool is_relation() const {
    static constexpr std::array<std::string_view, 6> all = {"<", "<=", ">", ">=", "==", "!="};
    return std::ranges::find(all, token_) != all.end();
  }

  SyntaxTree sum() {
    const Depth depth(*this);
    SyntaxTree left = product();
    while (token_ == "+" || token_ == "-") {
      const std::string op(token_);
      advance();
      left = join(Kind::call, op, std::move(left), product());
    }
    return left;
  }
  SyntaxTree product() {
    SyntaxTree left = factor();
    while (token_ == "*" || token_ == "/") {
      const std::string op(token_);
      advance();
      left = join(Kind::call, op, std::move(left), factor());
    }
    return left;
  }
  SyntaxTree factor() {
    const Depth depth(*this);
    const std::size_t begin = at_;
    if (accept("-")) return wrap(Kind::call, "neg", begin, factor());
    if (accept("(")) {
      SyntaxTree inner = sum();
      expect(")", begin);
      return inner;
    }
    if (!token_.empty() && is_digit(token_[0])) return leaf(Kind::number);
    if (!is_name()) fail(fmt::format("a number, a name or '(' is expected here, not {}", found()));
    SyntaxTree tree = leaf(Kind::name);
    if (token_ == "[") {
      tree.kind = Kind::access;
      read_indices(tree);
    } else if (token_ == "(") {
      read_arguments(tree);
    }
    return tree;
  }
  void read_arguments(SyntaxTree& tree) {
    tree.kind = Kind::call;
    const std::size_t opened = at_;
    advance();
    if (token_ != ")") do
        tree.parts.push_back(sum());
      while (accept(","));
    expect(")", opened);
    tree.end = last_end_;
  }

  std::string_view text_;
  std::string_view token_;
  std::size_t at_ = 0;
  std::size_t last_end_ = 0;  ///< of the token before this one
  std::size_t depth_ = 0;
};

}  // namespace

EinsumSyntax parse_einsum(std::string_view line) { return Parser(line).einsum(); }
SyntaxTree parse_access(std::string_view text) { return Parser(text).whole_access(); }
SyntaxTree parse_expression(std::string_view text) { return Parser(text).whole_expression(); }
SyntaxTree parse_condition(std::string_view text) { return Parser(text).whole_condition(); }

}  // namespace sluice
