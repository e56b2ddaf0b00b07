// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "base/diagnostics.hpp"
#include "tests/base/errors.hpp"

namespace sluice {
namespace {

Diagnostic at(std::uint32_t column, std::string line) {
  return {{"a.yaml", 3, column, std::move(line)}, "rows is 0", ""};
}

TEST_CASE("a diagnostic shows place, line, caret and hint") {
  Diagnostic diagnostic = at(7, "rows: 0");
  diagnostic.hint = "write 1";
  CHECK(to_text(diagnostic) ==
        "a.yaml:3:7: error: rows is 0\n"
        "  rows: 0\n"
        "        ^\n"
        "hint: write 1");
}

TEST_CASE("a diagnostic of a whole file shows no line") {
  CHECK(to_text({{"a.yaml"}, "the file is empty"}) == "a.yaml: error: the file is empty");
  CHECK(to_text({{"a.yaml", 3, 0, ""}, "odd"}) == "a.yaml:3: error: odd");
}

TEST_CASE("an argument of the command has no line number but a caret") {
  CHECK(to_text({{"--set", 0, 3, "a=b"}, "odd"}) == "--set: error: odd\n  a=b\n    ^");
}

TEST_CASE("the caret stands under the character after tabs and letters of several bytes") {
  CHECK(to_text(at(3, "\t\xC2\xB5x")) == "a.yaml:3:3: error: rows is 0\n  \t\xC2\xB5x\n  \t ^");
}

TEST_CASE("a caret beyond the end of the line stands behind its last character") {
  CHECK(to_text(at(99, "ab")) == "a.yaml:3:99: error: rows is 0\n  ab\n    ^");
}

TEST_CASE("bytes of the source line that cannot be shown are question marks") {
  CHECK(to_text(at(3, "a\xFF\x01")) == "a.yaml:3:3: error: rows is 0\n  a??\n    ^");
}

TEST_CASE("a line of 100 characters is whole, and a longer one is clipped around the caret") {
  const std::string head = "a.yaml:3:1: error: rows is 0\n  ";
  CHECK(to_text(at(1, std::string(100, 'x'))) == head + std::string(100, 'x') + "\n  ^");
  CHECK(to_text(at(1, std::string(101, 'x'))) == head + std::string(100, 'x') + "...\n  ^");
  // Column 150 of 300: the 60 characters before it and 40 from it on.
  const std::string line = std::string(149, 'x') + "Y" + std::string(150, 'z');
  CHECK(to_text(at(150, line)) == "a.yaml:3:150: error: rows is 0\n  ..." + std::string(60, 'x') +
                                      "Y" + std::string(39, 'z') + "...\n  " +
                                      std::string(63, ' ') + "^");
}

TEST_CASE("a location may hold only the part of a long line that is near it") {
  Location where{"a.yaml", 1, 503, "abcd"};
  where.line_text_column = 501;
  CHECK(to_text({where, "odd"}) == "a.yaml:1:503: error: odd\n  ...abcd\n       ^");
}

TEST_CASE("mistakes are thrown together, sorted by place") {
  Diagnostics diagnostics;
  diagnostics.throw_if_any();
  diagnostics.error({"a.yaml", 9, 1}, "later");
  diagnostics.error({"a.yaml", 2, 5}, "sooner");
  diagnostics.error({"a.yaml", 2, 5}, "sooner still second");
  CHECK(error_of([&] { diagnostics.throw_if_any(); }) ==
        "a.yaml:2:5: error: sooner\n"
        "a.yaml:2:5: error: sooner still second\n"
        "a.yaml:9:1: error: later");
}

TEST_CASE("a thousand mistakes are counted, a hundred are shown") {
  Diagnostics diagnostics;
  for (std::uint32_t i = 1; i <= 1000; ++i) diagnostics.error({"a.yaml", i, 1}, "odd");
  const std::string text = error_of([&] { diagnostics.throw_if_any(); });
  CHECK(text.ends_with("a.yaml:100:1: error: odd\n... and 900 more errors"));
}

TEST_CASE("the nearest word forgives a slip, a swap, case, and '-' for '_'") {
  const std::vector<std::string> words{"rows", "columns", "read_ports", "capacity"};
  CHECK(nearest("row", words) == "rows");
  CHECK(nearest("rwos", words) == "rows");  // one swap of neighbours
  CHECK(nearest("ROWS", words) == "rows");
  CHECK(nearest("colums", words) == "columns");
  CHECK(nearest("read-port", words) == "read_ports");
  CHECK(nearest("cap", words) == "capacity");  // the only word that begins so
}

TEST_CASE("no word is nearest when none is near") {
  const std::vector<std::string> words{"rows", "columns"};
  CHECK(nearest("bandwidth", words) == "");
  CHECK(nearest("xy", words) == "");
  CHECK(nearest("", words) == "");
  CHECK(nearest("rows", {}) == "");
  CHECK(nearest(std::string(100000, 'r'), words) == "");
  CHECK(nearest("k", {"m", "g"}) == "");  // of one letter, every replacement is another word
  CHECK(nearest("read", {"read_ports", "read_width"}) == "");  // begins two words
}

TEST_CASE("a suggestion names the nearest word, or all, or the first twenty") {
  CHECK(suggestion("row", {"rows", "columns"}) == "did you mean 'rows'?");
  CHECK(suggestion("depth", {"rows", "columns"}) == "known: rows, columns");
  CHECK(suggestion("depth", {}) == "");
  std::vector<std::string> many;
  for (int i = 0; i < 30; ++i) many.push_back("w" + std::to_string(i));
  CHECK(suggestion("depth", many).ends_with("w18, w19, ... (30 in all)"));
}

TEST_CASE("a quoted value is one short line") {
  CHECK(quote("abc") == "'abc'");
  CHECK(quote("a\nb") == "'a?b'");
  CHECK(quote(std::string(60, 'x')) == "'" + std::string(60, 'x') + "'");
  CHECK(quote(std::string(61, 'x')) == "'" + std::string(60, 'x') + "...'");
}

}  // namespace
}  // namespace sluice
