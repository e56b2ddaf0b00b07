// SPDX-License-Identifier: Apache-2.0
// Finding and setting values in a tree of YamlNodes.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/utf8.hpp"
#include "base/yaml.hpp"

namespace sluice {
namespace {

// `--set path=text`, with a caret under byte `at`.
[[noreturn]] void fail(const std::string& setting, std::size_t at, std::string message,
                       std::string hint = {}) {
  Location where{.path = "--set", .line_text = setting};
  where.column = static_cast<std::uint32_t>(utf8_count(setting.substr(0, at)) + 1);
  throw SpecError({{std::move(where), std::move(message), std::move(hint)}});
}

struct Step {
  std::string_view key;
  std::size_t at = 0;  ///< offset in the path
};

std::vector<Step> steps_of(std::string_view path, const std::string& setting) {
  std::vector<Step> steps;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t dot = std::min(path.find('.', at), path.size());
    steps.push_back({path.substr(at, dot - at), at});
    if (steps.back().key.empty())
      fail(setting, at,
           path.empty() ? "the name of what to set is missing" : "the path has an empty part here",
           "write it like architecture.array.rows=32");
    at = dot + 1;
  }
  return steps;
}

void move_to(YamlNode& node, const Location& where) {
  node.where = where;
  for (YamlNode& item : node.items) move_to(item, where);
  for (YamlNode::Entry& entry : node.entries) {
    entry.key_where = where;
    move_to(entry.value, where);
  }
}

// The item that `step` names of a list called `name`.
YamlNode& item_at(YamlNode& list, const Step& step, std::string_view name,
                  const std::string& setting) {
  std::size_t index = 0;
  const char* end = step.key.data() + step.key.size();
  const auto result = std::from_chars(step.key.data(), end, index);
  if (result.ec == std::errc::invalid_argument || result.ptr != end)
    fail(setting, step.at,
         fmt::format("{} is a list, and {} is no index", quote(name), quote(step.key)),
         "items are numbered from 0");
  if (result.ec != std::errc{} || index >= list.items.size())
    fail(setting, step.at,
         list.items.empty()
             ? fmt::format("{} is an empty list, it has no item {}", quote(name), step.key)
             : fmt::format("{} has no item {}: its {} items are numbered 0 to {}", quote(name),
                           step.key, list.items.size(), list.items.size() - 1));
  return list.items[index];
}

YamlNode& value_at(YamlNode& map, const Step& step, const Location& where) {
  const std::string key(step.key);
  if (YamlNode* found = map.find(key)) return *found;
  Location key_where = where;
  key_where.column = static_cast<std::uint32_t>(utf8_count(where.line_text.substr(0, step.at)) + 1);
  map.entries.push_back({key, std::move(key_where), {}});
  map.entries.back().value.where = where;
  return map.entries.back().value;
}

// Mistakes are found before anything is changed: behind the first key that is new, all are new.
void set_steps(YamlNode& root, std::string_view path, const std::string& setting, YamlNode value) {
  YamlNode* node = &root;
  for (const Step& step : steps_of(path, setting)) {
    const std::string_view name = step.at == 0 ? "the file" : path.substr(0, step.at - 1);
    if (node->is_scalar())
      fail(setting, step.at,
           fmt::format("{} is the value {}, it has nothing named {}", quote(name),
                       quote(node->scalar), quote(step.key)));
    if (node->is_sequence()) {
      node = &item_at(*node, step, name, setting);
      continue;
    }
    if (node->is_null()) node->kind = YamlNode::Kind::map;
    node = &value_at(*node, step, value.where);
  }
  *node = std::move(value);
}

// The value that `text` writes, placed behind the '=' of the setting.
YamlNode parse_value(std::string_view text, std::size_t at, const std::string& setting) {
  if (text.find_first_not_of(" \t\r\n") == text.npos)
    fail(setting, at, "the value is missing", "write null to leave it empty");
  try {
    return parse_yaml(text, "--set");
  } catch (const SpecError& error) {
    const Diagnostic& first = error.diagnostics().front();
    const std::size_t inside = first.where.line == 1 ? first.where.column - 1 : 0;
    fail(setting, at + inside, first.message, first.hint);
  }
}

}  // namespace

const YamlNode* YamlNode::find(std::string_view key) const {
  for (const Entry& entry : entries)
    if (entry.key == key) return &entry.value;
  return nullptr;
}

YamlNode* YamlNode::find(std::string_view key) {
  return const_cast<YamlNode*>(std::as_const(*this).find(key));
}

void set_path(YamlNode& root, std::string_view dotted_path, std::string_view text) {
  const std::string setting = fmt::format("{}={}", dotted_path, text);
  const std::size_t value_begin = dotted_path.size() + 1;
  YamlNode value = parse_value(text, value_begin, setting);
  Location where{.path = "--set", .line_text = setting};
  where.column = static_cast<std::uint32_t>(utf8_count(setting.substr(0, value_begin)) + 1);
  move_to(value, where);
  set_steps(root, dotted_path, setting, std::move(value));
}

Location place_in(const YamlNode& node, std::size_t offset) {
  Location where = node.where;
  const std::size_t start = where.column - (where.column > 0 ? 1 : 0) + (node.quoted ? 1 : 0);
  if (where.line_text.size() < start) return where;
  if (where.line_text.compare(start, node.scalar.size(), node.scalar) == 0)
    where.column = static_cast<std::uint32_t>(start + offset + 1);
  return where;
}

bool same_content(const YamlNode& a, const YamlNode& b) {
  const auto same_entry = [](const YamlNode::Entry& x, const YamlNode::Entry& y) {
    return x.key == y.key && same_content(x.value, y.value);
  };
  return a.kind == b.kind && a.quoted == b.quoted && a.scalar == b.scalar &&
         std::equal(a.items.begin(), a.items.end(), b.items.begin(), b.items.end(), same_content) &&
         std::equal(a.entries.begin(), a.entries.end(), b.entries.begin(), b.entries.end(),
                    same_entry);
}

}  // namespace sluice
