// SPDX-License-Identifier: Apache-2.0
#include "base/read.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace sluice {
namespace {

// What a node is, for `a number is expected, not ...`.
std::string shown(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::null:
      return "nothing";
    case YamlNode::Kind::scalar:
      return node.quoted ? fmt::format("the text {}", quote(node.scalar)) : quote(node.scalar);
    case YamlNode::Kind::sequence:
      return "a list";
    case YamlNode::Kind::map:
      break;
  }
  return "a map";
}

// `rows is 'many', a whole number is expected`.
void wrong_type(const YamlNode& node, const FieldInfo& info, std::string_view expected,
                Diagnostics& diagnostics, std::string hint = {}) {
  const std::string_view name = info.name.empty() ? "the value" : info.name;
  diagnostics.error(node.where,
                    fmt::format("{} is {}, {} is expected", name, shown(node), expected),
                    std::move(hint));
}

// Reports a value outside of info's bounds, both sides as texts.
bool in_range(const YamlNode& node, double value, const FieldInfo& info, std::string_view low,
              std::string_view high, Diagnostics& diagnostics) {
  const std::string_view name = info.name.empty() ? "the value" : info.name;
  if (value < info.min) {
    diagnostics.error(node.where,
                      fmt::format("{} is {}, at least {} is required", name, node.scalar, low));
    return false;
  }
  if (value > info.max) {
    diagnostics.error(node.where,
                      fmt::format("{} is {}, at most {} is allowed", name, node.scalar, high));
    return false;
  }
  return true;
}

bool is_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// A decimal number as YAML 1.2 writes it (section 10.3.2), in full.
std::optional<double> decimal(std::string_view text, bool& too_large) {
  if (text.starts_with('+')) text.remove_prefix(1);
  const std::string_view unsigned_text = text.starts_with('-') ? text.substr(1) : text;
  if (unsigned_text.empty() || unsigned_text[0] < '.' || unsigned_text[0] > '9')
    return std::nullopt;
  double value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  too_large = result.ec == std::errc::result_out_of_range;
  const bool complete = result.ptr == text.data() + text.size();
  if (!complete || result.ec == std::errc::invalid_argument) return std::nullopt;
  return value;
}

// How to write what is nearly a number, or "".
std::string number_hint(std::string_view text, bool is_text) {
  bool ignored = false;
  if (is_text && decimal(text, ignored)) return "leave out the quotes";
  std::string digits;
  for (const char c : text)
    if (c != '_' && c != ',' && c != '\'') digits += c;
  if (digits.size() != text.size() && decimal(digits, ignored))
    return fmt::format("write {}, without separators", digits);
  if (text.size() < 3 || text[0] != '0') return {};
  const int base = text[1] == 'x' || text[1] == 'X' ? 16 : text[1] == 'o' ? 8 : 0;
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  if (base == 0) return {};
  const auto result = std::from_chars(text.data() + 2, end, value, base);
  if (result.ec != std::errc{} || result.ptr != end) return {};
  return fmt::format("numbers are decimal: write {}", value);
}

std::string bound_text(double bound) { return fmt::format("{}", bound); }

// The whole number at `node`, of at most `most`.
std::optional<std::uint64_t> read_whole(const YamlNode& node, const FieldInfo& info,
                                        std::uint64_t most, Diagnostics& diagnostics) {
  constexpr std::string_view expected = "a whole number";
  if (!node.is_scalar() || node.quoted) {
    wrong_type(node, info, expected, diagnostics, number_hint(node.scalar, node.is_scalar()));
    return std::nullopt;
  }
  const std::string_view text = node.scalar;
  const std::string_view name = info.name.empty() ? "the value" : info.name;
  bool too_large = false;
  const auto real = decimal(text, too_large);
  if (!real) {
    wrong_type(node, info, expected, diagnostics, number_hint(text, false));
    return std::nullopt;
  }
  if (*real < 0) {
    diagnostics.error(node.where, fmt::format("{} is {}, at least {} is required", name, text,
                                              bound_text(std::max(0.0, info.min))));
    return std::nullopt;
  }
  const std::string_view digits = text.starts_with('+') ? text.substr(1) : text;
  if (is_digits(digits) && digits.size() > 1 && digits[0] == '0') {
    diagnostics.error(node.where,
                      fmt::format("{} is {}: a leading zero would mean octal to some", name, text),
                      "leave out the leading zero");
    return std::nullopt;
  }
  std::uint64_t value = 0;
  if (is_digits(digits)) {
    const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    too_large = result.ec != std::errc{};
  } else if (!too_large && *real != std::floor(*real)) {
    wrong_type(node, info, expected, diagnostics);
    return std::nullopt;
  } else if (!too_large && *real < 0x1p64) {
    value = static_cast<std::uint64_t>(*real);
  } else {
    too_large = true;
  }
  const std::string high =
      info.max < static_cast<double>(most) ? bound_text(info.max) : fmt::format("{}", most);
  if (too_large || value > most) {
    diagnostics.error(node.where, fmt::format("{} is {}, at most {} is allowed", name, text, high));
    return std::nullopt;
  }
  if (!in_range(node, static_cast<double>(value), info, bound_text(info.min), high, diagnostics))
    return std::nullopt;
  return value;
}

