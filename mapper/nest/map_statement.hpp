// SPDX-License-Identifier: Apache-2.0
// The lines of a mapping's text as a tree of statements; names are not looked up yet. Internal to
// this folder; see map_text.hpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "mapper/nest/map_text.hpp"

namespace sluice {

/// A word of a line, with its offset; a comma is a word of its own.
struct MapWord {
  std::string text;
  std::size_t offset = 0;
};

/// A line, understood as far as its words go, with the lines below it.
struct MapStatement {
  enum class Kind : std::uint8_t { keep, loop, spread, compute };
  Kind kind = Kind::loop;
  const MapLine* line = nullptr;
  std::vector<MapWord> names;  ///< tensors, the rank, or the Einsum
  MapWord place;               ///< level, `level.axis`, or unit
  std::optional<std::uint64_t> extent;
  std::uint64_t number = 1;  ///< step, or cycles
  std::size_t extent_offset = 0;
  bool twice = false;
  std::vector<MapStatement> inside;
};

/// The place of a byte of a line, counted from 0.
Location place_in(const MapLine& line, std::size_t offset);

/// Nests the lines by their indentation. Reports every line that it does not understand.
std::vector<MapStatement> read_statements(const std::vector<MapLine>& lines,
                                          Diagnostics& diagnostics);

}  // namespace sluice
