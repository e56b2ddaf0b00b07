// SPDX-License-Identifier: Apache-2.0
// A tree of YamlNodes as block-style YAML text.
#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.hpp"
#include "base/yaml.hpp"

namespace sluice {
namespace {

bool is_null_word(std::string_view text) {
  return text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL";
}

// Whether YAML reads `text` without quotes as itself (YAML 1.2.2, section 7.3.3), by a rule that is
// narrower than YAML's.
bool can_be_plain(std::string_view text) {
  if (is_null_word(text) || text.front() == ' ' || text.back() == ' ' || text.back() == ':')
    return false;
  if (text == "<<" || text.starts_with("---") || text.starts_with("...")) return false;
  constexpr std::string_view indicators = "-?:,[]{}#&*!|>'\"%@`";
  const bool sign = text.size() > 1 && text.front() == '-' && text[1] != ' ' && text[1] != '-';
  if (indicators.find(text.front()) != indicators.npos && !sign) return false;
  if (text.find(": ") != text.npos || text.find(" #") != text.npos) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 && byte < 0x7F;
  });
}

std::string in_quotes(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (c == '\n') {
      result += "\\n";
    } else if (byte < 0x20 || byte == 0x7F) {
      result += fmt::format("\\x{:02X}", byte);
    } else {
      result += c;
    }
  }
  return result + '"';
}

std::string scalar_text(std::string_view text, bool quoted) {
  return quoted || !can_be_plain(text) ? in_quotes(text) : std::string(text);
}

// Whether `node` is written on the line that it begins on.
bool is_inline(const YamlNode& node) { return node.items.empty() && node.entries.empty(); }

std::string inline_text(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::null:
      return "null";
    case YamlNode::Kind::scalar:
      return scalar_text(node.scalar, node.quoted);
    case YamlNode::Kind::sequence:
      return "[]";
    case YamlNode::Kind::map:
      break;
  }
  return "{}";
}

// The longest key that YAML reads without a `?` before it (YAML 1.2.2, section 7.4.2: 1024
// characters together with its quotes).
constexpr std::size_t longest_implicit_key = 1024;

// Writes the lines of a list or map; the first goes on where `text` ends, the others are indented.
void write_block(const YamlNode& node, std::size_t indent, std::string& text) {
  bool first = true;
  const auto begin_line = [&] {
    if (!first) text += std::string(indent, ' ');
    first = false;
  };
  for (const YamlNode& item : node.items) {
    begin_line();
    text += "- ";
    if (is_inline(item)) {
      text += inline_text(item) + '\n';
    } else {
      write_block(item, indent + 2, text);
    }
  }
  for (const YamlNode::Entry& entry : node.entries) {
    begin_line();
    const std::string key = scalar_text(entry.key, false);
    const bool implicit = key.size() <= longest_implicit_key;
    text += implicit ? key + ':' : "? " + key + '\n' + std::string(indent, ' ') + ':';
    if (is_inline(entry.value)) {
      text += ' ' + inline_text(entry.value) + '\n';
    } else {
      text += '\n' + std::string(indent + 2, ' ');
      write_block(entry.value, indent + 2, text);
    }
  }
}

}  // namespace

std::string to_text(const YamlNode& node) {
  if (is_inline(node)) return inline_text(node) + '\n';
  std::string text;
  write_block(node, 0, text);
  return text;
}

}  // namespace sluice
