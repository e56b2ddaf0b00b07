// SPDX-License-Identifier: Apache-2.0
// Text in columns that fit a width: numbers to the right, long words clipped in the middle.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

struct TextColumn {
  std::string heading;
  bool right = false;  ///< numbers end in line; words begin in line
  /// Characters down to which it gives way when the table is too wide; 0: it does not.
  std::size_t narrowest = 0;
};

/// Rules and dots that a table is drawn with.
struct TextMarks {
  std::string_view rule = "─";
  std::string_view ellipsis = "…";
};

/// The heading, a rule, and the rows as lines without newline and trailing blanks; an empty row
/// is a rule. Columns shrink in turn, the widest first; a table that is still too wide is cut.
std::vector<std::string> lay_out(const std::vector<TextColumn>& columns,
                                 const std::vector<std::vector<std::string>>& rows,
                                 std::size_t width, const TextMarks& marks);

/// At most `width` characters of `text`: beginning and end, with an ellipsis between.
std::string clipped(std::string_view text, std::size_t width, const TextMarks& marks);

/// `text` in lines of at most `width` characters, broken at blanks, but not
/// between a number and its unit.
std::vector<std::string> wrapped(std::string_view text, std::size_t width, const TextMarks& marks);

}  // namespace sluice
