// SPDX-License-Identifier: Apache-2.0
// Quantity to text. The shortest digits that name the double are written with the prefix that puts
// the number between 1 and 1000; moving the decimal point loses nothing.
#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "base/quantity.hpp"
#include "base/quantity_units.hpp"

namespace sluice {
namespace {

// value == digits[0].digits[1...] * 10^exponent, with the fewest digits that read back the same.
struct Shortest {
  std::string digits;
  int exponent = 0;
};
Shortest shortest(double value) {
  char buffer[64];
  const auto end =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific).ptr;
  const std::string_view text(buffer, static_cast<std::size_t>(end - buffer));
  const std::size_t e = text.find('e');
  Shortest result;
  for (const char c : text.substr(0, e))
    if (c != '.') result.digits += c;
  const std::size_t first = text[e + 1] == '+' ? e + 2 : e + 1;
  std::from_chars(text.data() + first, end, result.exponent);
  return result;
}

// The number with its point moved by -ten; beyond thousands or thousandths with an exponent.
std::string moved(const Shortest& number, int ten) {
  const int exponent = number.exponent - ten;
  const auto size = static_cast<int>(number.digits.size());
  const std::string& digits = number.digits;
  if (exponent < -3 || exponent > 6) {
    const std::string fraction = size > 1 ? "." + digits.substr(1) : "";
    return fmt::format("{}{}e{}", digits[0], fraction, exponent);
  }
  if (exponent < 0)
    return "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
  if (exponent >= size - 1)
    return digits + std::string(static_cast<std::size_t>(exponent - size + 1), '0');
  const auto point = static_cast<std::size_t>(exponent) + 1;
  return digits.substr(0, point) + "." + digits.substr(point);
}

// Digits after which the point stands in 1..999 are best; the nearer to that, the better.
int distance(int exponent) { return exponent < 0 ? -exponent : exponent > 2 ? exponent - 2 : 0; }

std::string decimal_text(double value, const UnitSystem& system, std::string_view suffix) {
  const Shortest number = shortest(value);
  const Unit* best = &system.units.front();
  for (const Unit& unit : system.units) {
    if (unit.two != 0) continue;
    if (distance(number.exponent - unit.ten) < distance(number.exponent - best->ten)) best = &unit;
  }
  return fmt::format("{} {}{}", moved(number, best->ten), best->name, suffix);
}

// With a binary prefix, where that makes a whole number below 1024 (and a finite value).
std::string binary_text(double value, const UnitSystem& system, std::string_view suffix) {
  for (const Unit& unit : system.units) {
    if (unit.two == 0) continue;
    const double scaled = std::ldexp(value, -unit.two);
    if (scaled >= 1 && scaled < 1024 && scaled == std::floor(scaled))
      return fmt::format("{} {}{}", static_cast<int>(scaled), unit.name, suffix);
  }
  return {};
}

std::string real_text(double value, const UnitSystem& system, std::string_view suffix = "") {
  if (value == 0 || !std::isfinite(value))
    return fmt::format("{} {}{}", value == 0 ? 0.0 : value, system.units.front().name, suffix);
  if (value < 0) return "-" + real_text(-value, system, suffix);
  std::string decimal = decimal_text(value, system, suffix);
  std::string binary = binary_text(value, system, suffix);
  return !binary.empty() && binary.size() < decimal.size() ? binary : decimal;
}

std::uint64_t factor_of(const Unit& unit) {
  std::uint64_t factor = std::uint64_t{1} << unit.two;
  for (int i = 0; i < unit.ten; ++i) factor *= 10;
  return factor;
}

}  // namespace

std::string to_text(Bytes bytes) {
  std::string best = fmt::format("{} B", bytes.value);
  if (bytes.value == 0) return best;
  for (const Unit& unit : byte_units) {
    const std::uint64_t factor = factor_of(unit);
    if (bytes.value % factor != 0) continue;
    std::string text = fmt::format("{} {}", bytes.value / factor, unit.name);
    if (text.size() < best.size()) best = std::move(text);
  }
  return best;
}

std::string to_text(Hertz clock) { return real_text(clock.value, hertz_system); }
std::string to_text(Seconds time) { return real_text(time.value, second_system); }
std::string to_text(Picojoules energy) { return real_text(energy.value, picojoule_system); }
std::string to_text(SquareMicrometres area) { return real_text(area.value, area_system); }
std::string to_text(Bandwidth bandwidth) {
  const bool per_cycle = bandwidth.per == Bandwidth::Per::cycle;
  return real_text(bandwidth.bytes, bandwidth_system, per_cycle ? "/cycle" : "/s");
}

}  // namespace sluice
