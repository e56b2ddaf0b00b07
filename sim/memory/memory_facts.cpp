// SPDX-License-Identifier: Apache-2.0
#include "sim/memory/memory_facts.hpp"

#include <cmath>

namespace sluice {

MemoryFacts memory_facts(const Dram& dram, Hertz clock) {
  const auto cycles = [&](double seconds) {
    return static_cast<std::uint64_t>(std::ceil(seconds * clock.value - 1e-9));
  };
  if (dram.is_ideal()) return {bytes_per_cycle(dram.bandwidth, clock), cycles(dram.latency.value)};
  const DramTiming t = timing_of(dram);
  const double clocks = t.rcd_rd + t.cl + t.burst_clocks;
  return {peak_bytes_per_second(dram) / clock.value,
          cycles(dram.controller_latency.value + clocks * t.tck_ps * 1e-12)};
}

}  // namespace sluice
