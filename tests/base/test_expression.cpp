// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <random>

#include "base/expression.hpp"
#include "tests/base/errors.hpp"

namespace sluice {
namespace {

const Variables variables{{"batch", 4}, {"seq_len", 1024}, {"big", 1ull << 32}, {"zero", 0}};

// The value, or `offset: message | hint`.
std::string result(std::string_view text) {
  const auto value = evaluate(text, variables);
  if (const auto* number = std::get_if<std::uint64_t>(&value)) return std::to_string(*number);
  const auto& error = std::get<ExpressionError>(value);
  return std::to_string(error.offset) + ": " + error.message +
         (error.hint.empty() ? "" : " | " + error.hint);
}

TEST_CASE("expressions have the usual precedence and associate to the left") {
  CHECK(result("7") == "7");
  CHECK(result(" batch * seq_len / 2 ") == "2048");
  CHECK(result("2 + 3 * 4") == "14");
  CHECK(result("(2 + 3) * 4") == "20");
  CHECK(result("10 - 3 - 2") == "5");
  CHECK(result("100 / 10 / 5") == "2");
  CHECK(result("17 % 5 * 2") == "4");
  CHECK(result("min(3, batch, 9) + max(1, 2)") == "5");
  CHECK(result("ceil_div(seq_len + 1, 2)") == "513");
  CHECK(result("18446744073709551615") == "18446744073709551615");
}

TEST_CASE("a division that is not whole is an error with both sides") {
  CHECK(result("seq_len / 3") ==
        "8: seq_len / 3 is not whole: 1024 / 3 | ceil_div(a, b) rounds up");
  CHECK(result("7 / 2") == "2: 7 / 2 is not whole | ceil_div(a, b) rounds up");
  CHECK(result("2 * (batch - 1) / batch") ==
        "16: 2 * (batch - 1) / batch is not whole: 6 / 4 | ceil_div(a, b) rounds up");
}

TEST_CASE("dividing by zero, turning negative and exceeding 64 bits are errors") {
  CHECK(result("seq_len / zero") == "8: seq_len / zero divides by zero: 1024 / 0");
  CHECK(result("5 % 0") == "2: 5 % 0 divides by zero");
  CHECK(result("ceil_div(5, zero)") == "12: ceil_div divides 5 by zero");
  CHECK(result("batch - 5") == "6: batch - 5 is negative: 4 - 5");
  CHECK(result("big * big") == "4: big * big exceeds 64 bits: 4294967296 * 4294967296");
  CHECK(result("18446744073709551615 + 1") == "21: 18446744073709551615 + 1 exceeds 64 bits");
  CHECK(result("18446744073709551616") == "0: '18446744073709551616' exceeds 64 bits");
}

TEST_CASE("unknown names are answered with the nearest") {
  CHECK(result("2 * seqlen") == "4: unknown name 'seqlen' | did you mean 'seq_len'?");
  CHECK(result("2 * q") == "4: unknown name 'q' | known: batch, big, seq_len, zero");
  CHECK(result("maxx(1, 2)") == "0: unknown function 'maxx' | did you mean 'max'?");
  CHECK(result("sqrt(1)") == "0: unknown function 'sqrt' | known: min, max, ceil_div");
  CHECK(result("ceil_div(1)") == "0: ceil_div takes two values, not 1");
}

TEST_CASE("what is not an expression is an error where it stops being one") {
  CHECK(result("") == "0: the expression is empty");
  CHECK(result("2 +") == "3: a number or name is expected at the end");
  CHECK(result("2 + * 3") == "4: a number or name is expected, not '*'");
  CHECK(result("2 3") == "2: an operator is expected before '3'");
  CHECK(result("(2 + 3") == "0: this '(' is not closed");
  CHECK(result("(2 + 3 4)") == "7: an operator or ')' is expected, not '4'");
  CHECK(result("2)") == "1: this ')' closes nothing");
  CHECK(result("min(1, 2") == "3: this '(' is not closed");
  CHECK(result("min()") == "4: a number or name is expected, not ')'");
  CHECK(result("-1") == "0: numbers are never negative here");
  CHECK(result("2.5") == "0: numbers are whole here");
  CHECK(result("0x10") == "0: '0x10' is not a number | numbers are plain decimal");
  CHECK(result("1e3") == "0: '1e3' is not a number | numbers are plain decimal");
  CHECK(result("2 ^ 3") == "2: an operator is expected before '^ 3'");
}

TEST_CASE("parentheses are read 64 deep and no deeper") {
  const auto nested = [](std::size_t n) { return std::string(n, '(') + "1" + std::string(n, ')'); };
  CHECK(result(nested(64)) == "1");
  CHECK(result(nested(65)) == "64: parentheses are nested more than 64 deep");
  CHECK(result(nested(1000000)) == "64: parentheses are nested more than 64 deep");
}

std::string read_error(std::string_view text) {
  return error_of([&] {
    Diagnostics diagnostics;
    const YamlNode root = parse_yaml(text, "n.yaml");
    read_expression(root.entries[0].value, variables, {.min = 1, .max = 2000, .name = "rows"},
                    diagnostics);
    diagnostics.throw_if_any();
  });
}

TEST_CASE("the caret stands at the mistake within the expression") {
  CHECK(read_error("rows: batch * seq_len") ==
        "n.yaml:1:7: error: rows is 4096, at most 2000 is allowed\n"
        "  rows: batch * seq_len\n"
        "        ^");
  CHECK(read_error("rows: batch / 3") ==
        "n.yaml:1:13: error: rows: batch / 3 is not whole: 4 / 3\n"
        "  rows: batch / 3\n"
        "              ^\n"
        "hint: ceil_div(a, b) rounds up");
  CHECK(read_error("rows: \"2 * q\"") ==
        "n.yaml:1:12: error: rows: unknown name 'q'\n"
        "  rows: \"2 * q\"\n"
        "             ^\n"
        "hint: known: batch, big, seq_len, zero");
  CHECK(read_error("rows: zero").find("rows is 0, at least 1 is required") != std::string::npos);
  CHECK(read_error("rows: [1]").find("rows must be a number or an expression") !=
        std::string::npos);
  CHECK(read_error("rows: seq_len") == "no error");
}

// A random expression over small numbers and its value, computed beside it.
struct Sample {
  std::string text;
  std::uint64_t value;
};
Sample sample(std::mt19937_64& random, int depth) {
  if (depth == 0 || random() % 4 == 0) {
    const std::uint64_t value = random() % 100;
    return {std::to_string(value), value};
  }
  const Sample a = sample(random, depth - 1);
  const Sample b = sample(random, depth - 1);
  switch (random() % 5) {
    case 0:
      return {"(" + a.text + "+" + b.text + ")", a.value + b.value};
    case 1:
      return {"(" + a.text + ") * (" + b.text + ")", a.value * b.value};
    case 2:
      return {"min(" + a.text + ", " + b.text + ")", std::min(a.value, b.value)};
    case 3:
      return {"(max(" + a.text + "," + b.text + ") - min(" + a.text + "," + b.text + "))",
              std::max(a.value, b.value) - std::min(a.value, b.value)};
    default:
      return {"ceil_div(" + a.text + ", 1 + (" + b.text + "))",
              (a.value + b.value) / (b.value + 1)};
  }
}

TEST_CASE("random expressions have the value computed beside them") {
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    const Sample expected = sample(random, 3);  // at most 99^8 < 2^64
    CAPTURE(expected.text);
    REQUIRE(result(expected.text) == std::to_string(expected.value));
  }
}

}  // namespace
}  // namespace sluice
