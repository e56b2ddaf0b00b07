// SPDX-License-Identifier: Apache-2.0
// A graph compiled for execution: the program of each unit as a flat list of instructions, and
// firings with direct indices, so that executing one allocates and searches nothing.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/graph/graph.hpp"

namespace sluice::tile {

struct Instruction {
  enum class Kind : std::uint8_t { fire, begin, end };
  Kind kind = Kind::fire;
  bool watched = false;      ///< an `end` at which fast-forward looks for a period
  std::uint32_t firing = 0;  ///< of a fire
  std::uint32_t loop = 0;    ///< LoopId of begin and end
  std::uint32_t jump = 0;    ///< of an end: the first instruction of the body
  std::uint64_t count = 1;
};

/// Where a unit stands: the next instruction (always a fire, or the end of the program) and the
/// iteration of each loop around it, outermost first.
struct Cursor {
  struct Level {
    std::uint32_t loop = 0;
    std::uint64_t iteration = 0;
    std::uint64_t count = 0;
  };
  std::uint32_t at = 0;
  std::vector<Level> levels;
};

struct UnitProgram {
  std::vector<Instruction> code;
};

/// The rows of statistics that the firings inside a loop touch.
struct LoopRow {
  std::uint32_t unit = 0, layer = 0;
  bool operator==(const LoopRow&) const = default;
};

struct Program {
  std::vector<UnitProgram> units;
  std::vector<std::vector<LoopRow>> loop_rows;  ///< by LoopId
};

/// Projects the schedule on each unit. Loops shorter than `least_iterations` are not watched.
Program compile(const Graph& graph, std::uint64_t least_iterations = 4);

}  // namespace sluice::tile
