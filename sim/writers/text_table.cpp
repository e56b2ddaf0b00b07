// SPDX-License-Identifier: Apache-2.0
#include "sim/writers/text_table.hpp"

#include <algorithm>
#include <numeric>

#include "base/utf8.hpp"

namespace sluice {
namespace {

constexpr std::size_t gap = 2;

// The first `count` characters of well-formed text.
std::string_view head(std::string_view text, std::size_t count) {
  std::size_t end = 0;
  while (count-- > 0 && end < text.size()) end += utf8_length(text, end);
  return text.substr(0, end);
}

std::string_view tail(std::string_view text, std::size_t count) {
  const std::size_t all = utf8_count(text);
  return text.substr(head(text, all - std::min(all, count)).size());
}

std::string padded(const std::string& text, std::size_t width, bool right) {
  const std::string blanks(width - std::min(width, utf8_count(text)), ' ');
  return right ? blanks + text : text + blanks;
}

std::string without_trailing_blanks(std::string text) {
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

// Where the first word ends; `62 %` and `1 250 cycles` are one word.
std::size_t word_end(std::string_view text) {
  std::size_t blank = text.find(' ');
  while (blank != std::string_view::npos && blank > 0 && text[blank - 1] >= '0' &&
         text[blank - 1] <= '9')
    blank = text.find(' ', blank + 1);
  return std::min(blank, text.size());
}

std::size_t total(const std::vector<std::size_t>& widths) {
  return std::accumulate(widths.begin(), widths.end(), gap * (widths.size() - 1));
}

std::vector<std::size_t> fitted(const std::vector<TextColumn>& columns,
                                const std::vector<std::vector<std::string>>& rows,
                                std::size_t width) {
  std::vector<std::size_t> widths;
  for (const TextColumn& column : columns) widths.push_back(utf8_count(column.heading));
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], utf8_count(row[i]));
  while (total(widths) > width) {
    std::size_t widest = columns.size();
    for (std::size_t i = 0; i < columns.size(); ++i)
      if (columns[i].narrowest > 0 && widths[i] > columns[i].narrowest &&
          (widest == columns.size() || widths[i] > widths[widest]))
        widest = i;
    if (widest == columns.size()) break;
    --widths[widest];
  }
  return widths;
}

}  // namespace

std::string clipped(std::string_view text, std::size_t width, const TextMarks& marks) {
  const std::size_t dots = utf8_count(marks.ellipsis);
  if (utf8_count(text) <= width) return std::string(text);
  if (width <= dots) return std::string(head(text, width));
  const std::size_t kept = width - dots;
  return std::string(head(text, kept - kept / 2)) + std::string(marks.ellipsis) +
         std::string(tail(text, kept / 2));
}

std::vector<std::string> wrapped(std::string_view text, std::size_t width, const TextMarks& marks) {
  std::vector<std::string> lines;
  std::string line;
  while (!text.empty()) {
    const std::size_t blank = word_end(text);
    const std::string word = clipped(text.substr(0, blank), width, marks);
    text.remove_prefix(std::min(blank + 1, text.size()));
    if (!line.empty() && utf8_count(line) + 1 + utf8_count(word) > width)
      lines.push_back(std::move(line)), line.clear();
    line += (line.empty() ? "" : " ") + word;
  }
  if (!line.empty()) lines.push_back(std::move(line));
  return lines;
}

std::vector<std::string> lay_out(const std::vector<TextColumn>& columns,
                                 const std::vector<std::vector<std::string>>& rows,
                                 std::size_t width, const TextMarks& marks) {
  const std::vector<std::size_t> widths = fitted(columns, rows, width);
  std::vector<std::string> lines;
  const auto add = [&](std::string line) {
    lines.push_back(clipped(without_trailing_blanks(std::move(line)), width, marks));
  };
  const auto add_rule = [&] {
    std::string line;
    for (std::size_t i = 0; i < std::min(width, total(widths)); ++i) line += marks.rule;
    lines.push_back(std::move(line));
  };
  std::vector<std::string> headings;
  for (const TextColumn& column : columns) headings.push_back(column.heading);
  const auto add_row = [&](const std::vector<std::string>& row) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i)
      line += (i == 0 ? "" : std::string(gap, ' ')) +
              padded(clipped(row[i], widths[i], marks), widths[i], columns[i].right);
    add(std::move(line));
  };
  add_row(headings);
  add_rule();
  for (const auto& row : rows) row.empty() ? add_rule() : add_row(row);
  return lines;
}

}  // namespace sluice
