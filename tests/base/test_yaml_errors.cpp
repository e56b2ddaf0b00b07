// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "base/yaml.hpp"
#include "tests/base/errors.hpp"

namespace sluice {
namespace {

TEST_CASE("an empty file is an error") {
  CHECK(yaml_error("") == "f.yaml: error: the file is empty");
  CHECK(yaml_error(" \n\t\n") == "f.yaml: error: the file is empty");
  CHECK(yaml_error("# nothing\n") == "f.yaml: error: the file holds nothing but comments");
}

TEST_CASE("duplicate keys are errors, all of them") {
  CHECK(yaml_error("a: 1\nb: 2\na: 3\nb: 4\n") ==
        "f.yaml:3:1: error: the key 'a' is given twice in this map\n"
        "  a: 3\n"
        "  ^\n"
        "hint: it stands in line 1 already\n"
        "f.yaml:4:1: error: the key 'b' is given twice in this map\n"
        "  b: 4\n"
        "  ^\n"
        "hint: it stands in line 2 already");
  CHECK(yaml_error("{a: 1, 'a': 2}").find("given twice") != std::string::npos);
}

TEST_CASE("duplicate keys are found in large maps too") {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "k" + std::to_string(i) + ": 1\n";
  CHECK(yaml_error(text) == "no error");
  CHECK(yaml_error(text + "k700: 2\n") ==
        "f.yaml:1001:1: error: the key 'k700' is given twice in this map\n"
        "  k700: 2\n"
        "  ^\n"
        "hint: it stands in line 701 already");
  CHECK(yaml_error(text + "k3: 2\n").find("in line 4 already") != std::string::npos);
}

TEST_CASE("a tab as indentation is called by its name") {
  CHECK(yaml_error("a:\n\tb: 1\n") ==
        "f.yaml:2:1: error: a tab is used as indentation, which YAML does not allow\n"
        "  \tb: 1\n"
        "  ^\n"
        "hint: indent with spaces");
  CHECK(yaml_error("a:\n  b: 1\n \tc: 1\n").find(":3:2: error: a tab") != std::string::npos);
}

TEST_CASE("wrong indentation is an error at its line") {
  CHECK(yaml_error("a:\n    b: 1\n  c: 2\n") ==
        "f.yaml:3:3: error: this line belongs to no map or list that is open here\n"
        "    c: 2\n"
        "    ^\n"
        "hint: check the indentation: the keys of a map begin in the same column");
  CHECK(yaml_error("a: 1\n  b: 2\n") ==
        "f.yaml:2:4: error: a ':' stands where there is no key before it\n"
        "    b: 2\n"
        "     ^\n"
        "hint: check the indentation, and put texts that hold ': ' in quotes");
  CHECK(yaml_error("- a\nb: 1\n") ==
        "f.yaml:2:1: error: this line belongs to no list or map that is open here\n"
        "  b: 1\n"
        "  ^\n"
        "hint: check the indentation: keys, or the '-' of a list, begin in the same column");
}

TEST_CASE("brackets and quotes that are not closed are shown where they open") {
  CHECK(yaml_error("x: 1\na: [1, 2\n") ==
        "f.yaml:2:4: error: the list that '[' began has no end\n"
        "  a: [1, 2\n"
        "     ^\n"
        "hint: add ']'");
  CHECK(yaml_error("a: {b: 1\n") ==
        "f.yaml:1:4: error: the map that '{' began has no end\n"
        "  a: {b: 1\n"
        "     ^\n"
        "hint: add '}'");
  CHECK(yaml_error("a: ]\n") ==
        "f.yaml:1:4: error: a bracket is closed that was not opened\n"
        "  a: ]\n"
        "     ^");
  CHECK(yaml_error("x: 'ok'\na: \"b # c\nc: 1\n") ==
        "f.yaml:2:4: error: the quote that opens here is not closed\n"
        "  a: \"b # c\n"
        "     ^");
  CHECK(yaml_error("a: 'it''s\n") ==
        "f.yaml:1:4: error: the quote that opens here is not closed\n"
        "  a: 'it''s\n"
        "     ^");
  CHECK(yaml_error("a: [\"x\", 'b]").starts_with("f.yaml:1:10: error: the quote that opens"));
}

TEST_CASE("a text that ends with the file keeps its end of line") {
  CHECK(parse_yaml("a: |\n  x\n", "f.yaml").find("a")->scalar == "x\n");
  CHECK(parse_yaml("a: |\n  x", "f.yaml").find("a")->scalar == "x");
  CHECK(parse_yaml("a: |+\n  x\n\n", "f.yaml").find("a")->scalar == "x\n\n");
  CHECK(parse_yaml("a: |-\n  x\n", "f.yaml").find("a")->scalar == "x");
}

TEST_CASE("other syntax errors are sentences too") {
  CHECK(yaml_error("a: \"\\q\"\n") ==
        "f.yaml:1:7: error: the text in double quotes has an unknown escape\n"
        "  a: \"\\q\"\n"
        "        ^\n"
        "hint: write '\\\\' for a backslash, or use single quotes");
  CHECK(yaml_error("a: @b\n") ==
        "f.yaml:1:4: error: YAML gives this character a meaning that does not fit here\n"
        "  a: @b\n"
        "     ^\n"
        "hint: put the text in quotes");
  CHECK(yaml_error("a: %b\n").starts_with("f.yaml:1:4: error: YAML gives this character"));
  CHECK(yaml_error("a: *b\n") ==
        "f.yaml:1:4: error: this alias has no anchor before it\n"
        "  a: *b\n"
        "     ^\n"
        "hint: define it first: '&name value'");
  CHECK(yaml_error("a: b: c\n") ==
        "f.yaml:1:5: error: a ':' stands where there is no key before it\n"
        "  a: b: c\n"
        "      ^\n"
        "hint: check the indentation, and put texts that hold ': ' in quotes");
  CHECK(yaml_error("a: - b\n") ==
        "f.yaml:1:4: error: a '-' cannot stand here\n"
        "  a: - b\n"
        "     ^\n"
        "hint: begin each item of a list on its own line");
  CHECK(yaml_error("a: &x &y 1\n") ==
        "f.yaml:1:7: error: a value has two anchors\n"
        "  a: &x &y 1\n"
        "        ^\n"
        "hint: keep one");
  CHECK(yaml_error("%YAML 3.0\n---\na: 1\n") ==
        "f.yaml:1:1: error: not valid YAML: YAML major version too large\n"
        "  %YAML 3.0\n"
        "  ^");
}

TEST_CASE("keys are words or texts of at most 1000 characters") {
  CHECK(yaml_error("? [a, b]\n: 1\n") ==
        "f.yaml:1:3: error: a key is expected here, which is one word or text\n"
        "  ? [a, b]\n"
        "    ^");
  CHECK(yaml_error("{{a: 1}: 2}").find("a key is expected here") != std::string::npos);
  CHECK(yaml_error("? " + std::string(1001, 'x') + "\n: 1\n")
            .find("this key has 1001 characters, at most 1000 are allowed") != std::string::npos);
  CHECK(yaml_error("a: &x {b: 1}\nc:\n  <<: *x\n") ==
        "f.yaml:3:3: error: merge keys ('<<') are not part of YAML 1.2\n"
        "    <<: *x\n"
        "    ^\n"
        "hint: repeat the keys, or use 'include: file.yaml'");
}

TEST_CASE("tags are errors") {
  CHECK(yaml_error("a: !!python/object 1\n") ==
        "f.yaml:1:4: error: the tag 'tag:yaml.org,2002:python/object' has no meaning here\n"
        "  a: !!python/object 1\n"
        "     ^\n"
        "hint: remove it");
}

TEST_CASE("several documents in a file are an error") {
  CHECK(yaml_error("---\na: 1\n") == "no error");
  CHECK(yaml_error("a: 1\n---\nb: 1\n") ==
        "f.yaml:2:1: error: the file holds several documents, the second begins here\n"
        "  ---\n"
        "  ^\n"
        "hint: keep one document in a file, without '---' between");
}

TEST_CASE("an anchor that contains itself is an error") {
  CHECK(yaml_error("a: &x [1, *x]\n") ==
        "f.yaml:1:11: error: this alias stands inside what it stands for\n"
        "  a: &x [1, *x]\n"
        "            ^");
}

TEST_CASE("what is not UTF-8 text is an error") {
  CHECK(yaml_error("a: b\xFF\n") ==
        "f.yaml:1:5: error: the byte 0xFF here is not UTF-8 text\n"
        "  a: b?\n"
        "      ^\n"
        "hint: save the file as UTF-8");
  CHECK(yaml_error(std::string_view("a: \0b", 5)) ==
        "f.yaml:1:4: error: the control character 0x00 does not belong into a text file\n"
        "  a: ?b\n"
        "     ^");
  // UTF-16 begins with the bytes FF FE.
  CHECK(yaml_error(std::string_view("\xFF\xFE\x61\x00", 4)).find("the byte 0xFF") !=
        std::string::npos);
}

TEST_CASE("nesting as deep as the limit is read, one deeper is an error") {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  CHECK(yaml_error(nested(64)) == "no error");
  CHECK(yaml_error(nested(65))
            .starts_with("f.yaml:1:65: error: lists and maps are nested more than 64 deep here"));
  CHECK(yaml_error(nested(1000000)).starts_with("f.yaml:1:65: error: lists and maps"));
  std::string block;
  for (int i = 0; i < 100000; ++i) block += "- ";
  CHECK(yaml_error(block + "x").find("nested more than 64 deep") != std::string::npos);
  // 40 of an alias inside of 40 lists.
  CHECK(yaml_error("a: &x " + nested(40) + "\nb: " + std::string(40, '[') + "*x" +
                   std::string(40, ']'))
            .find("nested more than 64 deep") != std::string::npos);
}

TEST_CASE("aliases that multiply end at the limit of values") {
  // Ten levels of ten aliases each would be 10^10 values.
  std::string text = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n";
  for (int level = 1; level <= 10; ++level) {
    const std::string before = "*a" + std::to_string(level - 1);
    text += "a" + std::to_string(level) + ": &a" + std::to_string(level) + " [" + before;
    for (int i = 1; i < 10; ++i) text += ", " + before;
    text += "]\n";
  }
  CHECK(yaml_error(text).find("more than 500000 values up to here, counting what aliases stand") !=
        std::string::npos);
}

TEST_CASE("values and bytes beyond the limits are errors with both sides") {
  const YamlLimits limits{.file_bytes = 20, .nodes = 5};
  CHECK(yaml_error("[1, 2, 3, 4]", limits) == "no error");
  CHECK(yaml_error("[1, 2, 3, 4, 5]", limits)
            .starts_with("f.yaml:1:14: error: there are more than 5 values up to here"));
  CHECK(yaml_error("a: 12345678901234567890", limits) ==
        "f.yaml: error: the file holds 23 bytes, at most 20 bytes are read");
}

}  // namespace
}  // namespace sluice
