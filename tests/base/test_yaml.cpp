// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "base/yaml.hpp"
#include "base/yaml_tags.hpp"
#include "tests/base/errors.hpp"

namespace sluice {
namespace {

YamlNode parse(std::string_view text) { return parse_yaml(text, "f.yaml"); }

std::string place(const Location& where) {
  return where.path + ":" + std::to_string(where.line) + ":" + std::to_string(where.column);
}

TEST_CASE("maps keep their order, lists their items, scalars their text") {
  const YamlNode root = parse("b: 1\na: [x, 2.5]\nc:\n  d: 'y'\n");
  REQUIRE(root.is_map());
  REQUIRE(root.entries.size() == 3);
  CHECK(root.entries[0].key == "b");
  CHECK(root.entries[1].key == "a");
  REQUIRE(root.find("a")->is_sequence());
  CHECK(root.find("a")->items[1].scalar == "2.5");
  CHECK(root.find("c")->find("d")->scalar == "y");
  CHECK(root.find("z") == nullptr);
}

TEST_CASE("keys and values know their line and column, counted from 1") {
  const YamlNode root = parse("# comment\na: 1\nbb:\n  - x\n  -   y\n");
  CHECK(place(root.where) == "f.yaml:2:1");
  CHECK(place(root.entries[0].key_where) == "f.yaml:2:1");
  CHECK(place(root.find("a")->where) == "f.yaml:2:4");
  CHECK(place(root.entries[1].key_where) == "f.yaml:3:1");
  CHECK(place(root.find("bb")->where) == "f.yaml:4:3");
  CHECK(place(root.find("bb")->items[1].where) == "f.yaml:5:7");
  CHECK(root.find("bb")->items[1].where.line_text == "  -   y");
}

TEST_CASE("columns count characters, not bytes, and a byte-order mark counts nothing") {
  const YamlNode root = parse("\xEF\xBB\xBF{\xC2\xB5: 1, b: 2}\r\n");
  CHECK(root.find("\xC2\xB5") != nullptr);
  CHECK(place(root.find("b")->where) == "f.yaml:1:11");
  CHECK(root.where.line_text == "{\xC2\xB5: 1, b: 2}");
}

TEST_CASE("a value that is left out is null and stands at its key") {
  const YamlNode root = parse("a:\nb: ~\nc: null\nd: ''\n");
  CHECK(root.find("a")->is_null());
  CHECK(place(root.find("a")->where) == "f.yaml:1:1");
  CHECK(root.find("b")->is_null());
  CHECK(root.find("c")->is_null());
  CHECK(root.find("d")->is_scalar());
  CHECK(root.find("d")->scalar == "");
}

TEST_CASE("quotes and blocks make texts") {
  const YamlNode root = parse("a: 1\nb: '1'\nc: \"1\"\nd: |\n  1\n");
  CHECK_FALSE(root.find("a")->quoted);
  CHECK(root.find("b")->quoted);
  CHECK(root.find("c")->quoted);
  CHECK(root.find("d")->quoted);
  CHECK(root.find("d")->scalar == "1\n");
}

TEST_CASE("the tag of a map is its first entry where tags are read") {
  const YamlNode root = parse_tagged_yaml("- !Component {name: a}\n- {name: b}\n", "f");
  REQUIRE(root.items[0].entries.size() == 2);
  CHECK(root.items[0].entries[0].key == "!");
  CHECK(root.items[0].find("!")->scalar == "Component");
  CHECK(root.items[0].find("name")->scalar == "a");
  CHECK(root.items[1].find("!") == nullptr);
  CHECK_THROWS_AS(parse_tagged_yaml("a: !Word x", "f"), SpecError);
  CHECK_THROWS_AS(parse_tagged_yaml("a: !!python/object {}", "f"), SpecError);
}

TEST_CASE("an alias is a copy of what it stands for") {
  const YamlNode root = parse("a: &x {k: 1}\nb: *x\nc: [*x, *x]\n");
  CHECK(same_content(*root.find("b"), *root.find("a")));
  CHECK(same_content(root.find("c")->items[1], *root.find("a")));
}

TEST_CASE("the nodes of a very long line keep only the part of it around them") {
  std::string text = "[";
  for (int i = 0; i < 2000; ++i) text += "12345678, ";
  const YamlNode root = parse(text + "1]");
  const Location& where = root.items[1000].where;
  CHECK(where.column == 10002);  // after '[' and 1000 items of ten characters
  CHECK(where.line_text.size() == 400);
  CHECK(where.line_text.substr(where.column - where.line_text_column, 8) == "12345678");
}

}  // namespace
}  // namespace sluice
