// SPDX-License-Identifier: Apache-2.0
#include "base/yaml_source.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/files.hpp"
#include "base/utf8.hpp"

namespace sluice {
namespace {

constexpr std::size_t longest_line = 400;  // bytes of a source line that a Location keeps

bool is_control(char c) {
  return (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F;
}

// The start of the character that `offset` is in.
std::size_t character_begin(std::string_view text, std::size_t offset) {
  while (offset > 0 && offset < text.size() &&
         (static_cast<unsigned char>(text[offset]) & 0xC0u) == 0x80u)
    --offset;
  return offset;
}

// Offset behind the quote that closes the one at `open`, or npos.
std::size_t end_of_quoted(std::string_view text, std::size_t open) {
  const char quote = text[open];
  for (std::size_t i = open + 1; i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      if (quote == '"' || i + 1 == text.size() || text[i + 1] != quote) return i + 1;
      ++i;  // two single quotes stand for one
    }
  }
  return text.npos;
}

}  // namespace

YamlSource::YamlSource(std::string_view text, const std::string& path)
    : text_(text.starts_with("\xEF\xBB\xBF") ? text.substr(3) : text), path_(path) {
  line_begins_.push_back(0);
  for (std::size_t at = text_.find('\n'); at != text_.npos; at = text_.find('\n', at + 1))
    line_begins_.push_back(at + 1);
}

std::string_view YamlSource::line_text(std::size_t line) const {
  const std::size_t begin = line_begins_[line];
  const std::size_t end =
      line + 1 < line_begins_.size() ? line_begins_[line + 1] - 1 : text_.size();
  std::string_view text = text_.substr(begin, end - begin);
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

// Nodes come mostly in order, so counting goes on from the place asked for before: else a file of
// one long line would cost the square of its length.
std::size_t YamlSource::characters_before(std::size_t line, std::size_t byte) const {
  if (counted_.line != line || counted_.byte > byte) counted_ = {line, 0, 0};
  counted_.characters += utf8_count(line_text(line).substr(counted_.byte, byte - counted_.byte));
  counted_.byte = byte;
  return counted_.characters;
}

Location YamlSource::place(std::size_t line, std::size_t byte) const {
  line = std::min(line, line_begins_.size() - 1);
  std::string_view text = line_text(line);
  byte = character_begin(text, std::min(byte, text.size()));
  Location where{.path = path_, .line = static_cast<std::uint32_t>(line + 1)};
  where.column = static_cast<std::uint32_t>(characters_before(line, byte) + 1);
  if (text.size() > longest_line) {
    const std::size_t begin =
        character_begin(text, byte > longest_line / 2 ? byte - longest_line / 2 : 0);
    const std::size_t end = character_begin(text, std::min(text.size(), begin + longest_line));
    const std::size_t between = utf8_count(text.substr(begin, byte - begin));
    where.line_text_column = where.column - static_cast<std::uint32_t>(between);
    text = text.substr(begin, end - begin);
  }
  where.line_text = text;
  return where;
}

Location YamlSource::place_of_offset(std::size_t offset) const {
  const auto after = std::upper_bound(line_begins_.begin(), line_begins_.end(), offset);
  const auto line = static_cast<std::size_t>(after - line_begins_.begin()) - 1;
  return place(line, offset - line_begins_[line]);
}

std::optional<Location> YamlSource::tab_indentation(std::size_t line) const {
  line = std::min(line, line_begins_.size() - 1);
  const std::size_t first = line > 1 ? line - 1 : 0;
  for (std::size_t i = line + 1; i-- > first;) {
    const std::string_view text = line_text(i);
    const std::size_t tab = text.find_first_not_of(' ');
    if (tab != text.npos && text[tab] == '\t') return place(i, tab);
  }
  return std::nullopt;
}

std::optional<Location> YamlSource::unclosed_quote(std::uint32_t line) const {
  constexpr std::string_view before_value = " \t\n[{,";
  const std::size_t first =
      line == 0 ? 0 : line_begins_[std::min<std::size_t>(line, line_begins_.size()) - 1];
  for (std::size_t i = first; i < text_.size(); ++i) {
    const bool begins = i == 0 || before_value.find(text_[i - 1]) != before_value.npos;
    if (begins && text_[i] == '#') {
      i = std::min(text_.find('\n', i), text_.size());
    } else if (begins && (text_[i] == '\'' || text_[i] == '"')) {
      const std::size_t end = end_of_quoted(text_, i);
      if (end == text_.npos) return place_of_offset(i);
      i = end - 1;
    }
  }
  return std::nullopt;
}

void YamlSource::check_text(const YamlLimits& limits) const {
  const auto fail = [](Location where, std::string message, std::string hint = {}) {
    throw SpecError({{std::move(where), std::move(message), std::move(hint)}});
  };
  if (text_.size() > limits.file_bytes)
    fail({.path = path_}, fmt::format("the file holds {}, at most {} are read",
                                      size_text(text_.size()), size_text(limits.file_bytes)));
  if (text_.find_first_not_of(" \t\r\n") == text_.npos) fail({.path = path_}, "the file is empty");
  if (const std::size_t at = find_invalid_utf8(text_); at != text_.npos)
    fail(place_of_offset(at),
         fmt::format("the byte 0x{:02X} here is not UTF-8 text",
                     static_cast<unsigned char>(text_[at])),
         "save the file as UTF-8");
  const auto control = std::find_if(text_.begin(), text_.end(), is_control);
  if (control != text_.end())
    fail(place_of_offset(static_cast<std::size_t>(control - text_.begin())),
         fmt::format("the control character 0x{:02X} does not belong into a text file",
                     static_cast<unsigned char>(*control)));
}

}  // namespace sluice
