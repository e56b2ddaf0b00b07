// SPDX-License-Identifier: Apache-2.0
// Writes a described struct (base/describe.hpp) as YAML that base/read.hpp reads back to an equal
// one. Text comes from to_text(YamlNode).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/describe.hpp"
#include "base/quantity.hpp"
#include "base/read.hpp"
#include "base/yaml.hpp"

namespace sluice {

struct PrintOptions {
  bool omit_defaults = false;  ///< leave out fields that equal their default and may be left out
};

// One value as a node; `defaults` is the node of the default value, or nullptr to print all.
YamlNode node_of(bool value, const YamlNode* defaults);
YamlNode node_of(std::uint32_t value, const YamlNode* defaults);
YamlNode node_of(std::uint64_t value, const YamlNode* defaults);
YamlNode node_of(double value, const YamlNode* defaults);
YamlNode node_of(const std::string& value, const YamlNode* defaults);
YamlNode node_of(Bytes value, const YamlNode* defaults);
YamlNode node_of(Hertz value, const YamlNode* defaults);
YamlNode node_of(Seconds value, const YamlNode* defaults);
YamlNode node_of(Bandwidth value, const YamlNode* defaults);
YamlNode node_of(Picojoules value, const YamlNode* defaults);
YamlNode node_of(SquareMicrometres value, const YamlNode* defaults);

template <NamedEnum Enum>
YamlNode node_of(Enum value, const YamlNode* defaults) {
  return node_of(std::string(name_of(value)), defaults);
}
template <Described T>
YamlNode node_of(const T& value, const YamlNode* defaults);
template <class T>
YamlNode node_of(const std::optional<T>& value, const YamlNode* defaults);
template <class T>
YamlNode node_of(const std::vector<T>& values, const YamlNode* defaults);

/// The visitor that writes the entries of one map.
class FieldPrinter {
 public:
  explicit FieldPrinter(const YamlNode* defaults) : defaults_(defaults) {
    map_.kind = YamlNode::Kind::map;
  }

  template <class T>
  void field(std::string_view key, const T& value, const FieldInfo&) {
    const YamlNode* usual = default_of(key);
    if (usual != nullptr && same_content(node_of(value, nullptr), *usual)) return;
    add(key, node_of(value, usual));
  }
  template <class T>
  void required(std::string_view key, const T& value, const FieldInfo&) {
    add(key, node_of(value, default_of(key)));
  }
  YamlNode take_map() { return std::move(map_); }

 private:
  const YamlNode* default_of(std::string_view key) const {
    return defaults_ == nullptr ? nullptr : defaults_->find(key);
  }
  void add(std::string_view key, YamlNode node) {
    map_.entries.push_back({std::string(key), {}, std::move(node)});
  }

  const YamlNode* defaults_;
  YamlNode map_;
};

template <Described T>
YamlNode node_of(const T& value, const YamlNode* defaults) {
  T copy = value;  // describe() wants a value that may be written to
  FieldPrinter printer(defaults);
  describe(printer, copy);
  return printer.take_map();
}

/// The node of T{} when T is a struct and defaults are to be left out, for values that are read
/// onto a fresh T: the items of lists, and options.
template <class T>
std::optional<YamlNode> fresh_defaults(const YamlNode* defaults) {
  if constexpr (Described<T>)
    if (defaults != nullptr) return node_of(T{}, nullptr);
  return std::nullopt;
}

template <class T>
YamlNode node_of(const std::optional<T>& value, const YamlNode* defaults) {
  if (!value) return {};
  if (defaults != nullptr && !defaults->is_null()) return node_of(*value, defaults);
  const auto fresh = fresh_defaults<T>(defaults);
  return node_of(*value, fresh ? &*fresh : nullptr);
}

template <class T>
YamlNode node_of(const std::vector<T>& values, const YamlNode* defaults) {
  const auto fresh = fresh_defaults<T>(defaults);
  YamlNode list;
  list.kind = YamlNode::Kind::sequence;
  for (const T& value : values) list.items.push_back(node_of(value, fresh ? &*fresh : nullptr));
  return list;
}

/// `value` as a tree: read_value() of it onto a T{} gives a value equal to `value`.
template <class T>
YamlNode to_yaml(const T& value, PrintOptions options = {}) {
  if (!options.omit_defaults) return node_of(value, nullptr);
  const YamlNode defaults = node_of(T{}, nullptr);
  return node_of(value, &defaults);
}

}  // namespace sluice
