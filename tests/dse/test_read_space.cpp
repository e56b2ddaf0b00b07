// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "dse/read_space.hpp"
#include "tests/base/errors.hpp"

namespace sluice {
namespace {

struct ReadSpace {
  DesignSpace space;
  std::vector<Expression> metric_constraints;
};

ReadSpace read(const std::string& text) {
  const std::vector<ExpressionName> metrics = {{"area_mm2", ExpressionName::Kind::number, {}, {}}};
  Diagnostics diagnostics;
  ReadSpace result;
  result.space =
      read_space(parse_yaml(text, "s.yaml"), metrics, result.metric_constraints, diagnostics);
  diagnostics.throw_if_any();
  return result;
}

// The mistakes of a space whose second parameter is `text`.
std::string mistake(const std::string& text) {
  return error_of(
      [&] { read("parameters:\n  rows: {path: a.rows, integers: [1, 8]}\n  x: " + text + "\n"); });
}

TEST_CASE("every kind of parameter is read") {
  const DesignSpace space =
      read(
          "parameters:\n"
          "  a.rows: {integers: [2, 8], step: 3, usual: 5, doc: rows of PEs, group: array}\n"
          "  b: {path: p.b, powers_of_two: [8, 64], unit: KiB}\n"
          "  c: {path: p.c, reals: [0.5, 8], levels: 5, scale: logarithmic}\n"
          "  d: {path: p.d, choices: [ws, {x: 1}]}\n"
          "  e: {path: p.e, ordered_choices: [1, 2, 10]}\n"
          "  f: {path: p.f, boolean: true, when: b > 8}\n"
          "  g: {paths: [p.g, p.h], order: [m, n]}\n")
          .space;
  REQUIRE(space.parameters.size() == 7);
  CHECK(space.parameters[0].paths == std::vector<std::string>{"a.rows"});
  CHECK(space.parameters[0].domain == Domain{IntegerDomain{2, 8, 3}});
  CHECK(space.parameters[0].usual == 1);
  CHECK(space.parameters[0].summary == "rows of PEs");
  CHECK(space.parameters[0].group == "array");
  CHECK(space.parameters[1].domain == Domain{PowerDomain{8, 64}});
  CHECK(space.parameters[1].unit == "KiB");
  CHECK(space.parameters[2].domain == Domain{RealDomain{0.5, 8, 5, true}});
  CHECK(space.parameters[3].domain == Domain{ChoiceDomain{{"ws", "{x: 1}"}, false}});
  CHECK(space.parameters[4].domain == Domain{ChoiceDomain{{"1", "2", "10"}, true}});
  CHECK(space.parameters[5].when.text() == "b > 8");
  CHECK(space.parameters[6].paths == std::vector<std::string>{"p.g", "p.h"});
}

TEST_CASE("a word in quotes is the word, other texts in quotes stay texts") {
  const DesignSpace space =
      read("parameters: {d: {path: p.d, choices: [\"ws\", os, \"8\", \"true\"], usual: \"ws\"}}\n")
          .space;
  CHECK(space.parameters[0].domain ==
        Domain{ChoiceDomain{{"ws", "os", "\"8\"", "\"true\""}, false}});
  CHECK(space.parameters[0].usual == 0);
}

TEST_CASE("constraints over metrics are kept apart") {
  const ReadSpace read_back = read(
      "parameters: {rows: {path: a.rows, integers: [1, 8]}}\n"
      "constraints: [rows < 5, area_mm2 <= 50, area_mm2 * rows < 99.5]\n");
  CHECK(read_back.space.constraints.size() == 1);
  CHECK(read_back.metric_constraints.size() == 2);
}

TEST_CASE("mistakes of a parameter are told with their place") {
  CHECK(mistake("{path: a.x}") ==
        "s.yaml:3:3: error: parameter 'x' has no values\n"
        "    x: {path: a.x}\n"
        "    ^\n"
        "hint: give one of integers, powers_of_two, reals, choices, ordered_choices, boolean, "
        "order");
  CHECK(mistake("{integers: [1, 2]}") ==
        "s.yaml:3:3: error: parameter 'x' sets no value\n"
        "    x: {integers: [1, 2]}\n"
        "    ^\n"
        "hint: name it, such as `path: architecture.array.rows`");
  CHECK(mistake("{path: a.x, integers: [3, 2]}") ==
        "s.yaml:3:6: error: parameter 'x': 3 is above 2\n"
        "    x: {path: a.x, integers: [3, 2]}\n"
        "       ^");
  CHECK(mistake("{path: a.x, integers: [3]}") ==
        "s.yaml:3:28: error: integers: the first and the last value are needed\n"
        "    x: {path: a.x, integers: [3]}\n"
        "                             ^\n"
        "hint: write `integers: [1, 8]`");
  CHECK(mistake("{path: a.x, boolean: true, when: rowz > 2}") ==
        "s.yaml:3:39: error: 'rowz' is not known here\n"
        "    x: {path: a.x, boolean: true, when: rowz > 2}\n"
        "                                        ^\n"
        "hint: did you mean 'rows'?");
  CHECK(mistake("{path: a.x, boolean: true, when: rows + 2}") ==
        "s.yaml:3:39: error: 'rows + 2' is no condition\n"
        "    x: {path: a.x, boolean: true, when: rows + 2}\n"
        "                                        ^\n"
        "hint: compare it, such as `rows <= 64`");
  CHECK(mistake("{path: a.x, choices: [a, b], usual: c}") ==
        "s.yaml:3:42: error: 'c' is none of the values of 'x'\n"
        "    x: {path: a.x, choices: [a, b], usual: c}\n"
        "                                           ^\n"
        "hint: they are a | b");
  CHECK(mistake("{path: a.x, interger: [1, 2], boolean: true}") ==
        "s.yaml:3:18: error: unknown key 'interger'\n"
        "    x: {path: a.x, interger: [1, 2], boolean: true}\n"
        "                   ^\n"
        "hint: did you mean 'integers'?");
}

TEST_CASE("powers of two begin and end with one") {
  CHECK(mistake("{path: a.x, powers_of_two: [6, 128], unit: KiB, usual: 8}") ==
        "s.yaml:3:33: error: powers_of_two: 6 is no power of two\n"
        "    x: {path: a.x, powers_of_two: [6, 128], unit: KiB, usual: 8}\n"
        "                                  ^\n"
        "hint: 4 and 8 are");
  CHECK(mistake("{path: a.x, powers_of_two: [8, 100]}") ==
        "s.yaml:3:33: error: powers_of_two: 100 is no power of two\n"
        "    x: {path: a.x, powers_of_two: [8, 100]}\n"
        "                                  ^\n"
        "hint: 64 and 128 are");
  CHECK(mistake("{path: a.x, powers_of_two: [0, 4]}") ==
        "s.yaml:3:33: error: powers_of_two: 0 is no power of two\n"
        "    x: {path: a.x, powers_of_two: [0, 4]}\n"
        "                                  ^\n"
        "hint: the first is 1");
  CHECK(mistake("{path: a.x, powers_of_two: [0.5, 4]}") ==
        "s.yaml:3:33: error: powers_of_two: whole numbers are needed\n"
        "    x: {path: a.x, powers_of_two: [0.5, 4]}\n"
        "                                  ^");
  CHECK(read("parameters: {x: {path: a.x, powers_of_two: [1, 1]}}").space.parameters.size() == 1);
}

TEST_CASE("a condition that a comma cuts in two is to stand in quotes") {
  const std::string text = "parameters: {rows: {path: a.rows, integers: [1, 8]}}\n";
  CHECK(read(text + "constraints: ['min(rows, 4) <= 3']\n").space.constraints.size() == 1);
  CHECK(error_of([&] { read(text + "constraints: [min(rows, 4) <= 3]\n"); })
            .starts_with("s.yaml:2:23: error: ')' is missing\n"
                         "  constraints: [min(rows, 4) <= 3]\n"
                         "                        ^\n"
                         "hint: what has a comma stands in quotes"));
}

TEST_CASE("two parameters set one value only where they do not exist together") {
  CHECK(mistake("{path: a.x, boolean: true}\n  y: {path: a.x, boolean: true}") ==
        "s.yaml:4:3: error: parameter 'y' sets a.x, which 'x' sets too\n"
        "    y: {path: a.x, boolean: true}\n"
        "    ^\n"
        "hint: when only one of them exists in a design, give both a `when`");
  CHECK(read("parameters:\n"
             "  a: {path: a.a, boolean: true}\n"
             "  x: {path: a.x, integers: [1, 2], when: a}\n"
             "  y: {path: a.x, integers: [3, 9], when: not a}\n")
            .space.parameters.size() == 3);
}

TEST_CASE("a space without parameters is none") {
  CHECK(error_of([] { read("constraints: [1 < 2]"); }) ==
        "s.yaml:1:1: error: a space needs 'parameters': a map of names\n"
        "  constraints: [1 < 2]\n"
        "  ^\n"
        "hint: such as rows: {path: ..., powers_of_two: [8, 256]}");
}

}  // namespace
}  // namespace sluice
