// SPDX-License-Identifier: Apache-2.0
// Reads a described struct (base/describe.hpp) from a YamlNode. Every mistake goes to the
// Diagnostics: unknown key with the nearest known one, wrong type or unit, out of range, missing.
#pragma once

#include <optional>
#include <string>
#include <string_view>
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
                                     Diagnostics&);

template <NamedEnum Enum>
void read_value(const YamlNode& node, Enum& value, const FieldInfo&, Diagnostics& diagnostics) {
  std::vector<std::string> words;
  for (const auto& entry : EnumNames<Enum>::table) words.emplace_back(entry.name);
  if (const auto index = read_word(node, words, diagnostics))
    value = EnumNames<Enum>::table[*index].value;
}

class FieldReader;

template <class T>
concept Described = requires(T& value, FieldReader& reader) { describe(reader, value); };

template <Described T>
void read_value(const YamlNode& node, T& value, const FieldInfo&, Diagnostics& diagnostics);
template <class T>
void read_value(const YamlNode& node, std::vector<T>& values, const FieldInfo& info,
                Diagnostics& diagnostics);
template <class T>
void read_value(const YamlNode& node, std::optional<T>& value, const FieldInfo& info,
                Diagnostics& diagnostics);

/// The visitor that reads the entries of one map. Call finish() to report keys nobody asked for.
class FieldReader {
 public:
  FieldReader(const YamlNode& map, Diagnostics& diagnostics);

  template <class T>
  void field(std::string_view key, T& value, const FieldInfo& info) {
    if (const YamlNode* node = take(key)) read_value(*node, value, info, diagnostics_);
  }
  template <class T>
  void required(std::string_view key, T& value, const FieldInfo& info) {
    if (const YamlNode* node = take_required(key, info)) read_value(*node, value, info, diagnostics_);
  }
  /// The raw node of a key that the caller reads itself (and its doc, for the schema); or nullptr.
  const YamlNode* take(std::string_view key);
  const YamlNode* take_required(std::string_view key, const FieldInfo& info);
  void finish();

 private:
  const YamlNode& map_;
  Diagnostics& diagnostics_;
  std::vector<std::string> known_;
};

template <Described T>
void read_value(const YamlNode& node, T& value, const FieldInfo&, Diagnostics& diagnostics) {
  FieldReader reader(node, diagnostics);
  describe(reader, value);
  reader.finish();
}

template <class T>
void read_value(const YamlNode& node, std::optional<T>& value, const FieldInfo& info,
                Diagnostics& diagnostics) {
  if (!value) value.emplace();
  read_value(node, *value, info, diagnostics);
}

template <class T>
void read_value(const YamlNode& node, std::vector<T>& values, const FieldInfo& info,
                Diagnostics& diagnostics) {
  if (!node.is_sequence()) {
    diagnostics.error(node.where, "a list is expected here",
                      "write one item a line, each after '- '");
    return;
  }
  values.clear();
  for (const YamlNode& item : node.items) {
    values.emplace_back();
    read_value(item, values.back(), info, diagnostics);
  }
}

}  // namespace sluice