double measure(Bytes value) { return static_cast<double>(value.value); }
double measure(Bandwidth value) { return value.bytes; }
template <class Dimension>
double measure(Quantity<Dimension, double> value) {
  return value.value;
}

// A bound as a quantity of the same kind as `like`.
std::string bound_of(Bytes, double bound) {
  return to_text(Bytes{static_cast<std::uint64_t>(bound)});
}
std::string bound_of(Bandwidth like, double bound) { return to_text(Bandwidth{bound, like.per}); }
template <class Dimension>
std::string bound_of(Quantity<Dimension, double>, double bound) {
  return to_text(Quantity<Dimension, double>{bound});
}

template <class T>
void read_quantity(const YamlNode& node, T& value, const FieldInfo& info, std::string_view expected,
                   Parsed<T> (*parse)(std::string_view), Diagnostics& diagnostics) {
  if (!node.is_scalar()) return wrong_type(node, info, expected, diagnostics);
  auto parsed = parse(node.scalar);
  if (auto* error = std::get_if<QuantityError>(&parsed)) {
    const std::string name = info.name.empty() ? "" : fmt::format("{}: ", info.name);
    return diagnostics.error(node.where, name + error->message, std::move(error->hint));
  }
  const T read = std::get<T>(parsed);
  const std::string low = std::isfinite(info.min) ? bound_of(read, std::max(0.0, info.min)) : "";
  const std::string high = info.max < 0x1p64 || !std::is_same_v<T, Bytes>
                               ? (std::isfinite(info.max) ? bound_of(read, info.max) : "")
                               : "";
  if (in_range(node, measure(read), info, low, high, diagnostics)) value = read;
}

}  // namespace

void read_value(const YamlNode& node, bool& value, const FieldInfo& info,
                Diagnostics& diagnostics) {
  const std::string_view text = node.scalar;
  if (node.is_scalar() && !node.quoted) {
    if (text == "true" || text == "True" || text == "TRUE") return void(value = true);
    if (text == "false" || text == "False" || text == "FALSE") return void(value = false);
  }
  std::string hint;
  for (const std::string_view word : {"yes", "on", "y", "1", "Yes", "On", "YES", "ON", "true"})
    if (text == word) hint = "write true";
  for (const std::string_view word : {"no", "off", "n", "0", "No", "Off", "NO", "OFF", "false"})
    if (text == word) hint = "write false";
  wrong_type(node, info, "true or false", diagnostics, std::move(hint));
}

void read_value(const YamlNode& node, std::uint32_t& value, const FieldInfo& info,
                Diagnostics& diagnostics) {
  if (const auto whole = read_whole(node, info, UINT32_MAX, diagnostics))
    value = static_cast<std::uint32_t>(*whole);
}

void read_value(const YamlNode& node, std::uint64_t& value, const FieldInfo& info,
                Diagnostics& diagnostics) {
  if (const auto whole = read_whole(node, info, UINT64_MAX, diagnostics)) value = *whole;
}

