// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <random>

#include "base/yaml.hpp"

namespace sluice {
namespace {

TEST_CASE("trees are written as blocks") {
  const char* const text =
      "a: 1\n"
      "b:\n"
      "  - x\n"
      "  - - 1\n"
      "    - 2\n"
      "  - k: v\n"
      "    l:\n"
      "      - m\n"
      "c: null\n"
      "d: {}\n"
      "e: []\n"
      "f: \"12\"\n"
      "g: RM[m1+1,p] = max(a, b)\n";
  CHECK(to_text(parse_yaml(text, "f.yaml")) == text);
  CHECK(to_text(parse_yaml("3", "f.yaml")) == "3\n");
  CHECK(to_text(YamlNode{}) == "null\n");
}

// Texts that are awkward in YAML, and now and then any characters.
std::string random_text(std::mt19937_64& random) {
  static const std::vector<std::string> awkward{"",
                                                "null",
                                                "~",
                                                "true",
                                                "1e3",
                                                "-1",
                                                "-",
                                                "- a",
                                                "a: b",
                                                "a:",
                                                "#x",
                                                "a #b",
                                                "a#b",
                                                "[",
                                                "a, b",
                                                "{}",
                                                "'q'",
                                                "\"q\"",
                                                "a\nb",
                                                "\ta",
                                                " lead",
                                                "end ",
                                                "%x",
                                                "@x",
                                                "`x`",
                                                "*x",
                                                "&x",
                                                "!x",
                                                "|",
                                                ">",
                                                "a\\b",
                                                "---",
                                                "--- x",
                                                "...",
                                                "?",
                                                "? a",
                                                ": x",
                                                "<<",
                                                "=",
                                                "\x7F",
                                                "a\rb",
                                                "0x1F",
                                                "\xC2\x85",
                                                "\xE2\x80\xA8",
                                                "\xEF\xBB\xBF",
                                                "--x",
                                                "a  b",
                                                ".",
                                                "-.5"};
  if (random() % 2 == 0) return awkward[random() % awkward.size()];
  std::string text;
  for (std::size_t i = random() % 12; i > 0; --i)
    text += static_cast<char>(random() % 4 == 0 ? 1 + random() % 31 : 32 + random() % 95);
  return text;
}

YamlNode random_tree(std::mt19937_64& random, int depth) {
  YamlNode node;
  const auto kind = random() % (depth > 0 ? 6 : 3);
  if (kind == 0) return node;
  if (kind <= 2) {
    node.kind = YamlNode::Kind::scalar;
    node.scalar = random_text(random);
    node.quoted = true;
    return node;
  }
  node.kind = kind == 3 ? YamlNode::Kind::sequence : YamlNode::Kind::map;
  for (std::size_t i = random() % 4; i > 0; --i) {
    if (kind == 3) {
      node.items.push_back(random_tree(random, depth - 1));
    } else if (std::string key = random_text(random); node.find(key) == nullptr) {
      node.entries.push_back({key, {}, random_tree(random, depth - 1)});
    }
  }
  return node;
}

TEST_CASE("a tree of any texts parses back to an equal tree") {
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    const YamlNode tree = random_tree(random, 4);
    const std::string text = to_text(tree);
    CAPTURE(text);
    REQUIRE(same_content(parse_yaml(text, "f.yaml"), tree));
  }
}

TEST_CASE("a key that escapes make longer than 1024 characters is written after a question mark") {
  // A carriage return is written as four characters: 255 of them and two quotes make 1022, 256
  // make 1026.
  const auto text_of = [](std::size_t count, const char* value) {
    YamlNode inner = parse_yaml("{k: 1, b: 2}", "a.yaml");
    inner.entries[0].key = std::string(count, '\r');
    inner.entries[0].value = parse_yaml(value, "a.yaml");
    YamlNode root = parse_yaml("a: 1", "a.yaml");
    root.entries[0].value = inner;
    return to_text(root);
  };
  CHECK(text_of(255, "1").find('?') == std::string::npos);
  CHECK(text_of(256, "1").starts_with("a:\n  ? \"\\x0D"));
  CHECK(text_of(256, "1").ends_with("\\x0D\"\n  : 1\n  b: 2\n"));
  for (const char* value : {"1", "[3, {c: 4}]", "{c: [5]}"})
    for (const std::size_t count : {255u, 256u}) {
      const std::string text = text_of(count, value);
      CHECK(to_text(parse_yaml(text, "a.yaml")) == text);
    }
}

TEST_CASE("plain scalars stay plain where YAML allows it") {
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    YamlNode node;
    node.kind = YamlNode::Kind::scalar;
    node.scalar = random_text(random);
    const YamlNode back = parse_yaml(to_text(node), "f.yaml");
    CAPTURE(node.scalar);
    REQUIRE(back.is_scalar());
    REQUIRE(back.scalar == node.scalar);
  }
}

}  // namespace
}  // namespace sluice
