// SPDX-License-Identifier: Apache-2.0
#include "dse/study/scanner.hpp"

#include <charconv>
#include <cstddef>

namespace sluice {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Whether `text`, of which std::from_chars() made a number, has the form of a JSON number too
/// (RFC 8259, section 6: digits before and behind the point, no zero too many), with a fraction or
/// an exponent.
bool is_real(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  const auto has_digit = [&](std::size_t place) {
    return place < text.size() && is_digit(text[place]);
  };
  if (!has_digit(0) || (text[0] == '0' && has_digit(1))) return false;
  const std::size_t mark = text.find_first_not_of("0123456789");
  return mark < text.size() && (text[mark] != '.' || has_digit(mark + 1));
}

}  // namespace

template <class Number, class IsForm>
std::optional<Number> Scanner::number(IsForm is_form) {
  Number number{};
  const auto [stop, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), number);
  const auto length = static_cast<std::size_t>(stop - rest_.data());
  if (error != std::errc{} || !is_form(rest_.substr(0, length))) return std::nullopt;
  rest_.remove_prefix(length);
  return number;
}

std::optional<std::uint64_t> Scanner::count() {
  return number<std::uint64_t>(
      [](std::string_view text) { return text.size() == 1 || text[0] != '0'; });
}

std::optional<double> Scanner::real() { return number<double>(is_real); }

std::optional<std::string_view> Scanner::word() {
  if (!rest_.starts_with('"')) return std::nullopt;
  std::size_t end = 1;
  while (end < rest_.size() && rest_[end] >= ' ' && rest_[end] <= '~' && rest_[end] != '"' &&
         rest_[end] != '\\')
    ++end;
  if (end == rest_.size() || rest_[end] != '"') return std::nullopt;
  const std::string_view text = rest_.substr(1, end - 1);
  rest_.remove_prefix(end + 1);
  return text;
}

}  // namespace sluice
