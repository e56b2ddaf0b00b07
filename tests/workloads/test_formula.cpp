// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "workloads/formula.hpp"

using namespace sluice;

namespace {

FormulaScope scope() {
  FormulaScope result;
  result.set("batch", {std::int64_t{4}, {}});
  result.set("seq_len", {std::int64_t{512}, {}});
  result.set("phase", {std::string("decode"), {"prefill", "decode"}});
  result.set("project", {true, {}});
  result.set("broken", unknown_value);
  return result;
}

std::int64_t number(std::string_view text) {
  const auto result = evaluate_formula(text, scope());
  if (const auto* error = std::get_if<FormulaError>(&result)) FAIL(text << ": " << error->message);
  REQUIRE(std::get<FormulaValue>(result).number());
  return *std::get<FormulaValue>(result).number();
}

bool condition(std::string_view text) {
  const auto result = evaluate_formula(text, scope());
  if (const auto* error = std::get_if<FormulaError>(&result)) FAIL(text << ": " << error->message);
  REQUIRE(std::get<FormulaValue>(result).condition());
  return *std::get<FormulaValue>(result).condition();
}

/// `offset: message | hint`.
std::string mistake(std::string_view text) {
  const auto result = evaluate_formula(text, scope());
  const auto* error = std::get_if<FormulaError>(&result);
  if (!error) return "none";
  return std::to_string(error->offset) + ": " + error->message +
         (error->hint.empty() ? "" : " | " + error->hint);
}

}  // namespace

TEST_CASE("formulas compute whole numbers with the usual precedence") {
  CHECK(number("7") == 7);
  CHECK(number("batch * seq_len") == 2048);
  CHECK(number("2 + 3 * 4") == 14);
  CHECK(number("(2 + 3) * 4") == 20);
  CHECK(number("10 - 3 - 2") == 5);
  CHECK(number("24 / 4 / 2") == 3);
  CHECK(number("7 // 2") == 3);
  CHECK(number("7 % 4") == 3);
  CHECK(number("-3 + 5") == 2);
  CHECK(number("--3") == 3);
  CHECK(number("ceil_div(7, 2)") == 4);
  CHECK(number("ceil_div(8, 2)") == 4);
  CHECK(number("max(batch, 9) - min(batch, 9)") == 5);
  CHECK(number("9223372036854775807") == 9223372036854775807);
}

TEST_CASE("conditions compare numbers, words and each other") {
  CHECK(condition("batch == 4"));
  CHECK(condition("batch != 5 and batch < 5"));
  CHECK(condition("batch >= 4 and batch <= 4 and not batch > 4"));
  CHECK(condition("phase == decode"));
  CHECK(condition("decode == phase"));
  CHECK_FALSE(condition("phase == prefill"));
  CHECK(condition("phase != prefill or batch == 0"));
  CHECK(condition("project"));
  CHECK(condition("not (project == false)"));
}

TEST_CASE("only the branch that is taken is evaluated") {
  CHECK(number("1 if phase == decode else 7 / 2") == 1);
  CHECK(number("7 / 2 if phase == prefill else 3") == 3);
  CHECK(number("1 if batch == 1 else 2 if batch == 2 else 3") == 3);
  CHECK_FALSE(condition("batch == 0 and 1 / 0 == 1"));
  CHECK(condition("batch == 4 or 1 / 0 == 1"));
}

TEST_CASE("a formula that cannot be read says where and why") {
  CHECK(mistake("batch *") == "7: a number or a name is missing at the end");
  CHECK(mistake("batch * * 2") == "8: a number or a name is expected, not '*'");
  CHECK(mistake("(batch") == "6: ')' is missing");
  CHECK(mistake("max(1, 2") == "8: ')' is missing");
  CHECK(mistake("batch batch") == "6: 'batch' is not expected here");
  CHECK(mistake("1 if project") == "12: `else` is missing");
  CHECK(mistake("12abc") == "0: '12abc' is not a whole number");
  CHECK(mistake("1.5") == "1: '.' is not expected here");
  CHECK(mistake("99999999999999999999") == "0: 99999999999999999999 is too large");
  CHECK(mistake(std::string(100, '(')) == "64: the formula is nested too deeply");
  CHECK(mistake(std::string(100, '-') + "1") == "64: the formula is nested too deeply");
  CHECK(mistake(std::string(1001, '1')) == "0: the formula is longer than 1000 characters");
}

TEST_CASE("a formula that cannot be computed says where and why") {
  CHECK(mistake("2 * seqlen") == "4: 'seqlen' is not known here | did you mean 'seq_len'?");
  CHECK(mistake("7 / 2") ==
        "2: 7 / 2 is not whole | use `//` to round down or ceil_div(a, b) to round up");
  CHECK(mistake("7 / (batch - 4)") == "2: 7 is divided by zero");
  CHECK(mistake("-7 // 2") == "3: -7 and 2: a division takes no negatives");
  CHECK(mistake("9223372036854775807 + 1") == "20: the result exceeds 63 bits");
  CHECK(mistake("9223372036854775807 * 2") == "20: the result exceeds 63 bits");
  CHECK(mistake("-9223372036854775807 - 2") == "21: the result exceeds 63 bits");
  CHECK(mistake("mix(1, 2)") == "0: there is no function 'mix' | did you mean 'min'?");
  CHECK(mistake("min(1)") == "0: min takes two numbers");
  CHECK(mistake("project + 1") == "0: a number is needed, not a condition");
  CHECK(mistake("batch and project") ==
        "0: a condition is needed, not a number | compare it, such as `stride == 1`");
  CHECK(mistake("batch == project") == "6: a number is compared with a condition");
  CHECK(mistake("phase == decod") == "9: 'phase' is never 'decod' | did you mean 'decode'?");
  CHECK(mistake("batch == decode") ==
        "9: 'decode' is not known here | known: batch, seq_len, phase, project, broken");
}

TEST_CASE("a formula over an unknown value fails without a message of its own") {
  CHECK(mistake("batch * broken") == "8: ");
}

TEST_CASE("later names hide earlier ones") {
  FormulaScope names = scope();
  names.set("batch", {std::int64_t{9}, {}});
  CHECK(to_text(*names.find("batch")) == "9");
  CHECK(names.find("nothing") == nullptr);
}
