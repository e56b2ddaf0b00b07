// SPDX-License-Identifier: Apache-2.0
// How a plain struct describes its own fields. From one `describe(visitor, value)` function come
// reading from YAML with all diagnostics, the JSON Schema, printing, and the tables in `list`.
//
//   template <class Visitor> void describe(Visitor& v, Scratchpad& s) {
//     v.required("capacity", s.capacity, {.doc = "bytes it holds", .min = 1});
//     v.field("banks", s.banks, {.doc = "banks that work at once", .min = 1, .max = 1024});
//   }
//
// Kinds of field: bool, std::uint32_t, std::uint64_t, double, std::string, the quantity types,
// enums with EnumNames, std::optional of these, structs with describe(), and std::vector of any of
// them.
#pragma once

#include <concepts>
#include <limits>
#include <string_view>
#include <type_traits>

namespace sluice {

template <class Enum>
struct EnumName {
  std::string_view name;
  Enum value;
};

/// Specialise with `static constexpr EnumName<E> table[] = {...}` to give an enum its words.
template <class Enum>
struct EnumNames;

template <class T>
concept NamedEnum = std::is_enum_v<T> && requires {
  EnumNames<T>::table;
};

/// What is said of a field beside its name and type. `min` and `max` are in the base unit (bytes,
/// hertz, seconds, ...) and inclusive.
struct FieldInfo {
  std::string_view doc = "";
  std::string_view unit = "";
  double min = 0;
  double max = std::numeric_limits<double>::infinity();
  std::string_view name = "";  ///< the key; visitors fill it in for their messages
};

/// The word of an enum value.
template <NamedEnum Enum>
constexpr std::string_view name_of(Enum value) {
  for (const auto& entry : EnumNames<Enum>::table)
    if (entry.value == value) return entry.name;
  return "?";
}

}  // namespace sluice
