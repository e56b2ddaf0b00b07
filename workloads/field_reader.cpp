// SPDX-License-Identifier: Apache-2.0
#include "workloads/field_reader.hpp"

#include <fmt/format.h>

#include "workloads/network.hpp"

namespace sluice {

OperatorReader::OperatorReader(const YamlNode& item, const FormulaScope& scope, Derived derived,
                               Mistakes& mistakes)
    : item_(item), scope_(scope), derived_(std::move(derived)), mistakes_(mistakes) {}

const YamlNode* OperatorReader::take(std::string_view key) {
  known_.emplace_back(key);
  return item_.find(key);
}

void OperatorReader::fail(const Location& where, std::string message, std::string hint) {
  complete_ = false;
  mistakes_.error(where, std::move(message), std::move(hint));
}

void OperatorReader::missing(std::string_view key, const FieldInfo& info) {
  fail(item_.where, fmt::format("'{}' is missing: {}", key, info.doc));
}

void OperatorReader::derived(std::string_view key, std::uint64_t& value, const FieldInfo& info) {
  if (const YamlNode* node = take(key)) return read(key, *node, value, info);
  const auto& keys = derived_.keys;
  if (std::find(keys.begin(), keys.end(), key) != keys.end()) return;
  if (derived_.unknown) {
    complete_ = false;
    return;
  }
  fail(item_.where, fmt::format("'{}' is missing: {}", key, info.doc),
       "it can be left out only where the producing layer settles it");
}

void OperatorReader::otherwise(std::string_view key, std::uint64_t& value, std::uint64_t other,
                               const FieldInfo& info) {
  value = other;
  field(key, value, info);
}

void OperatorReader::extents(std::string_view key, std::uint64_t& height, std::uint64_t& width,
                             const FieldInfo& info, Need need) {
  const YamlNode* node = take(key);
  if (!node) {
    if (need == Need::required) missing(key, info);
    return;
  }
  if (key == "kernel" && node->is_scalar() && node->scalar == "global") {
    global_kernel_ = true;
  } else if (!node->is_sequence()) {
    read(key, *node, height, info);
    width = height;
  } else if (node->items.size() == 2) {
    read(key, node->items[0], height, info);
    read(key, node->items[1], width, info);
  } else {
    fail(node->where, fmt::format("{} has {} numbers, one or two are expected: [height, width]",
                                  key, node->items.size()));
  }
}

void OperatorReader::padding(std::string_view key, Padding padding, const FieldInfo& info) {
  const YamlNode* node = take(key);
  if (!node) return;
  if (node->is_scalar() && node->scalar == "same") {
    same_padding_ = true;
  } else if (!node->is_sequence()) {
    read(key, *node, padding.top, info);
    padding.bottom = padding.left = padding.right = padding.top;
  } else if (node->items.size() == 4) {
    read(key, node->items[0], padding.top, info);
    read(key, node->items[1], padding.bottom, info);
    read(key, node->items[2], padding.left, info);
    read(key, node->items[3], padding.right, info);
  } else {
    fail(node->where,
         fmt::format("{} has {} numbers, one or four are expected: [top, bottom, left, right]", key,
                     node->items.size()));
  }
}

void OperatorReader::read(std::string_view key, const YamlNode& node, std::uint64_t& value,
                          const FieldInfo& info) {
  const auto number = evaluate_number(node, scope_, mistakes_);
  if (!number) {
    complete_ = false;
  } else if (*number < 0 || static_cast<double>(*number) < info.min) {
    fail(node.where, fmt::format("{} is {}, but at least {} is needed", key, *number, info.min));
  } else {
    value = static_cast<std::uint64_t>(*number);
  }
}

void OperatorReader::read(std::string_view, const YamlNode& node, bool& value, const FieldInfo&) {
  const auto condition = evaluate_condition(node, scope_, mistakes_);
  if (condition) value = *condition;
  complete_ = complete_ && condition;
}

std::optional<std::size_t> OperatorReader::word(const YamlNode& node,
                                                const std::vector<std::string>& words) {
  std::string text = node.scalar;
  if (const FormulaValue* named = scope_.find(text); named && named->word()) text = *named->word();
  const auto found = std::find(words.begin(), words.end(), text);
  if (node.is_scalar() && found != words.end())
    return static_cast<std::size_t>(found - words.begin());
  fail(node.where,
       node.is_scalar() ? fmt::format("'{}' is not a kind that is known here", text)
                        : "a word is expected here",
       suggestion(text, words));
  return std::nullopt;
}

}  // namespace sluice
