// SPDX-License-Identifier: Apache-2.0
// What can be said of a main memory without simulating it.
#pragma once

#include <cstdint>

#include "arch/dram.hpp"
#include "base/quantity.hpp"

namespace sluice {

struct MemoryFacts {
  double bytes_per_cycle = 0;          ///< peak, per cycle of the machine; 0: unlimited
  std::uint64_t unloaded_latency = 0;  ///< machine cycles from request to last byte of a burst
};

MemoryFacts memory_facts(const Dram& dram, Hertz clock);

}  // namespace sluice
