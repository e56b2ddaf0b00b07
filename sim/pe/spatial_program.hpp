// SPDX-License-Identifier: Apache-2.0
// The static program of both arrays of a spatial machine, cycle by cycle: what the clocked PEs
// execute. Made from the schedule alone, not from the timed graph.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/models/spatial.hpp"

namespace sluice {

/// One tile, in the order in which tiles enter the pipeline.
struct TilePlace {
  std::uint64_t block = 0, step = 0, column = 0;
  bool first_step = false;  ///< of its column tile
};

/// A slot that an array issues: part `part` of element `element` of an operation.
struct Issue {
  std::int32_t op = -1;  ///< of the pipeline; -1: nothing
  std::uint64_t element = 0, part = 0;
  std::uint64_t tile = 0;  ///< in SpatialProgram::tiles; after the loop the column's last tile
};

struct SpatialProgram {
  std::vector<TilePlace> tiles;
  std::vector<Issue> issues[array_units];  ///< by cycle; equally many
};

/// The whole program. `job` must be small: it is unrolled.
SpatialProgram unroll(const SpatialJob& job);

}  // namespace sluice
