// SPDX-License-Identifier: Apache-2.0
// Reads a described struct (base/describe.hpp) from a YamlNode. Every mistake goes to the
// Diagnostics: unknown key with the nearest known one, wrong type or unit, out of range, missing.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/describe.hpp"
#include "base/diagnostics.hpp"
#include "base/quantity.hpp"
#include "base/yaml.hpp"

namespace sluice {

// Scalars: each reports at `node` and leaves `value` as it was when the text does not do.
void read_value(const YamlNode& node, bool& value, const FieldInfo&, Diagnostics&);
void read_value(const YamlNode& node, std::uint32_t& value, const FieldInfo&, Diagnostics&);
void read_value(const YamlNode& node, std::uint64_t& value, const FieldInfo&, Diagnostics&);
void read_value(const YamlNode& node, double& value, const FieldInfo&, Diagnostics&);
void read_value(const YamlNode& node, std::string& value, const FieldInfo&, Diagnostics&);
void read_value(const YamlNode& node, Bytes& value, const FieldInfo&, Diagnostics&);
void read_value(const YamlNode& node, Hertz& value, const FieldInfo&, Diagnostics&);
void read_value(const YamlNode& node, Seconds& value, const FieldInfo&, Diagnostics&);
void read_value(const YamlNode& node, Bandwidth& value, const FieldInfo&, Diagnostics&);
void read_value(const YamlNode& node, Picojoules& value, const FieldInfo&, Diagnostics&);
void read_value(const YamlNode& node, SquareMicrometres& value, const FieldInfo&, Diagnostics&);

/// Index into `words` of the scalar at `node`, or nothing with a diagnostic that names the nearest.
std::optional<std::size_t> read_word(const YamlNode& node, const std::vector<std::string>& words,
                                     Diagnostics&, std::string_view name = "");

template <NamedEnum Enum>
void read_value(const YamlNode& node, Enum& value, const FieldInfo& info,
                Diagnostics& diagnostics) {
  std::vector<std::string> words;
  for (const auto& entry : EnumNames<Enum>::table) words.emplace_back(entry.name);
  if (const auto index = read_word(node, words, diagnostics, info.name))
    value = EnumNames<Enum>::table[*index].value;
}

/// Reports at `node` that a list is expected.
void report_no_list(const YamlNode& node, const FieldInfo& info, Diagnostics&);

class FieldReader;

template <class T>
concept Described = requires(T& value, FieldReader& reader) {
  describe(reader, value);
};

template <Described T>
void read_value(const YamlNode& node, T& value, const FieldInfo& info, Diagnostics& diagnostics);
template <class T>
void read_value(const YamlNode& node, std::vector<T>& values, const FieldInfo& info,
                Diagnostics& diagnostics);
template <class T>
void read_value(const YamlNode& node, std::optional<T>& value, const FieldInfo& info,
                Diagnostics& diagnostics);

/// The visitor that reads the entries of one map. Call finish() to report keys nobody asked for.
class FieldReader {
 public:
  /// Reports a node that is neither a map nor empty; `name` is the key it stands under, if any.
  FieldReader(const YamlNode& map, Diagnostics& diagnostics, std::string_view name = "");

  template <class T>
  void field(std::string_view key, T& value, const FieldInfo& info) {
    if (const YamlNode* node = take(key)) read_value(*node, value, named(info, key), diagnostics_);
  }
  template <class T>
  void required(std::string_view key, T& value, const FieldInfo& info) {
    if (const YamlNode* node = take_required(key, info))
      read_value(*node, value, named(info, key), diagnostics_);
  }
  /// The node of a key that the caller reads itself (and its doc, for the schema); or nullptr.
  const YamlNode* take(std::string_view key);
  const YamlNode* take_required(std::string_view key, const FieldInfo& info);
  void finish();

 private:
  static FieldInfo named(FieldInfo info, std::string_view key) { return info.name = key, info; }

  const YamlNode& map_;
  Diagnostics& diagnostics_;
  std::vector<std::string> known_;
};

template <Described T>
void read_value(const YamlNode& node, T& value, const FieldInfo& info, Diagnostics& diagnostics) {
  FieldReader reader(node, diagnostics, info.name);
  describe(reader, value);
  reader.finish();
}

template <class T>
void read_value(const YamlNode& node, std::optional<T>& value, const FieldInfo& info,
                Diagnostics& diagnostics) {
  if (node.is_null()) return value.reset();
  T read = value.value_or(T{});
  const std::size_t before = diagnostics.size();
  read_value(node, read, info, diagnostics);
  if (diagnostics.size() == before) value = std::move(read);
}

template <class T>
void read_value(const YamlNode& node, std::vector<T>& values, const FieldInfo& info,
                Diagnostics& diagnostics) {
  if (!node.is_sequence()) {
    report_no_list(node, info, diagnostics);
    return;
  }
  values.clear();
  for (const YamlNode& item : node.items) {
    T value{};
    read_value(item, value, info, diagnostics);
    values.push_back(std::move(value));
  }
}

}  // namespace sluice
