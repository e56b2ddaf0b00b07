// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "base/yaml.hpp"
#include "tests/base/errors.hpp"

namespace sluice {
namespace {

const char* const start = "array: {rows: 8}\nlayers: [{n: 1}, {n: 2}]\nname: x\nempty: []\n";

// The tree after setting, on one line a value.
std::string after(std::string_view path, std::string_view text) {
  YamlNode root = parse_yaml("array: {rows: 8}\nlayers: [{n: 1}, {n: 2}]\n", "f.yaml");
  set_path(root, path, text);
  return to_text(root);
}

// The error, having checked that it changed nothing.
std::string set_error(std::string_view path, std::string_view text) {
  YamlNode root = parse_yaml(start, "f.yaml");
  const YamlNode before = root;
  std::string error = error_of([&] { set_path(root, path, text); });
  CHECK(same_content(root, before));
  return error;
}

TEST_CASE("a value is replaced, or made with the maps on the way to it") {
  const std::string layers = "layers:\n  - n: 1\n  - n: 2\n";
  CHECK(after("array.rows", "16") == "array:\n  rows: 16\n" + layers);
  CHECK(after("array", "3") == "array: 3\n" + layers);
  CHECK(after("array.columns", "[1, {a: b}]") ==
        "array:\n  rows: 8\n  columns:\n    - 1\n    - a: b\n" + layers);
  CHECK(after("layers.1.n", "x") == "array:\n  rows: 8\nlayers:\n  - n: 1\n  - n: x\n");
  CHECK(after("dram.channel.clock", "1 GHz") ==
        "array:\n  rows: 8\n" + layers + "dram:\n  channel:\n    clock: 1 GHz\n");
}

TEST_CASE("an empty tree takes values too") {
  YamlNode root;
  set_path(root, "a.b", "1");
  CHECK(to_text(root) == "a:\n  b: 1\n");
}

TEST_CASE("a key that --set adds stands where it is named") {
  YamlNode root = parse_yaml("array: {rows: 4}", "f.yaml");
  set_path(root, "array.rws", "3");
  const Location where = root.find("array")->entries[1].key_where;
  CHECK(to_text({where, "unknown key 'rws'"}) ==
        "--set: error: unknown key 'rws'\n"
        "  array.rws=3\n"
        "        ^");
}

TEST_CASE("the new value stands at --set") {
  YamlNode root = parse_yaml(start, "f.yaml");
  set_path(root, "array.rows", "0");
  CHECK(to_text({root.find("array")->find("rows")->where, "rows is 0"}) ==
        "--set: error: rows is 0\n"
        "  array.rows=0\n"
        "             ^");
}

TEST_CASE("a path that leads nowhere is an error that shows where") {
  CHECK(set_error("name.first", "1") ==
        "--set: error: 'name' is the value 'x', it has nothing named 'first'\n"
        "  name.first=1\n"
        "       ^");
  CHECK(set_error("layers.2.n", "1") ==
        "--set: error: 'layers' has no item 2: its 2 items are numbered 0 to 1\n"
        "  layers.2.n=1\n"
        "         ^");
  CHECK(set_error("layers.99999999999999999999", "1").find("has no item 99999999999999999999") !=
        std::string::npos);
  CHECK(set_error("layers.first", "1") ==
        "--set: error: 'layers' is a list, and 'first' is no index\n"
        "  layers.first=1\n"
        "         ^\n"
        "hint: items are numbered from 0");
  CHECK(set_error("layers.-1", "1").find("'-1' is no index") != std::string::npos);
  CHECK(set_error("empty.0", "1") ==
        "--set: error: 'empty' is an empty list, it has no item 0\n"
        "  empty.0=1\n"
        "        ^");
}

TEST_CASE("an empty path, part of a path, or value is an error") {
  CHECK(set_error("", "1") ==
        "--set: error: the name of what to set is missing\n"
        "  =1\n"
        "  ^\n"
        "hint: write it like architecture.array.rows=32");
  CHECK(set_error("array..rows", "1") ==
        "--set: error: the path has an empty part here\n"
        "  array..rows=1\n"
        "        ^\n"
        "hint: write it like architecture.array.rows=32");
  CHECK(set_error("array.", "1").find("the path has an empty part here") != std::string::npos);
  CHECK(set_error("array.rows", "") ==
        "--set: error: the value is missing\n"
        "  array.rows=\n"
        "             ^\n"
        "hint: write null to leave it empty");
}

TEST_CASE("a value that is not YAML is an error within the value") {
  CHECK(set_error("array.rows", "[1, 2") ==
        "--set: error: the list that '[' began has no end\n"
        "  array.rows=[1, 2\n"
        "             ^\n"
        "hint: add ']'");
}

}  // namespace
}  // namespace sluice
