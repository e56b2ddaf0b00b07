// SPDX-License-Identifier: Apache-2.0
// Tables of published numbers. Fields are plain: what needs quotes is not a name of a figure.
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>

#include "base/text_lines.hpp"
#include "dse/reproduce/claims.hpp"

namespace sluice {
namespace {

std::vector<std::string_view> fields_of(std::string_view line) {
  std::vector<std::string_view> fields;
  for (std::size_t begin = 0;;) {
    const std::size_t comma = line.find(',', begin);
    fields.push_back(stripped(line.substr(begin, comma - begin)));
    if (comma == std::string_view::npos) return fields;
    begin = comma + 1;
  }
}

constexpr std::size_t columns = std::size(key_parts) + 1;

/// Where the columns that are read stand; the last is that of the value.
std::array<std::size_t, columns> find_columns(const TextLines& lines) {
  const std::vector<std::string_view> heads = fields_of(lines[0]);
  Diagnostics diagnostics;
  std::array<std::size_t, columns> found{};
  for (std::size_t i = 0; i < columns; ++i) {
    const std::string_view wanted = i + 1 < columns ? key_parts[i] : "value";
    while (found[i] < heads.size() && heads[found[i]] != wanted) ++found[i];
    if (found[i] == heads.size())
      diagnostics.error(lines.place(0, std::size_t{0}),
                        fmt::format("column '{}' is missing", wanted),
                        "a table of published numbers has the columns figure, model, seq_len, "
                        "design, metric and value");
  }
  diagnostics.throw_if_any();
  return found;
}

}  // namespace

std::map<PointKey, double> read_published(std::string_view text, const std::string& path) {
  const TextLines lines(text, path);
  const auto at = find_columns(lines);
  std::map<PointKey, double> numbers;
  Diagnostics diagnostics;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    if (stripped(lines[i]).empty()) continue;
    const std::vector<std::string_view> fields = fields_of(lines[i]);
    const auto field = [&](std::size_t column) {
      return column < fields.size() ? fields[column] : std::string_view{};
    };
    const std::string_view number = field(at.back());
    double value = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
    if (error != std::errc{} || end != number.data() + number.size() || !std::isfinite(value))
      continue;
    PointKey key{std::string(field(at[0])), std::string(field(at[1])), std::string(field(at[2])),
                 std::string(field(at[3])), std::string(field(at[4]))};
    const auto [entry, is_new] = numbers.emplace(std::move(key), value);
    if (!is_new && entry->second != value)
      diagnostics.error(lines.place(i, number),
                        fmt::format("this point had the value {} before", entry->second));
  }
  diagnostics.throw_if_any();
  return numbers;
}

}  // namespace sluice
