// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "dse/broken.hpp"

namespace sluice {
namespace {

using Kind = ExpressionName::Kind;

const std::vector<ExpressionName> names = {
    {"rows", Kind::number, {}, {"architecture.array.rows"}},
    {"columns", Kind::number, {}, {"architecture.array.columns"}},
    {"dataflow", Kind::word, {"ws", "os"}, {}},
    {"overlap", Kind::condition, {}, {}},
    {"banks.input", Kind::number, {}, {}},
    {"banks.output", Kind::number, {}, {}},
};
const std::vector<ExpressionValue> values = {16.0, 8.0, std::string("ws"), true, 2.0, 4.0};

bool holds(const std::string& text) { return Expression(text, names).holds(values); }
double number(const std::string& text) {
  return std::get<double>(Expression(text, names).value(values));
}
std::string mistake(const std::string& text) {
  try {
    const Expression expression(text, names);
    return "no mistake";
  } catch (const FormulaError& error) {
    return std::to_string(error.offset) + ": " + error.message +
           (error.hint.empty() ? "" : " | " + error.hint);
  }
}

TEST_CASE("expressions compute in real numbers") {
  CHECK(number("rows * columns / 3") == 128.0 / 3);
  CHECK(number("rows // 3 + rows % 3") == 6);
  CHECK(number("1.5e-1 * -rows") == doctest::Approx(-2.4));
  CHECK(number("max(rows, 20) - min(columns, 3)") == 17);
  CHECK(number("log2(rows) + sqrt(rows) + abs(-1) + floor(2.5) + ceil(2.5)") == 4 + 4 + 1 + 2 + 3);
  CHECK(number("ceil_div(rows, 3) if overlap else 0") == 6);
}

TEST_CASE("names may be the ends of paths") {
  CHECK(number("array.rows + architecture.array.columns") == 24);
  CHECK(number("input + banks.output") == 6);
}

TEST_CASE("conditions compare numbers and words") {
  CHECK(holds("rows * columns <= 128"));
  CHECK_FALSE(holds("rows * columns < 128"));
  CHECK(holds("dataflow == ws and overlap"));
  CHECK(holds("os != dataflow"));
  CHECK(holds("not (dataflow == os) or rows > 100"));
  CHECK(holds("dataflow == 'ws' and dataflow != \"os\""));
  CHECK(Expression().holds(values));
}

TEST_CASE("a condition that compares what is no finite number does not hold, however it is put") {
  for (const char* text : {"0 / 0 <= 1", "0 / 0 != 1", "not (0 / 0 == 1)", "1 / 0 > 5",
                           "sqrt(-rows) < 1", "log2(rows - 16) < 3", "rows % 0 == 1"}) {
    CAPTURE(text);
    const Expression condition(text, names);
    CHECK_FALSE(condition.holds(values));
    CHECK(broken(condition, values) == std::string(text) + " (a side of it is no finite number)");
  }
  CHECK(holds("rows == 16 or 1 / (rows - 16) < 1"));  // the right side is not asked
  CHECK(broken(Expression("rows > 16", names), values) == "rows > 16");
  CHECK(broken(Expression("rows == 16", names), values) == "");
}

TEST_CASE("an expression says which names it uses") {
  CHECK(Expression("columns + columns * rows", names).uses() == std::vector<std::size_t>{0, 1});
}

TEST_CASE("mistakes are found when an expression is read") {
  CHECK(mistake("rowz < 3") == "0: 'rowz' is not known here | did you mean 'rows'?");
  CHECK(mistake("rows + dataflow") == "7: a number is needed, not a word");
  CHECK(mistake("rows and overlap") == "0: a condition is needed, not a number");
  CHECK(mistake("dataflow == wx") == "12: 'dataflow' is never 'wx' | known: ws, os");
  CHECK(mistake("dataflow == rows") == "9: a word is compared with a number");
  CHECK(mistake("log(rows)") == "0: there is no function 'log' | did you mean 'log2'?");
  CHECK(mistake("min(rows)") == "0: min takes two numbers");
  CHECK(mistake("log2(rows, 2)") == "0: log2 takes a number");
  CHECK(mistake("rows <") == "6: a number or a name is missing at the end");
  CHECK(mistake("dataflow == 'ws") == "12: 'ws is not closed");
  CHECK(mistake("dataflow == ''") == "12: a number or a name is expected, not ''''");
  CHECK(mistake("1.2.3") == "3: '.' is not expected here");
  CHECK(mistake("rows + banks") ==
        "7: 'banks' is not known here | known: rows, columns, dataflow, overlap, banks.input, "
        "banks.output");
}

}  // namespace
}  // namespace sluice
