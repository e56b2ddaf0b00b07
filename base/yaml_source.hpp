// SPDX-License-Identifier: Apache-2.0
// The text of a YAML file and its lines: turns offsets into Locations, and refuses what is not
// text. Not for other rooms.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/yaml.hpp"

namespace sluice {

class YamlSource {
 public:
  /// Keeps a view of `text` (without its byte-order mark) and of `path`.
  YamlSource(std::string_view text, const std::string& path);

  std::string_view text() const { return text_; }
  /// The place of a byte, both counted from 0; a place behind the end is the end.
  Location place(std::size_t line, std::size_t byte) const;
  /// Where the nearest line up to `line` that goes with it has a tab in its indentation.
  std::optional<Location> tab_indentation(std::size_t line) const;
  /// Where the first text in quotes begins that does not end, from a line on (counted from 1).
  std::optional<Location> unclosed_quote(std::uint32_t line) const;
  /// Throws SpecError when the text is empty, too long, or not text.
  void check_text(const YamlLimits& limits) const;

 private:
  std::string_view line_text(std::size_t line) const;
  Location place_of_offset(std::size_t offset) const;
  std::size_t characters_before(std::size_t line, std::size_t byte) const;

  std::string_view text_;
  const std::string& path_;
  std::vector<std::size_t> line_begins_;
  struct Counted {
    std::size_t line = 0;
    std::size_t byte = 0;
    std::size_t characters = 0;
  };
  mutable Counted counted_;  ///< the last answer of characters_before()
};

}  // namespace sluice
