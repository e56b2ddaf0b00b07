// SPDX-License-Identifier: Apache-2.0
// Quantities as types, so that a cycle is never added to a byte, and their text forms
// (`16 MiB`, `940 MHz`, `1.2 TB/s`, `64 B/cycle`).
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace sluice {

/// A count or measure of one dimension. Quantities of one dimension add, subtract and compare;
/// they scale by plain numbers; nothing converts silently.
template <class Dimension, class Rep>
struct Quantity {
  Rep value{};

  constexpr auto operator<=>(const Quantity&) const = default;
  constexpr Quantity& operator+=(Quantity other) { return value += other.value, *this; }
  constexpr Quantity& operator-=(Quantity other) { return value -= other.value, *this; }
  friend constexpr Quantity operator+(Quantity a, Quantity b) { return {a.value + b.value}; }
  friend constexpr Quantity operator-(Quantity a, Quantity b) { return {a.value - b.value}; }
  friend constexpr Quantity operator*(Quantity a, Rep factor) { return {a.value * factor}; }
  friend constexpr Quantity operator*(Rep factor, Quantity a) { return {a.value * factor}; }
};

using Cycles = Quantity<struct CyclesDimension, std::uint64_t>;
using Bytes = Quantity<struct BytesDimension, std::uint64_t>;
using Bits = Quantity<struct BitsDimension, std::uint64_t>;
using Hertz = Quantity<struct HertzDimension, double>;
using Seconds = Quantity<struct SecondsDimension, double>;
using Picojoules = Quantity<struct PicojoulesDimension, double>;
using SquareMicrometres = Quantity<struct SquareMicrometresDimension, double>;

/// A transfer rate as the user gave it: bytes a second, or bytes a cycle of the machine's clock.
struct Bandwidth {
  enum class Per : std::uint8_t { second, cycle };
  double bytes = 0;  ///< >= 0; 0 means unlimited where a description allows it
  Per per = Per::second;
  bool operator==(const Bandwidth&) const = default;
};

/// Seconds taken by `cycles` of `clock`.
constexpr Seconds to_seconds(Cycles cycles, Hertz clock) {
  return {static_cast<double>(cycles.value) / clock.value};
}

/// Bytes moved in one cycle of `clock` at `bandwidth`.
constexpr double bytes_per_cycle(Bandwidth bandwidth, Hertz clock) {
  return bandwidth.per == Bandwidth::Per::cycle ? bandwidth.bytes : bandwidth.bytes / clock.value;
}

/// Why a text is not a quantity: a sentence for the user, and a hint that may be empty.
struct QuantityError {
  std::string message;
  std::string hint;
};

template <class T>
using Parsed = std::variant<T, QuantityError>;

/// Text to quantity. Units are required (a bare `0` excepted); SI prefixes are decimal (kB, MB),
/// IEC prefixes binary (KiB, MiB). Integral quantities must come out whole.
/// Errors: no unit, unknown unit (with the nearest known one), negative, too large, not a number.
Parsed<Bytes> parse_bytes(std::string_view text);
Parsed<Hertz> parse_hertz(std::string_view text);
Parsed<Seconds> parse_seconds(std::string_view text);
Parsed<Bandwidth> parse_bandwidth(std::string_view text);
Parsed<Picojoules> parse_picojoules(std::string_view text);
Parsed<SquareMicrometres> parse_area(std::string_view text);

/// Quantity to the shortest text that parses back to the same value.
std::string to_text(Bytes bytes);
std::string to_text(Hertz clock);
std::string to_text(Seconds time);
std::string to_text(Bandwidth bandwidth);
std::string to_text(Picojoules energy);
std::string to_text(SquareMicrometres area);

}  // namespace sluice
