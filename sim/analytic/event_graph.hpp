// SPDX-License-Identifier: Apache-2.0
// Times of single firings as the bounds see them.
#pragma once

#include <cstdint>

#include "sim/analytic/bound.hpp"

namespace sluice {

struct FiringTime {
  std::uint64_t busy = 0;    ///< cycles for which the unit is taken
  std::uint64_t result = 0;  ///< cycles from its start until what it puts can be taken
};

/// Least times of a firing; a transfer at the memory's peak.
FiringTime firing_time(const Firing& firing, const MemoryBound& memory);

}  // namespace sluice
