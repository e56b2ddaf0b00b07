// SPDX-License-Identifier: Apache-2.0
#include "sim/report/human.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace sluice {
namespace {

constexpr int smallest = -5;  // index of `f` relative to no prefix
constexpr std::array<std::string_view, 12> prefixes = {"f", "p", "n", "u", "m", "",
                                                       "k", "M", "G", "T", "P", "E"};

// Digits after the point that leave three significant ones.
int decimals(double value) { return value < 9.995 ? 2 : value < 99.95 ? 1 : 0; }

/// `number` / 10^decimals, whose digits it has.
std::string with_point(std::uint64_t number, int decimals) {
  char text[32];
  char* at = std::end(text);
  for (int i = 0; number > 0 || i <= decimals; ++i, number /= 10) {
    if (i == decimals && i > 0) *--at = '.';
    *--at = static_cast<char>('0' + number % 10);
  }
  return {at, std::end(text)};
}

bool goes_below_one(std::string_view unit) { return unit == "s" || unit == "J"; }

}  // namespace

std::string fixed(double value, int decimals) {
  // A sentence is written for each design of a sweep, and a whole number ten times as fast as a
  // double. Which way a number goes that may lie in the middle, only its exact digits tell.
  constexpr double powers[] = {1, 10, 100};
  const double scaled = value * powers[decimals];
  if (!std::signbit(value) && scaled < 1e9) {
    const auto below = static_cast<std::uint64_t>(scaled);
    const double rest = scaled - static_cast<double>(below);
    if (std::abs(rest - 0.5) > 1e-6) return with_point(below + (rest > 0.5 ? 1 : 0), decimals);
  }
  char text[std::numeric_limits<double>::max_exponent10 + 16];
  const auto end =
      std::to_chars(text, std::end(text), value, std::chars_format::fixed, decimals).ptr;
  return {text, end};
}

std::string grouped(std::uint64_t value) {
  std::string text = std::to_string(value);
  for (std::size_t i = text.size(); i > 3; i -= 3) text.insert(i - 3, 1, ' ');
  return text;
}

std::string rounded(double value, std::string_view unit) {
  if (!std::isfinite(value)) return unit.empty() ? "-" : fmt::format("- {}", unit);
  if (value < 0) return "-" + rounded(-value, unit);
  int step = 0;
  const int last = static_cast<int>(prefixes.size()) - 1 + smallest;
  while (value >= 999.5 && step < last) value /= 1000, ++step;
  while (value > 0 && value < 0.9995 && step > smallest && goes_below_one(unit))
    value *= 1000, --step;
  if (value >= 1e6) return fmt::format("{:.2e} {}{}", value, prefixes.back(), unit);
  const bool whole = step == 0 && value == std::floor(value);
  std::string digits = fixed(value, whole ? 0 : decimals(value));
  const auto prefix = prefixes[static_cast<std::size_t>(step - smallest)];
  if (prefix.empty() && unit.empty()) return digits;
  digits.append(" ").append(prefix).append(unit);
  return digits;
}

std::string percent(double ratio) {
  const double value = 100 * ratio;
  if (!std::isfinite(value)) return "- %";
  if (std::abs(value) >= 1e6) return fmt::format("{:.2e} %", value);
  if (value == 0 || value == 100) return fixed(value, 0) + " %";
  if (value > 0 && value < 0.05) return "<0.1 %";
  if (value > 99.95 && value < 100) return ">99.9 %";
  const bool fine = value < 9.95 || (value >= 99.5 && value < 100);
  return fixed(value, fine ? 1 : 0) + " %";
}

std::string times(double factor) {
  if (!std::isfinite(factor)) return "many times";
  return fixed(factor, factor < 1.095 ? 2 : factor < 9.95 ? 1 : 0) + " times";
}

}  // namespace sluice
