// SPDX-License-Identifier: Apache-2.0
#include "base/text_lines.hpp"

#include <algorithm>

#include "base/utf8.hpp"
#include "base/yaml.hpp"
#include "base/yaml_source.hpp"

namespace sluice {
namespace {

constexpr std::size_t longest_line = 400;  // bytes of a source line that a Location keeps

bool inside_character(std::string_view text, std::size_t offset) {
  return offset < text.size() && (static_cast<unsigned char>(text[offset]) & 0xC0u) == 0x80u;
}

}  // namespace

TextLines::TextLines(std::string_view text, const std::string& path, std::size_t limit)
    : path_(path) {
  const YamlSource source(text, path);
  source.check_text({.file_bytes = limit});
  std::string_view rest = source.text();
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines_.push_back(line);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
}

Location TextLines::place(std::size_t line, std::size_t byte) const {
  std::string_view text = lines_[line];
  byte = std::min(byte, text.size());
  Location where{.path = path_, .line = static_cast<std::uint32_t>(line + 1)};
  where.column = static_cast<std::uint32_t>(utf8_count(text.substr(0, byte)) + 1);
  if (text.size() > longest_line) {
    std::size_t begin = byte > longest_line / 2 ? byte - longest_line / 2 : 0;
    std::size_t end = std::min(text.size(), begin + longest_line);
    while (begin > 0 && inside_character(text, begin)) --begin;
    while (end > begin && inside_character(text, end)) --end;
    where.line_text_column = static_cast<std::uint32_t>(utf8_count(text.substr(0, begin)) + 1);
    text = text.substr(begin, end - begin);
  }
  where.line_text = text;
  return where;
}

Location TextLines::place(std::size_t line, std::string_view part) const {
  return place(line, static_cast<std::size_t>(part.data() - lines_[line].data()));
}

std::string_view stripped(std::string_view text) {
  constexpr std::string_view blank = " \t\r";
  const std::size_t begin = text.find_first_not_of(blank);
  if (begin == text.npos) return text.substr(text.size());
  return text.substr(begin, text.find_last_not_of(blank) - begin + 1);
}

std::string indented(std::string_view text, std::size_t depth) {
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    result.append(depth, ' ').append(text.substr(at, end - at)).append("\n");
    at = end + 1;
  }
  return result;
}

std::string csv_field(std::string_view field) {
  if (field.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(field);
  std::string quoted = "\"";
  for (const char c : field) quoted.append(c == '"' ? 2 : 1, c);
  return quoted + "\"";
}

}  // namespace sluice
