// SPDX-License-Identifier: Apache-2.0
// The request patterns of the comparison with Ramulator 2.1 (docs/validation/dram.md).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "tests/sim/dram_streams.hpp"

namespace sluice::test {

enum class Pattern : std::uint8_t {
  read_interleaved,  ///< one stream; four bursts, then the next channel, bank group, bank
  read_row,          ///< one stream; whole rows one after the other
  random_read,
  write_interleaved,
  two_reads_a_write,  ///< one stream in runs of 64 bursts: two read, one written
  three_streams,      ///< A and B read, C written, in runs of 32 bursts, at the same bank offsets
};

inline Dram memory_of(Pattern pattern, std::string_view preset) {
  Dram dram = dram_of(preset);
  // A channel of HBM is two pseudo-channels under one controller.
  if (timing_of(dram).row_bus_channels != 0) dram.channels = 2;
  if (pattern == Pattern::read_row) dram.mapping = "row:bank:bank_group:channel:column";
  return dram;
}

inline std::vector<DramRequest> requests_of(Pattern pattern, const Dram& dram, std::size_t count) {
  const std::uint64_t burst = timing_of(dram).burst_bytes;
  constexpr std::uint64_t apart = std::uint64_t{1} << 32;
  std::vector<DramRequest> requests;
  switch (pattern) {
    case Pattern::read_interleaved:
    case Pattern::read_row:
      return stream_of(dram, count);
    case Pattern::random_read:
      return random_reads(count, 1);
    case Pattern::write_interleaved:
      return stream_of(dram, count, true);
    case Pattern::two_reads_a_write:
      for (std::uint64_t i = 0; i < count; ++i) requests.push_back({i * burst, 0, i / 64 % 3 == 2});
      return requests;
    case Pattern::three_streams:
      for (std::uint64_t i = 0; i < count; ++i) {
        const std::uint64_t run = i / 32, turn = run % 3, round = run / 3;
        requests.push_back({turn * apart + (round * 32 + i % 32) * burst, 0, turn == 2});
      }
      return requests;
  }
  return requests;
}

inline double share_of_peak(Pattern pattern, std::string_view preset, std::size_t count = 200'000) {
  const Dram dram = memory_of(pattern, preset);
  TraceOptions options;
  options.one_controller = true;
  return 100 * run_trace(dram, requests_of(pattern, dram, count), options).share_of_peak;
}

}  // namespace sluice::test
