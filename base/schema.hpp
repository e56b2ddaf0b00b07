// SPDX-License-Identifier: Apache-2.0
// The JSON Schema (draft 2020-12) of a described struct (base/describe.hpp), so that editors check
// and complete what users write. It asks for canonical spellings; the reader (base/read.hpp) also
// takes others, and checks more.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/describe.hpp"
#include "base/print.hpp"

namespace sluice {

/// The schema of one value, as JSON text.
std::string schema_of(const bool&, const FieldInfo&);
std::string schema_of(const std::uint32_t&, const FieldInfo&);
std::string schema_of(const std::uint64_t&, const FieldInfo&);
std::string schema_of(const double&, const FieldInfo&);
std::string schema_of(const std::string&, const FieldInfo&);
std::string schema_of(const Bytes&, const FieldInfo&);
std::string schema_of(const Hertz&, const FieldInfo&);
std::string schema_of(const Seconds&, const FieldInfo&);
std::string schema_of(const Bandwidth&, const FieldInfo&);
std::string schema_of(const Picojoules&, const FieldInfo&);
std::string schema_of(const SquareMicrometres&, const FieldInfo&);
std::string words_schema(const std::vector<std::string>& words);
std::string list_schema(const std::string& items);
std::string optional_schema(const std::string& value);

template <NamedEnum Enum>
std::string schema_of(const Enum&, const FieldInfo&) {
  std::vector<std::string> words;
  for (const auto& entry : EnumNames<Enum>::table) words.emplace_back(entry.name);
  return words_schema(words);
}
template <Described T>
std::string schema_of(const T& value, const FieldInfo& info);
template <class T>
std::string schema_of(const std::optional<T>& value, const FieldInfo& info) {
  return optional_schema(schema_of(value.value_or(T{}), info));
}
template <class T>
std::string schema_of(const std::vector<T>&, const FieldInfo& info) {
  return list_schema(schema_of(T{}, info));
}

/// Numbers, truth values and lists of them are JSON as YAML writes them; all else is a text.
template <class T>
struct IsJsonNumber : std::bool_constant<std::is_arithmetic_v<T>> {};
template <class T>
struct IsJsonNumber<std::vector<T>> : IsJsonNumber<T> {};
template <class T>
struct IsJsonNumber<std::optional<T>> : IsJsonNumber<T> {};

/// The visitor that collects the properties of one object.
class FieldSchema {
 public:
  template <class T>
  void field(std::string_view key, const T& value, const FieldInfo& info) {
    add(key, schema_of(value, info), info);
    if constexpr (!Described<T>) add_default(key, node_of(value, nullptr), IsJsonNumber<T>::value);
  }
  template <class T>
  void required(std::string_view key, const T& value, const FieldInfo& info) {
    add(key, schema_of(value, info), info);
    required_.emplace_back(key);
  }
  /// A property whose schema the caller writes, as JSON text.
  void add(std::string_view key, const std::string& schema, const FieldInfo& info);
  std::string json() const;

 private:
  void add_default(std::string_view key, const YamlNode& value, bool number);

  struct Property {
    std::string key;
    std::string schema;
    std::string description;
    std::string default_value;  ///< JSON; empty: none
  };
  std::vector<Property> properties_;
  std::vector<std::string> required_;
};

template <Described T>
std::string schema_of(const T& value, const FieldInfo&) {
  T copy = value;
  FieldSchema schema;
  describe(schema, copy);
  return schema.json();
}

/// A whole schema document from the schema of its root, indented.
std::string schema_document(std::string_view title, const std::string& root);

/// The schema document of T; `value` supplies the defaults.
template <Described T>
std::string json_schema(std::string_view title, const T& value = {}) {
  return schema_document(title, schema_of(value, {}));
}

}  // namespace sluice
