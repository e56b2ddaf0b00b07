// SPDX-License-Identifier: Apache-2.0
// How often a mapped Einsum reads and writes each level, in closed form; docs/mapping_counts.md has
// the rules. How long that takes and what it costs is in cost.hpp.
#pragma once

#include <array>
#include <cstdint>

#include "mapper/nest/nest.hpp"

namespace sluice {

/// Where the field's tools count differently.
enum class CountConvention : std::uint8_t {
  sluice,      ///< what happens in a machine whose buffers keep what the next tile needs again
  timeloop,    ///< Timeloop's default analysis (Parashar et al., ISPASS 2019)
  accelforge,  ///< AccelForge: every loop above a kept tile brings it anew, drains are read
};

/// Accesses of all instances of a level to one tensor, in words.
struct AccessCount {
  bool kept = false;
  std::uint64_t tile = 0;     ///< words of the largest tile of an instance
  double instances = 0;       ///< that are used, on average
  std::uint64_t reads = 0;    ///< to the level below, or (not in timeloop) to drain a result
  std::uint64_t fills = 0;    ///< words that come from above
  std::uint64_t updates = 0;  ///< words of results that come from below
  bool operator==(const AccessCount&) const = default;
  /// The same of one instance, rounded to the nearest integer.
  std::uint64_t of_instance(std::uint64_t total) const {
    return static_cast<std::uint64_t>(static_cast<double>(total) / instances + 0.5);
  }
};

struct NestCounts {
  std::array<std::array<AccessCount, max_nest_tensors>, max_nest_levels> at{};
  std::uint64_t operations = 0;  ///< points of the iteration space
  std::uint64_t steps = 0;       ///< in time, lanes in lockstep
  bool operator==(const NestCounts&) const = default;
};

struct CountOptions {
  CountConvention convention = CountConvention::sluice;
  /// Bit i: another Einsum runs in the outer i nodes and no further, so that what is kept inside of
  /// these is lost from one of their iterations to the next.
  std::uint64_t branches = 0;
};

/// Counts the accesses of a legal nest (verify() says what is legal) into the rows of `counts` for
/// the levels and tensors that there are; leaves other rows alone. Nothing is allocated unless a
/// rank of a sliding window is ragged or spread.
void count_accesses(const Nest& nest, const Problem& problem, const Hierarchy& hierarchy,
                    const CountOptions& options, NestCounts& counts);

/// Words of one tensor that come to the end of an unfinished nest, over all steps.
struct Arrivals {
  std::uint64_t served = 0;         ///< by the innermost level that keeps it, once for all lanes
  std::uint64_t arrived = 0;        ///< in all lanes
  std::uint64_t first_touches = 0;  ///< those that find no sum yet at the end of the nest
};

/// What would come to a level that kept all tensors at the end of `nest`, which need not cover its
/// ranks; in accelforge, outside of the innermost loops that do not move a tensor. A level further
/// in never gets less. Tensors that are kept nowhere get nothing.
std::array<Arrivals, max_nest_tensors> count_arrivals(const Nest& nest, const Problem& problem,
                                                      const Hierarchy& hierarchy,
                                                      const CountOptions& options);

}  // namespace sluice
