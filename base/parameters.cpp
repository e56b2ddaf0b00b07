// SPDX-License-Identifier: Apache-2.0
#include "base/parameters.hpp"

namespace sluice {

std::string type_name(const bool&) { return "boolean"; }
std::string type_name(const std::uint32_t&) { return "integer"; }
std::string type_name(const std::uint64_t&) { return "integer"; }
std::string type_name(const double&) { return "real"; }
std::string type_name(const std::string&) { return "text"; }
std::string type_name(const Bytes&) { return "size"; }
std::string type_name(const Hertz&) { return "frequency"; }
std::string type_name(const Seconds&) { return "time"; }
std::string type_name(const Bandwidth&) { return "bandwidth"; }
std::string type_name(const Picojoules&) { return "energy"; }
std::string type_name(const SquareMicrometres&) { return "area"; }

std::string range_text(std::string low, std::string high) {
  if (low.empty() && high.empty()) return {};
  return low + ".." + high;
}

std::string flow_text(const YamlNode& node) {
  if (node.items.empty() && node.entries.empty()) {
    std::string text = to_text(node);
    text.pop_back();  // the end of the line
    return text;
  }
  std::string text;
  for (const YamlNode& item : node.items)
    text.append(text.empty() ? "" : ", ").append(flow_text(item));
  if (node.is_sequence()) return "[" + text + "]";
  for (const YamlNode::Entry& entry : node.entries)
    text.append(text.empty() ? "" : ", ").append(entry.key + ": ").append(flow_text(entry.value));
  return "{" + text + "}";
}

}  // namespace sluice
