// SPDX-License-Identifier: Apache-2.0
// The rules are those of the documentation of configparser, Python 3.11, "Supported INI File
// Structure".
#include "arch/importers/ini.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text_lines.hpp"

namespace sluice {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

class IniReader {
 public:
  IniReader(std::string_view text, const std::string& path, Diagnostics& diagnostics)
      : lines_(text, path), diagnostics_(diagnostics) {}

  std::vector<IniSection> read() {
    for (line_ = 0; line_ < lines_.size(); ++line_) {
      const std::string_view content = stripped(lines_[line_]);
      if (content.empty() || content[0] == '#' || content[0] == ';') continue;
      read_line(content);
    }
    return std::move(sections_);
  }

 private:
  Location place(std::string_view part) const { return lines_.place(line_, part); }

  void read_line(std::string_view content) {
    const auto indent = static_cast<std::size_t>(content.data() - lines_[line_].data());
    if (has_key_ && indent > indent_) return continuation(content);
    indent_ = indent;
    const std::size_t close = content.rfind(']');
    if (content[0] == '[' && close != content.npos && close > 1)
      return open(content.substr(1, close - 1));
    entry(content);
  }

  void continuation(std::string_view content) {
    diagnostics_.error(place(content),
                       fmt::format("this line is indented, so that it continues the value of '{}'",
                                   sections_.back().entries.back().key),
                       "let it begin in the column of the keys");
  }

  void open(std::string_view name) {
    has_key_ = false;
    for (const IniSection& section : sections_)
      if (section.name == name)
        diagnostics_.error(place(name), fmt::format("there are two sections {}", quote(name)));
    sections_.push_back({std::string(name), place(name), {}});
  }

  void entry(std::string_view content) {
    const std::size_t delimiter = content.find_first_of("=:");
    const std::string_view key = stripped(content.substr(0, delimiter));
    if (delimiter == content.npos || key.empty()) {
      diagnostics_.error(place(content),
                         fmt::format("'key = value' is expected, not {}", quote(content)));
      return;
    }
    if (sections_.empty()) {
      diagnostics_.error(place(content),
                         fmt::format("key {} stands before the first section", quote(key)),
                         "put a line such as [general] above it");
      return;
    }
    has_key_ = true;
    const std::string_view value = stripped(content.substr(delimiter + 1));
    IniSection& section = sections_.back();
    if (section.find(key) != nullptr)
      diagnostics_.error(place(key),
                         fmt::format("key {} is given twice in [{}]", quote(key), section.name));
    section.entries.push_back({std::string(key), interpolated(value), place(key), place(value)});
  }

  /// `%%` stands for `%`; anything else behind a `%` would be a reference.
  std::string interpolated(std::string_view value) {
    std::string text;
    for (std::size_t i = 0; i < value.size(); ++i) {
      text += value[i];
      if (value[i] != '%') continue;
      if (i + 1 < value.size() && value[i + 1] == '%') {
        ++i;
      } else {
        diagnostics_.error(place(value.substr(i)),
                           "a '%' begins a reference, which is not supported",
                           "write %% for a percent sign");
        break;
      }
    }
    return text;
  }

  TextLines lines_;
  Diagnostics& diagnostics_;
  std::vector<IniSection> sections_;
  std::size_t line_ = 0;
  std::size_t indent_ = 0;
  bool has_key_ = false;  ///< a more indented line would continue the last value
};

}  // namespace

bool same_word(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

const IniEntry* IniSection::find(std::string_view key) const {
  for (const IniEntry& entry : entries)
    if (same_word(entry.key, key)) return &entry;
  return nullptr;
}

std::vector<IniSection> read_ini(std::string_view text, const std::string& path,
                                 Diagnostics& diagnostics) {
  return IniReader(text, path, diagnostics).read();
}

}  // namespace sluice
