// SPDX-License-Identifier: Apache-2.0
// What can be said of a main memory without simulating it.
#pragma once

#include <cstdint>

#include "arch/dram.hpp"
#include "base/quantity.hpp"

namespace sluice {

struct MemoryFacts {
  /// Peak, per cycle of the machine, of the clocks as simulated (clock_ratio); 0: unlimited.
  double bytes_per_cycle = 0;
  std::uint64_t unloaded_latency = 0;  ///< machine cycles from request to last byte of a burst
  /// The least that a read takes beyond the time of its bytes at the peak: its row is open.
  std::uint64_t least_latency = 0;
};

MemoryFacts memory_facts(const Dram& dram, Hertz clock);

/// So many DRAM clocks in so many machine cycles.
struct ClockRatio {
  std::uint64_t clocks = 1, cycles = 1;
};

/// The ratio of the clocks as simulated: the fraction of least denominator within 0.05 % (presets
/// round tCK by as much), so that the two clocks come into step again and periods can be found. Not
/// of `ideal`.
ClockRatio clock_ratio(const Dram& dram, Hertz clock);

}  // namespace sluice
