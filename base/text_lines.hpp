// SPDX-License-Identifier: Apache-2.0
// A text cut into lines that know their places, for file formats that go line by line (CSV, INI).
// What the lines mean is the business of their readers.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostics.hpp"

namespace sluice {

/// Lines without their ends (LF or CR LF); a byte-order mark is left out.
class TextLines {
 public:
  /// Keeps views of `text` and `path`. Throws SpecError when `text` is empty, longer than `limit`
  /// bytes, not UTF-8, or has control characters.
  TextLines(std::string_view text, const std::string& path, std::size_t limit = 16u << 20);

  std::size_t size() const { return lines_.size(); }
  std::string_view operator[](std::size_t line) const { return lines_[line]; }
  /// The place of a byte of a line, both counted from 0.
  Location place(std::size_t line, std::size_t byte) const;
  /// The place of `part`, which is a part of a line.
  Location place(std::size_t line, std::string_view part) const;

 private:
  std::vector<std::string_view> lines_;
  const std::string& path_;
};

/// `text` without blanks, tabs and returns at its ends; still a part of it.
std::string_view stripped(std::string_view text);

/// `text` with `depth` blanks before each line, which all end in a newline then.
std::string indented(std::string_view text, std::size_t depth);

/// `field` as a field of CSV: in quotes where it needs them (RFC 4180).
std::string csv_field(std::string_view field);

}  // namespace sluice
