// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "base/read.hpp"
#include "tests/base/errors.hpp"
#include "tests/base/machine.hpp"

namespace sluice {
namespace {

Machine read(std::string_view text) {
  const YamlNode node = parse_yaml(text, "m.yaml");
  Diagnostics diagnostics;
  Machine machine;
  read_value(node, machine, {}, diagnostics);
  diagnostics.throw_if_any();
  return machine;
}

// The mistakes of a machine whose text is `line` after a good first line.
std::string mistake(const std::string& line) {
  return error_of([&] { read("rows: 2\n" + line); });
}
// Those of `rows: value`, without the source line and caret.
std::string rows_mistake(const std::string& value) {
  const std::string text = error_of([&] { read("rows: " + value); });
  const auto line = text.find("\n  ");
  const auto hint = text.find("\nhint:");
  return text.substr(0, line) + (hint == text.npos ? "" : " |" + text.substr(hint + 6));
}

TEST_CASE("every kind of field is read") {
  const Machine machine = read(
      "rows: 128\nutilization: 0.5\nprefetch: false\nnote: 12\ndataflow: output_stationary\n"
      "clock: 940 MHz\nlatency: 100 ns\nbandwidth: 64 B/cycle\nenergy: 1.3 pJ\narea: 2 mm2\n"
      "limit: 1 KiB\ncache: {name: c, banks: 4}\nmain: {name: m}\n"
      "buffers:\n  - name: a\n  - {name: b, capacity: 2 KiB}\nsizes: [1, 2]\n");
  Machine expected;
  expected.rows = 128;
  expected.utilization = 0.5;
  expected.prefetch = false;
  expected.note = "12";
  expected.dataflow = Dataflow::output_stationary;
  expected.clock = {940e6};
  expected.latency = {100e-9};
  expected.bandwidth = {64, Bandwidth::Per::cycle};
  expected.energy = {1.3};
  expected.area = {2e6};
  expected.limit = Bytes{1024};
  expected.cache = Buffer{"c", {1024}, 4};
  expected.main = {"m", {4096}, 2};  // what is not given stays as it was
  expected.buffers = {{"a", {1024}, 1}, {"b", {2048}, 1}};
  expected.sizes = {1, 2};
  CHECK(machine == expected);
}

TEST_CASE("fields that are not given keep their defaults, null empties an option") {
  Machine expected;
  expected.rows = 2;
  CHECK(read("rows: 2") == expected);
  CHECK(read("rows: 2\nlimit: null\ncache: ~") == expected);
}

TEST_CASE("whole numbers may be written with an exponent") {
  CHECK(read("rows: 1e3").rows == 1000);
  CHECK(read("rows: 2.5e3").rows == 2500);
  CHECK(read("rows: 4.0").rows == 4);
  CHECK(read("rows: +4").rows == 4);
}

TEST_CASE("what is not a whole number is an error that says what it is") {
  CHECK(rows_mistake("many") == "m.yaml:1:7: error: rows is 'many', a whole number is expected");
  CHECK(rows_mistake("2.5") == "m.yaml:1:7: error: rows is '2.5', a whole number is expected");
  CHECK(rows_mistake("nan") == "m.yaml:1:7: error: rows is 'nan', a whole number is expected");
  CHECK(rows_mistake(".inf") == "m.yaml:1:7: error: rows is '.inf', a whole number is expected");
  CHECK(rows_mistake("[1]") == "m.yaml:1:7: error: rows is a list, a whole number is expected");
  CHECK(rows_mistake("{a: 1}") == "m.yaml:1:7: error: rows is a map, a whole number is expected");
  CHECK(rows_mistake("~") == "m.yaml:1:7: error: rows is nothing, a whole number is expected");
  CHECK(rows_mistake("16 KiB") ==
        "m.yaml:1:7: error: rows is '16 KiB', a whole number is expected");
}

TEST_CASE("what is nearly a whole number comes with a hint") {
  CHECK(rows_mistake("\"12\"") ==
        "m.yaml:1:7: error: rows is the text '12', a whole number is expected | leave out the "
        "quotes");
  CHECK(rows_mistake("1_000") ==
        "m.yaml:1:7: error: rows is '1_000', a whole number is expected | write 1000, without "
        "separators");
  CHECK(rows_mistake("0x10") ==
        "m.yaml:1:7: error: rows is '0x10', a whole number is expected | numbers are decimal: "
        "write 16");
  CHECK(rows_mistake("0o17") ==
        "m.yaml:1:7: error: rows is '0o17', a whole number is expected | numbers are decimal: "
        "write 15");
  CHECK(rows_mistake("010") ==
        "m.yaml:1:7: error: rows is 010: a leading zero would mean octal to some | leave out the "
        "leading zero");
}

TEST_CASE("a number out of range is an error with both sides") {
  CHECK(rows_mistake("0") == "m.yaml:1:7: error: rows is 0, at least 1 is required");
  CHECK(rows_mistake("-3") == "m.yaml:1:7: error: rows is -3, at least 1 is required");
  CHECK(rows_mistake("65537") == "m.yaml:1:7: error: rows is 65537, at most 65536 is allowed");
  CHECK(rows_mistake("1e30") == "m.yaml:1:7: error: rows is 1e30, at most 65536 is allowed");
  CHECK(rows_mistake("1e999") == "m.yaml:1:7: error: rows is 1e999, at most 65536 is allowed");
  CHECK(rows_mistake("18446744073709551616") ==
        "m.yaml:1:7: error: rows is 18446744073709551616, at most 65536 is allowed");
  CHECK(read("rows: 65536").rows == 65536);
  CHECK(read("rows: 1").rows == 1);
  CHECK(mistake("utilization: 1.5") ==
        "m.yaml:2:14: error: utilization is 1.5, at most 1 is allowed\n"
        "  utilization: 1.5\n"
        "               ^");
}

TEST_CASE("without bounds of its own a number must fit its type") {
  const auto reads = [](const char* text, auto value) {
    Diagnostics diagnostics;
    read_value(parse_yaml(text, "m.yaml"), value, {.name = "x"}, diagnostics);
    return diagnostics.empty() ? std::to_string(value) : diagnostics.list()[0].message;
  };
  CHECK(reads("4294967295", std::uint32_t{}) == "4294967295");
  CHECK(reads("4294967296", std::uint32_t{}) == "x is 4294967296, at most 4294967295 is allowed");
  CHECK(reads("18446744073709551615", std::uint64_t{}) == "18446744073709551615");
  CHECK(reads("18446744073709551616", std::uint64_t{}) ==
        "x is 18446744073709551616, at most 18446744073709551615 is allowed");
  CHECK(reads("-1", std::uint64_t{}) == "x is -1, at least 0 is required");
  CHECK(reads("1e999", double{}) == "x is 1e999, beyond what a double holds");
  CHECK(reads("-1", double{}) == "x is -1, at least 0 is required");
}

TEST_CASE("a quantity out of range shows the bound with its unit") {
  CHECK(mistake("main: {name: m, capacity: 1 B}") ==
        "m.yaml:2:27: error: capacity is 1 B, at least 1 KiB is required\n"
        "  main: {name: m, capacity: 1 B}\n"
        "                            ^");
  CHECK(mistake("latency: 1 s") ==
        "m.yaml:2:10: error: latency is 1 s, at most 1 ms is allowed\n"
        "  latency: 1 s\n"
        "           ^");
  CHECK(mistake("clock: 0") ==
        "m.yaml:2:8: error: clock is 0, at least 1 Hz is required\n"
        "  clock: 0\n"
        "         ^");
}

TEST_CASE("a quantity that does not parse is an error with its key") {
  CHECK(mistake("clock: 940") ==
        "m.yaml:2:8: error: clock: '940' has no unit\n"
        "  clock: 940\n"
        "         ^\n"
        "hint: write a frequency like 940 MHz");
  CHECK(mistake("clock: [1]") ==
        "m.yaml:2:8: error: clock is a list, a frequency such as 940 MHz is expected\n"
        "  clock: [1]\n"
        "         ^");
}

TEST_CASE("a wrong truth value, number, text, word or list is an error") {
  CHECK(mistake("prefetch: yes") ==
        "m.yaml:2:11: error: prefetch is 'yes', true or false is expected\n"
        "  prefetch: yes\n"
        "            ^\n"
        "hint: write true");
  CHECK(mistake("prefetch: \"true\"").ends_with("hint: write true"));
  CHECK(mistake("prefetch: 0").ends_with("hint: write false"));
  CHECK(mistake("utilization: half") ==
        "m.yaml:2:14: error: utilization is 'half', a number is expected\n"
        "  utilization: half\n"
        "               ^");
  CHECK(mistake("note: {}") ==
        "m.yaml:2:7: error: note is a map, a text is expected\n"
        "  note: {}\n"
        "        ^");
  CHECK(mistake("dataflow: output_stationry") ==
        "m.yaml:2:11: error: dataflow: 'output_stationry' is not known here\n"
        "  dataflow: output_stationry\n"
        "            ^\n"
        "hint: did you mean 'output_stationary'?");
  CHECK(mistake("dataflow: row") ==
        "m.yaml:2:11: error: dataflow: 'row' is not known here\n"
        "  dataflow: row\n"
        "            ^\n"
        "hint: known: weight_stationary, output_stationary");
  CHECK(mistake("dataflow: []").find("dataflow is a list, a word is expected") !=
        std::string::npos);
  CHECK(mistake("sizes: 3") ==
        "m.yaml:2:8: error: sizes is '3', a list is expected\n"
        "  sizes: 3\n"
        "         ^\n"
        "hint: write one item a line, each after '- '");
  CHECK(mistake("sizes: [1, 0]") ==
        "m.yaml:2:12: error: sizes is 0, at least 1 is required\n"
        "  sizes: [1, 0]\n"
        "             ^");
}

TEST_CASE("a missing key is an error at the map") {
  CHECK(error_of([] { read("note: a"); }) ==
        "m.yaml:1:1: error: the key 'rows' is missing: PEs in a column\n"
        "  note: a\n"
        "  ^");
  CHECK(mistake("buffers:\n  - banks: 2") ==
        "m.yaml:3:5: error: the key 'name' is missing: name in reports\n"
        "    - banks: 2\n"
        "      ^");
}

TEST_CASE("an unknown key is an error with the nearest, or all that are known") {
  CHECK(mistake("utilisation: 1") ==
        "m.yaml:2:1: error: unknown key 'utilisation'\n"
        "  utilisation: 1\n"
        "  ^\n"
        "hint: did you mean 'utilization'?");
  CHECK(mistake("cache: {name: c, foo: 1}") ==
        "m.yaml:2:18: error: unknown key 'foo'\n"
        "  cache: {name: c, foo: 1}\n"
        "                   ^\n"
        "hint: known: name, capacity, banks");
}

TEST_CASE("a text where a map is expected is one error, not one for each key") {
  CHECK(mistake("main: big") ==
        "m.yaml:2:7: error: main is 'big', a map is expected\n"
        "  main: big\n"
        "        ^\n"
        "hint: write one 'key: value' a line below it");
  CHECK(error_of([] { read("[1, 2]"); }) ==
        "m.yaml:1:1: error: the value is a list, a map is expected\n"
        "  [1, 2]\n"
        "  ^\n"
        "hint: write one 'key: value' a line below it");
}

TEST_CASE("an empty map lacks its required keys") {
  CHECK(mistake("cache: {}").starts_with("m.yaml:2:8: error: the key 'name' is missing"));
  CHECK(mistake("main:").starts_with("m.yaml:2:1: error: the key 'name' is missing"));
}

TEST_CASE("all mistakes of a file are reported at once") {
  const std::string text = mistake("clock: 1\nfoo: 2\nsizes: [0, 0]");
  CHECK(text.find("m.yaml:2:8: error: clock") != std::string::npos);
  CHECK(text.find("m.yaml:3:1: error: unknown key 'foo'") != std::string::npos);
  CHECK(text.find("m.yaml:4:9: error: sizes") != std::string::npos);
  CHECK(text.find("m.yaml:4:12: error: sizes") != std::string::npos);
}

TEST_CASE("a value with a mistake leaves the field as it was") {
  Machine machine;
  machine.rows = 7;
  Diagnostics diagnostics;
  read_value(parse_yaml("{rows: x, limit: 1, clock: 1}", "m.yaml"), machine, {}, diagnostics);
  CHECK(diagnostics.size() == 3);
  CHECK(machine.rows == 7);
  CHECK(machine.limit == std::nullopt);
  CHECK(machine.clock == Hertz{1e9});
}

}  // namespace
}  // namespace sluice
