// SPDX-License-Identifier: Apache-2.0
// Request streams that several DRAM tests share.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "arch/dram.hpp"
#include "sim/memory/trace.hpp"

namespace sluice::test {

inline Dram dram_of(std::string_view preset) {
  Dram dram;
  dram.preset = std::string(preset);
  return dram;
}

/// `count` bursts one after the other from `base`.
inline std::vector<DramRequest> stream_of(const Dram& dram, std::size_t count, bool write = false,
                                          std::uint64_t base = 0) {
  std::vector<DramRequest> requests;
  const std::uint64_t bytes = timing_of(dram).burst_bytes;
  for (std::size_t i = 0; i < count; ++i) requests.push_back({base + i * bytes, 0, write});
  return requests;
}

inline std::vector<DramRequest> random_reads(std::size_t count, std::uint64_t seed,
                                             std::uint64_t bytes = std::uint64_t{1} << 32) {
  std::mt19937_64 random(seed);
  std::vector<DramRequest> requests;
  for (std::size_t i = 0; i < count; ++i) requests.push_back({random() % bytes, 0, false});
  return requests;
}

/// Reads and writes, runs and jumps, pauses and crowds.
inline std::vector<DramRequest> wild_stream(const Dram& dram, std::size_t count,
                                            std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<DramRequest> requests;
  const std::uint64_t burst = timing_of(dram).burst_bytes;
  std::uint64_t arrival = 0;
  while (requests.size() < count) {
    std::uint64_t address = random() % (std::uint64_t{1} << (random() % 2 == 0 ? 18 : 30));
    const bool write = random() % 3 == 0;
    const std::uint64_t step = random() % 4 == 0 ? burst * (random() % 300) : burst;
    if (random() % 40 == 0) arrival += random() % 20000;
    for (std::uint64_t run = random() % 50; run > 0 && requests.size() < count; --run) {
      requests.push_back({address, arrival, write});
      address += step;
      if (random() % 2 == 0) arrival += random() % 9;
    }
  }
  return requests;
}

}  // namespace sluice::test
