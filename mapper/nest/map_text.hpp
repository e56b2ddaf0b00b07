// SPDX-License-Identifier: Apache-2.0
// Reads the text form of a mapping, a tree of loops by indentation:
//
//   keep A, B, Z in DRAM
//   for m in 0..64 step 16
//     keep A, Z in GB twice
//     spread n in 0..64 step 16 over GB.X
//       for k
//         compute Z on MAC
//
// `in 0..N` may be left out; a step that is left out is 1. A keep holds for the rest of its block,
// or, when lines are indented below it, for those.
#pragma once

#include <string>
#include <vector>

#include "base/diagnostics.hpp"
#include "mapper/nest/fusion.hpp"

namespace sluice {

/// A line of the text without its indentation, and where it begins.
struct MapLine {
  std::size_t indentation = 0;
  std::string text;
  Location where;
};

/// Cuts a text into lines; blank ones and those that begin with # are left out. `where` is the
/// place of the first line.
std::vector<MapLine> map_lines(const std::string& text, const Location& where);

/// The mapping of `problems`, each of which must be computed once. Reports every mistake: a word
/// that is not known here, a name that there is not, an extent that is another, an Einsum that is
/// left out. Whether it is legal is the question of verify().
CascadeMapping read_mapping(const std::vector<MapLine>& lines, const std::vector<Problem>& problems,
                            const Hierarchy& hierarchy, Diagnostics& diagnostics);

}  // namespace sluice
