// SPDX-License-Identifier: Apache-2.0
// Text to quantity. Decimal prefixes move the decimal point of the text, and binary prefixes scale
// by a power of two: so the result is the double nearest to what was written.
#include "base/quantity.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/checked.hpp"
#include "base/diagnostics.hpp"
#include "base/quantity_units.hpp"

namespace sluice {
namespace {

// A number as written: `digits` is the mantissa with its point, `exponent` what follows an e.
struct Number {
  std::string_view digits;
  int exponent = 0;
};
struct Split {
  Number number;
  std::string_view unit;
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string example_hint(const UnitSystem& system) {
  return fmt::format("write {} like {}", system.quantity, system.example);
}

std::size_t skip_digits(std::string_view text, std::size_t from) {
  while (from < text.size() && is_digit(text[from])) ++from;
  return from;
}

// What is wrong with a text that does not begin with digits.
QuantityError no_number(std::string_view text, const UnitSystem& system) {
  const std::string shown = quote(text);
  if (text.empty())
    return {fmt::format("{} is expected, the text is empty", system.quantity),
            example_hint(system)};
  if (text.front() == '-' && text.size() > 1 && (is_digit(text[1]) || text[1] == '.'))
    return {fmt::format("{} is negative", shown),
            fmt::format("{} is zero or more", system.quantity)};
  if (text.front() == '+' && text.size() > 1 && is_digit(text[1]))
    return {fmt::format("{} begins with a sign", shown), "leave out the '+'"};
  if (text.front() == '.' && text.size() > 1 && is_digit(text[1]))
    return {fmt::format("{} has no digit before the point", shown), fmt::format("write 0{}", text)};
  return {fmt::format("{} is not {}: it does not begin with a number", shown, system.quantity),
          example_hint(system)};
}

// The exponent that begins at `at` with an 'e', and where it ends; `at` when there is none, so
// that the E of `1 EB` stays with the unit.
std::size_t read_exponent(std::string_view text, std::size_t at, int& exponent) {
  if (at >= text.size() || (text[at] != 'e' && text[at] != 'E')) return at;
  std::size_t first = at + 1;
  const bool negative = first < text.size() && text[first] == '-';
  if (first < text.size() && (text[first] == '+' || text[first] == '-')) ++first;
  const std::size_t end = skip_digits(text, first);
  if (end == first) return at;
  int magnitude = 0;
  const auto result = std::from_chars(text.data() + first, text.data() + end, magnitude);
  constexpr int beyond = 100000;  // any double has overflowed or vanished long before
  if (result.ec != std::errc{} || magnitude > beyond) magnitude = beyond;
  exponent = negative ? -magnitude : magnitude;
  return end;
}

Parsed<Split> split(std::string_view raw, const UnitSystem& system) {
  const std::string_view text = trimmed(raw);
  std::size_t end = skip_digits(text, 0);
  if (end == 0) return no_number(text, system);
  if (text.size() > 1 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
    return QuantityError{fmt::format("{} is hexadecimal", quote(text)), "write it in decimal"};
  if (end < text.size() && text[end] == '.') {
    const std::size_t fraction = skip_digits(text, end + 1);
    if (fraction == end + 1)
      return QuantityError{fmt::format("{} has no digit after the point", quote(text)),
                           example_hint(system)};
    end = fraction;
  }
  Split result;
  result.number.digits = text.substr(0, end);
  end = read_exponent(text, end, result.number.exponent);
  result.unit = trimmed(text.substr(end));
  if (!result.unit.empty() && (result.unit[0] == '_' || result.unit[0] == ','))
    return QuantityError{fmt::format("{} has a '{}' among its digits", quote(text), result.unit[0]),
                         "write the digits without separators"};
  return result;
}

// Spellings that mean the same: `µ` (U+00B5, U+03BC) for u, `²` and `^2` for 2.
std::string plain_spelling(std::string_view unit) {
  static constexpr std::pair<std::string_view, char> spellings[] = {
      {"\xC2\xB5", 'u'}, {"\xCE\xBC", 'u'}, {"\xC2\xB2", '2'}, {"^2", '2'}};
  std::string text;
  while (!unit.empty()) {
    std::size_t taken = 1;
    char letter = unit.front();
    for (const auto& [written, plain] : spellings)
      if (unit.starts_with(written)) taken = written.size(), letter = plain;
    text += letter;
    unit.remove_prefix(taken);
  }
  return text;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_but_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (lower(a[i]) != lower(b[i])) return false;
  return true;
}

// Whether case tells what `written` means: m and M, p and P are different prefixes, and b is a bit.
bool case_matters(std::string_view written, std::string_view known) {
  for (std::size_t i = 0; i < written.size(); ++i) {
    if (written[i] == known[i]) continue;
    const char c = lower(known[i]);
    if (c == 'b' || (i == 0 && written.size() > 1 && (c == 'm' || c == 'p'))) return true;
  }
  return false;
}

std::vector<std::string> names_of(const UnitSystem& system, std::string_view suffix) {
  std::vector<std::string> names;
  for (const Unit& unit : system.units) names.push_back(fmt::format("{}{}", unit.name, suffix));
  return names;
}

// A word that people write for a unit although it is none of its symbols, and what it means.
struct Colloquial {
  std::string_view written;
  std::string_view unit;
  std::string_view other = "";  ///< what it may mean as well
};
constexpr Colloquial colloquial[] = {
    {"byte", "B"},      {"bytes", "B"},     {"k", "KiB", "kB"}, {"m", "MiB", "MB"},
    {"g", "GiB", "GB"}, {"t", "TiB", "TB"}, {"sec", "s"},       {"second", "s"},
    {"seconds", "s"},   {"hertz", "Hz"},    {"joule", "J"},     {"joules", "J"},
};

// The hint for a colloquial word, or "".
std::string colloquial_hint(std::string_view word, std::string_view suffix,
                            const UnitSystem& system) {
  for (const Colloquial& entry : colloquial) {
    if (!same_but_case(word, entry.written)) continue;
    for (const Unit& unit : system.units) {
      if (unit.name != entry.unit) continue;
      if (entry.other.empty()) return fmt::format("did you mean '{}{}'?", entry.unit, suffix);
      return fmt::format("did you mean '{}{}' or '{}{}'?", entry.unit, suffix, entry.other, suffix);
    }
  }
  return {};
}

QuantityError unknown_unit(std::string_view unit, std::string_view suffix,
                           const UnitSystem& system) {
  const std::string message =
      fmt::format("{} is not a unit of {}", quote(fmt::format("{}{}", unit, suffix)),
                  system.quantity.substr(system.quantity.find(' ') + 1));
  for (const Unit& known : system.units) {
    if (!same_but_case(unit, known.name)) continue;
    const bool bits = system.units.data() == byte_units && unit.back() == 'b';
    return {message, fmt::format("did you mean '{}{}'? {}", known.name, suffix,
                                 bits ? "a small 'b' stands for bits"
                                      : "capital and small letters differ here")};
  }
  if (std::string hint = colloquial_hint(unit, suffix, system); !hint.empty())
    return {message, std::move(hint)};
  return {message, suggestion(fmt::format("{}{}", unit, suffix), names_of(system, suffix))};
}

Parsed<Unit> find_unit(std::string_view written, std::string_view suffix,
                       const UnitSystem& system) {
  const std::string unit = plain_spelling(written);
  for (const Unit& known : system.units)
    if (unit == known.name) return known;
  for (const Unit& known : system.units)
    if (same_but_case(unit, known.name) && !case_matters(unit, known.name)) return known;
  return unknown_unit(unit, suffix, system);
}

bool is_zero(std::string_view digits) { return digits.find_first_not_of("0.") == digits.npos; }

// digits * 10^(exponent + unit.ten) * 2^unit.two, correctly rounded.
Parsed<double> scale(const Number& number, const Unit& unit, std::string_view text) {
  if (is_zero(number.digits)) return 0.0;
  const std::string decimal = fmt::format("{}e{}", number.digits, number.exponent + unit.ten);
  double value = 0;
  const auto result = std::from_chars(decimal.data(), decimal.data() + decimal.size(), value);
  if (result.ec == std::errc{}) value = std::ldexp(value, unit.two);
  if (result.ec == std::errc{} && std::isfinite(value) && value > 0) return value;
  // Out of range. The sign of the decimal exponent of the leading digit says on which side.
  const std::size_t point = std::min(number.digits.find('.'), number.digits.size());
  const auto leading = static_cast<int>(number.digits.find_first_not_of("0."));
  const int magnitude = static_cast<int>(point) - leading + number.exponent + unit.ten;
  return QuantityError{fmt::format("{} is too {}", quote(text), magnitude > 0 ? "large" : "small"),
                       {}};
}

Parsed<double> parse_real(std::string_view text, const UnitSystem& system) {
  const auto parts = split(text, system);
  if (const auto* error = std::get_if<QuantityError>(&parts)) return *error;
  const auto& [number, written] = std::get<Split>(parts);
  if (written.empty()) {
    if (is_zero(number.digits)) return 0.0;
    return QuantityError{fmt::format("{} has no unit", quote(trimmed(text))), example_hint(system)};
  }
  const auto unit = find_unit(written, "", system);
  if (const auto* error = std::get_if<QuantityError>(&unit)) return *error;
  return scale(number, std::get<Unit>(unit), trimmed(text));
}

template <class T>
Parsed<T> typed(const Parsed<double>& value) {
  if (const auto* error = std::get_if<QuantityError>(&value)) return *error;
  return T{std::get<double>(value)};
}

enum class Whole : std::uint8_t { yes, no, too_large };

// The number without trailing zeros as digits * 10^exponent; nothing when the digits exceed 64
// bits.
struct Decimal {
  std::uint64_t digits = 0;
  int exponent = 0;
};
std::optional<Decimal> exact(const Number& number) {
  Decimal result{0, number.exponent};
  int zeros = 0;  // held back: trailing zeros cost no digits
  bool fraction = false;
  for (const char c : number.digits) {
    if (c == '.') {
      fraction = true;
      continue;
    }
    if (fraction) --result.exponent;
    ++zeros;
    if (c == '0') continue;
    for (; zeros > 0; --zeros) {
      const auto ten = multiply(result.digits, 10);
      if (!ten) return std::nullopt;
      result.digits = *ten;
    }
    const auto sum = add(result.digits, static_cast<std::uint64_t>(c - '0'));
    if (!sum) return std::nullopt;
    result.digits = *sum;
  }
  result.exponent += zeros;
  return result;
}

// digits * 10^exponent * 2^two as an integer. Cancels the tens of a negative exponent first, so
// that nothing overflows that need not.
Whole to_integer(Decimal number, int two, std::uint64_t& result) {
  result = number.digits;
  if (result == 0) return Whole::yes;
  std::uint64_t twos = std::uint64_t{1} << two;
  for (; number.exponent < 0; ++number.exponent) {
    if (result % 5 != 0) return Whole::no;
    result /= 5;
    if (twos > 1) {
      twos /= 2;
    } else if (result % 2 == 0) {
      result /= 2;
    } else {
      return Whole::no;
    }
  }
  for (; number.exponent > 0; --number.exponent) {
    const auto ten = multiply(result, 10);
    if (!ten) return Whole::too_large;
    result = *ten;
  }
  const auto product = multiply(result, twos);
  if (!product) return Whole::too_large;
  result = *product;
  return Whole::yes;
}

}  // namespace

Parsed<Bytes> parse_bytes(std::string_view text) {
  const auto parts = split(text, byte_system);
  if (const auto* error = std::get_if<QuantityError>(&parts)) return *error;
  const auto& [number, written] = std::get<Split>(parts);
  const std::string shown = quote(trimmed(text));
  if (written.empty()) {
    if (is_zero(number.digits)) return Bytes{0};
    return QuantityError{fmt::format("{} has no unit", shown), example_hint(byte_system)};
  }
  const auto unit = find_unit(written, "", byte_system);
  if (const auto* error = std::get_if<QuantityError>(&unit)) return *error;
  auto decimal = exact(number);
  if (!decimal)
    return QuantityError{fmt::format("{} has more digits than 64 bits hold", shown), {}};
  decimal->exponent += std::get<Unit>(unit).ten;
  std::uint64_t bytes = 0;
  switch (to_integer(*decimal, std::get<Unit>(unit).two, bytes)) {
    case Whole::yes:
      return Bytes{bytes};
    case Whole::no:
      return QuantityError{fmt::format("{} is not a whole number of bytes", shown), {}};
    case Whole::too_large:
      break;
  }
  return QuantityError{fmt::format("{} is too large", shown), "the most is 16 EiB less one byte"};
}

Parsed<Hertz> parse_hertz(std::string_view text) {
  return typed<Hertz>(parse_real(text, hertz_system));
}
Parsed<Seconds> parse_seconds(std::string_view text) {
  return typed<Seconds>(parse_real(text, second_system));
}
Parsed<Picojoules> parse_picojoules(std::string_view text) {
  return typed<Picojoules>(parse_real(text, picojoule_system));
}
Parsed<SquareMicrometres> parse_area(std::string_view text) {
  return typed<SquareMicrometres>(parse_real(text, area_system));
}

Parsed<Bandwidth> parse_bandwidth(std::string_view text) {
  const auto parts = split(text, bandwidth_system);
  if (const auto* error = std::get_if<QuantityError>(&parts)) return *error;
  const auto& [number, written] = std::get<Split>(parts);
  const std::string shown = quote(trimmed(text));
  if (written.empty() && is_zero(number.digits)) return Bandwidth{};
  const std::string hint = "write a bandwidth like 1.2 TB/s or 64 B/cycle";
  if (written.empty()) return QuantityError{fmt::format("{} has no unit", shown), hint};
  const std::size_t slash = written.find('/');
  if (slash == written.npos)
    return QuantityError{fmt::format("{} does not say per what", shown), hint};
  const std::string_view per = trimmed(written.substr(slash + 1));
  if (per != "s" && per != "cycle")
    return QuantityError{fmt::format("{} is not what a bandwidth is per", quote(per)),
                         "per second is '/s', per cycle of the clock '/cycle'"};
  const auto suffix = fmt::format("/{}", per);
  const auto unit = find_unit(trimmed(written.substr(0, slash)), suffix, bandwidth_system);
  if (const auto* error = std::get_if<QuantityError>(&unit)) return *error;
  const auto value = scale(number, std::get<Unit>(unit), trimmed(text));
  if (const auto* error = std::get_if<QuantityError>(&value)) return *error;
  return Bandwidth{std::get<double>(value),
                   per == "s" ? Bandwidth::Per::second : Bandwidth::Per::cycle};
}

}  // namespace sluice
