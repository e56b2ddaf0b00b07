// SPDX-License-Identifier: Apache-2.0
#include "sim/memory/memory_facts.hpp"

#include <algorithm>
#include <cmath>

namespace sluice {
namespace {

ClockRatio clock_ratio(const DramTiming& timing, Hertz clock) {
  constexpr double tolerance = 5e-4;  // presets round tCK by as much: 833 ps for 833.3
  const double ratio = 1e12 / timing.tck_ps / clock.value;
  for (std::uint64_t q = 1;; ++q) {
    const double p = std::round(ratio * static_cast<double>(q));
    if (p >= 1 && std::abs(p / static_cast<double>(q) - ratio) <= tolerance * ratio)
      return {static_cast<std::uint64_t>(p), q};
  }
}

}  // namespace

MemoryFacts memory_facts(const Dram& dram, Hertz clock) {
  const auto cycles = [&](double seconds) {
    return static_cast<std::uint64_t>(std::ceil(seconds * clock.value - 1e-9));
  };
  if (dram.is_ideal()) {
    const std::uint64_t latency = cycles(dram.latency.value);
    return {bytes_per_cycle(dram.bandwidth, clock), latency, latency};
  }
  const DramTiming t = timing_of(dram);
  const double clocks = t.rcd_rd + t.cl + t.burst_clocks;
  const ClockRatio ratio = clock_ratio(t, clock);
  const double cycles_per_clock =
      static_cast<double>(ratio.cycles) / static_cast<double>(ratio.clocks);
  const double bytes_per_clock = 1.0 * t.burst_bytes * dram.channels / t.burst_clocks;
  // Data follows a column command, which comes no earlier than the request, after CL; what the
  // bursts themselves take is part of the bytes at the peak.
  const double least_clocks = t.cl + dram.controller_latency.value * 1e12 / t.tck_ps;
  return {bytes_per_clock / cycles_per_clock,
          cycles(dram.controller_latency.value + clocks * t.tck_ps * 1e-12),
          static_cast<std::uint64_t>(std::floor(least_clocks * cycles_per_clock))};
}

ClockRatio clock_ratio(const Dram& dram, Hertz clock) {
  return clock_ratio(timing_of(dram), clock);
}

}  // namespace sluice