void read_value(const YamlNode& node, double& value, const FieldInfo& info,
                Diagnostics& diagnostics) {
  bool too_large = false;
  std::optional<double> real;
  if (node.is_scalar() && !node.quoted) real = decimal(node.scalar, too_large);
  if (!real)
    return wrong_type(node, info, "a number", diagnostics,
                      number_hint(node.scalar, node.is_scalar() && node.quoted));
  if (too_large) {
    const std::string_view name = info.name.empty() ? "the value" : info.name;
    return diagnostics.error(
        node.where, fmt::format("{} is {}, beyond what a double holds", name, node.scalar));
  }
  if (in_range(node, *real, info, bound_text(info.min), bound_text(info.max), diagnostics))
    value = *real;
}

void read_value(const YamlNode& node, std::string& value, const FieldInfo& info,
                Diagnostics& diagnostics) {
  if (!node.is_scalar()) return wrong_type(node, info, "a text", diagnostics);
  value = node.scalar;
}

void read_value(const YamlNode& node, Bytes& value, const FieldInfo& info, Diagnostics& d) {
  read_quantity(node, value, info, "a size such as 16 MiB", parse_bytes, d);
}
void read_value(const YamlNode& node, Hertz& value, const FieldInfo& info, Diagnostics& d) {
  read_quantity(node, value, info, "a frequency such as 940 MHz", parse_hertz, d);
}
void read_value(const YamlNode& node, Seconds& value, const FieldInfo& info, Diagnostics& d) {
  read_quantity(node, value, info, "a time such as 100 ns", parse_seconds, d);
}
void read_value(const YamlNode& node, Bandwidth& value, const FieldInfo& info, Diagnostics& d) {
  read_quantity(node, value, info, "a bandwidth such as 1.2 TB/s", parse_bandwidth, d);
}
void read_value(const YamlNode& node, Picojoules& value, const FieldInfo& info, Diagnostics& d) {
  read_quantity(node, value, info, "an energy such as 1.3 pJ", parse_picojoules, d);
}
void read_value(const YamlNode& node, SquareMicrometres& value, const FieldInfo& info,
                Diagnostics& d) {
  read_quantity(node, value, info, "an area such as 0.5 mm2", parse_area, d);
}

std::optional<std::size_t> read_word(const YamlNode& node, const std::vector<std::string>& words,
                                     Diagnostics& diagnostics, std::string_view name) {
  if (!node.is_scalar()) {
    wrong_type(node, {.name = name}, "a word", diagnostics, suggestion("", words));
    return std::nullopt;
  }
  const auto found = std::find(words.begin(), words.end(), node.scalar);
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  const std::string whose = name.empty() ? "" : fmt::format("{}: ", name);
  diagnostics.error(node.where, fmt::format("{}{} is not known here", whose, quote(node.scalar)),
                    suggestion(node.scalar, words));
  return std::nullopt;
}

void report_no_list(const YamlNode& node, const FieldInfo& info, Diagnostics& diagnostics) {
  wrong_type(node, info, "a list", diagnostics, "write one item a line, each after '- '");
}

FieldReader::FieldReader(const YamlNode& map, Diagnostics& diagnostics, std::string_view name)
    : map_(map), diagnostics_(diagnostics) {
  if (map.is_map() || map.is_null()) return;
  wrong_type(map, {.name = name}, "a map", diagnostics, "write one 'key: value' a line below it");
}

const YamlNode* FieldReader::take(std::string_view key) {
  known_.emplace_back(key);
  return map_.find(key);
}

const YamlNode* FieldReader::take_required(std::string_view key, const FieldInfo& info) {
  const YamlNode* node = take(key);
  if (node == nullptr && (map_.is_map() || map_.is_null())) {
    const std::string unit = info.unit.empty() ? "" : fmt::format(" [{}]", info.unit);
    diagnostics_.error(map_.where,
                       fmt::format("the key '{}' is missing: {}{}", key, info.doc, unit));
  }
  return node;
}

void FieldReader::finish() {
  for (const YamlNode::Entry& entry : map_.entries) {
    if (std::find(known_.begin(), known_.end(), entry.key) != known_.end()) continue;
    diagnostics_.error(entry.key_where, fmt::format("unknown key {}", quote(entry.key)),
                       suggestion(entry.key, known_));
  }
}

}  // namespace sluice
