// SPDX-License-Identifier: Apache-2.0
// The table of parameters of a described struct (base/describe.hpp), for `sluice list` and docs.
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/describe.hpp"
#include "base/print.hpp"
#include "base/registry.hpp"

namespace sluice {

/// What kind of value a field takes, in words: `integer`, `size`, `input | weight`, `list of text`.
std::string type_name(const bool&);
std::string type_name(const std::uint32_t&);
std::string type_name(const std::uint64_t&);
std::string type_name(const double&);
std::string type_name(const std::string&);
std::string type_name(const Bytes&);
std::string type_name(const Hertz&);
std::string type_name(const Seconds&);
std::string type_name(const Bandwidth&);
std::string type_name(const Picojoules&);
std::string type_name(const SquareMicrometres&);
template <NamedEnum Enum>
std::string type_name(const Enum&) {
  std::string words;
  for (const auto& entry : EnumNames<Enum>::table)
    words.append(words.empty() ? "" : " | ").append(entry.name);
  return words;
}
template <Described T>
std::string type_name(const T&) {
  return "map";
}
template <class T>
std::string type_name(const std::optional<T>&) {
  return type_name(T{});
}
template <class T>
std::string type_name(const std::vector<T>&) {
  return "list of " + type_name(T{});
}

/// A bound in the text form of the field's type: `1 KiB` for a size.
template <class T>
std::string bound_text(double bound, const T&);
/// `1..65536`; an end without a bound is left out; empty when there is no bound that says anything.
std::string range_text(std::string low, std::string high);
/// A node on one line, as it would be written behind its key.
std::string flow_text(const YamlNode& node);

/// The visitor that makes a row of every field; the fields of structs inside follow their row.
class ParameterTable {
 public:
  explicit ParameterTable(std::string prefix = {}) : prefix_(std::move(prefix)) {}

  template <class T>
  void field(std::string_view key, const T& value, const FieldInfo& info) {
    add(key, value, info, Described<T> ? std::string{} : flow_text(node_of(value, nullptr)));
  }
  template <class T>
  void required(std::string_view key, const T& value, const FieldInfo& info) {
    add(key, value, info, {});
  }
  std::vector<ParameterInfo> take_rows() { return std::move(rows_); }

 private:
  template <class T>
  void add(std::string_view key, const T& value, const FieldInfo& info, std::string usual) {
    const std::string name = prefix_ + std::string(key);
    rows_.push_back({name, type_name(value), std::string(info.unit), std::move(usual),
                     range_of(value, info), std::string(info.doc)});
    add_inside(name, value);
  }
  template <class T>
  void add_inside(const std::string& name, const T& value) {
    if constexpr (Described<T>) {
      T copy = value;
      ParameterTable inside(name + ".");
      describe(inside, copy);
      for (ParameterInfo& row : inside.rows_) rows_.push_back(std::move(row));
    }
  }
  template <class T>
  void add_inside(const std::string& name, const std::optional<T>& value) {
    add_inside(name, value.value_or(T{}));
  }
  template <class T>
  void add_inside(const std::string& name, const std::vector<T>&) {
    add_inside(name + "[]", T{});
  }

  template <class T>
  static std::string range_of(const T& value, const FieldInfo& info) {
    return range_text(info.min > 0 || (std::is_same_v<T, double> && info.min > lowest)
                          ? bound_text(info.min, value)
                          : "",
                      info.max < highest ? bound_text(info.max, value) : "");
  }
  template <class T>
  static std::string range_of(const std::optional<T>& value, const FieldInfo& info) {
    return range_of(value.value_or(T{}), info);
  }
  template <class T>
  static std::string range_of(const std::vector<T>&, const FieldInfo& info) {
    return range_of(T{}, info);
  }

  static constexpr double highest = std::numeric_limits<double>::infinity();
  static constexpr double lowest = -highest;
  std::string prefix_;
  std::vector<ParameterInfo> rows_;
};

template <class T>
std::string bound_text(double bound, const T& like) {
  if constexpr (std::is_same_v<T, Bytes>) {
    return to_text(Bytes{static_cast<std::uint64_t>(bound)});
  } else if constexpr (std::is_same_v<T, Bandwidth>) {
    return to_text(Bandwidth{bound, like.per});
  } else if constexpr (requires { to_text(T{bound}); }) {
    return to_text(T{bound});
  } else {
    return flow_text(node_of(bound, nullptr));
  }
}

/// The rows of T; `value` supplies the defaults.
template <Described T>
std::vector<ParameterInfo> parameters_of(T value = {}) {
  ParameterTable table;
  describe(table, value);
  return table.take_rows();
}

}  // namespace sluice
