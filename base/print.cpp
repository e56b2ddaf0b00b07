// SPDX-License-Identifier: Apache-2.0
#include "base/print.hpp"

#include <fmt/format.h>

namespace sluice {
namespace {

YamlNode scalar(std::string text, bool quoted = false) {
  YamlNode node;
  node.kind = YamlNode::Kind::scalar;
  node.quoted = quoted;
  node.scalar = std::move(text);
  return node;
}

// Whether some reader of YAML 1.1 or 1.2 would take the text for something other than a text.
bool looks_typed(std::string_view text) {
  constexpr std::string_view first = "0123456789+-.~=";
  if (text.empty() || first.find(text.front()) != first.npos) return true;
  std::string word;
  for (const char c : text) word += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  for (const std::string_view typed : {"true", "false", "yes", "no", "on", "off", "y", "n", "null"})
    if (word == typed) return true;
  return false;
}

}  // namespace

YamlNode node_of(bool value, const YamlNode*) { return scalar(value ? "true" : "false"); }
YamlNode node_of(std::uint32_t value, const YamlNode*) { return scalar(std::to_string(value)); }
YamlNode node_of(std::uint64_t value, const YamlNode*) { return scalar(std::to_string(value)); }
YamlNode node_of(double value, const YamlNode*) { return scalar(fmt::format("{}", value)); }
YamlNode node_of(const std::string& value, const YamlNode*) {
  return scalar(value, looks_typed(value));
}
YamlNode node_of(Bytes value, const YamlNode*) { return scalar(to_text(value)); }
YamlNode node_of(Hertz value, const YamlNode*) { return scalar(to_text(value)); }
YamlNode node_of(Seconds value, const YamlNode*) { return scalar(to_text(value)); }
YamlNode node_of(Bandwidth value, const YamlNode*) { return scalar(to_text(value)); }
YamlNode node_of(Picojoules value, const YamlNode*) { return scalar(to_text(value)); }
YamlNode node_of(SquareMicrometres value, const YamlNode*) { return scalar(to_text(value)); }

}  // namespace sluice
