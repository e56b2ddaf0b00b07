// SPDX-License-Identifier: Apache-2.0
// Channels that go through the same are timed once; the result is that of timing each.
#include <doctest/doctest.h>

#include <random>

#include "sim/memory/dram_system.hpp"
#include "tests/sim/dram_streams.hpp"

using namespace sluice;

namespace {

/// Mostly whole rounds over all channels, now and then a part of one, or rows.
Transfer random_tile(std::mt19937_64& random, std::uint64_t round) {
  Transfer t;
  t.address = random() % 4096 * round;
  t.run_bytes = (1 + random() % 40) * round;
  if (random() % 12 == 0) t.run_bytes += random() % round;
  if (random() % 12 == 0) t.address += random() % round;
  if (random() % 8 == 0) t.loops[0] = {1 + random() % 90, static_cast<std::int64_t>(2 * round)};
  t.write = random() % 3 == 0;
  t.stream = static_cast<std::uint32_t>(random() % 3);
  t.outstanding = random() % 3 == 0 ? 1 + static_cast<std::uint32_t>(random() % 100) : 4096;
  return t;
}

/// Every bit that is known of a memory after a workload.
struct Seen {
  std::vector<TransferEvent> events;
  std::vector<DramStats> stats, counters;
  std::vector<StreamBytes> streams;
  std::uint64_t end = 0;
  bool operator==(const Seen&) const = default;
};

Seen run(const Dram& dram, std::uint64_t seed, bool apart) {
  DramSystem system(dram);
  if (apart) system.part_all();
  std::mt19937_64 random(seed);
  const std::uint64_t round =
      system.map().burst_bytes() * dram.low_columns * static_cast<std::uint64_t>(dram.channels);
  Seen seen;
  for (int i = 0; i < 40; ++i) {
    system.submit(random_tile(random, round), system.now());
    const std::uint64_t horizon = system.now() + random() % 3000;
    while (const auto event = system.advance(horizon)) seen.events.push_back(*event);
  }
  while (const auto event = system.advance(~std::uint64_t{0})) seen.events.push_back(*event);
  seen.end = system.drain();
  seen.streams = system.streams();
  for (std::size_t c = 0; c < system.channels(); ++c) {
    seen.stats.push_back(system.stats(c));
    seen.counters.push_back(system.counters(c));
  }
  return seen;
}

void check_alike(std::uint64_t seed) {
  CAPTURE(seed);
  for (const DramPreset& preset : dram_presets())
    for (const std::uint32_t channels : {1u, 3u, 8u, 16u})
      for (const bool hash : {true, false}) {
        CAPTURE(preset.name);
        CAPTURE(channels);
        CAPTURE(hash);
        Dram dram = test::dram_of(preset.name);
        dram.channels = channels;
        dram.hash = hash;
        CHECK((run(dram, seed, false) == run(dram, seed, true)));
      }
}

}  // namespace

TEST_CASE("channels timed once are bit-identical to channels timed one by one") { check_alike(1); }

TEST_SUITE("slow") {
  TEST_CASE("channels timed once are bit-identical to channels timed one by one, more tiles") {
    for (const std::uint64_t seed : {2u, 3u}) check_alike(seed);
  }
}

// 16 channels x 4 bursts of 32 B: 2 KiB. A burst more goes to one channel alone, after which its
// bus has done more than the others; the counters of the channels say so.
TEST_CASE("a burst more in one channel is seen in that channel alone") {
  Dram dram = test::dram_of("HBM2E-3200");
  dram.channels = 16;
  DramSystem system(dram);
  system.submit({.address = 0, .run_bytes = 64 * 1024}, 0);
  while (system.advance(~std::uint64_t{0})) continue;
  for (std::size_t c = 0; c < 16; ++c) CHECK(system.stats(c).reads == 128);
  system.submit({.address = 1 << 20, .run_bytes = 64 * 1024 + 32}, system.now());
  while (system.advance(~std::uint64_t{0})) continue;
  int more = 0;
  for (std::size_t c = 0; c < 16; ++c) more += static_cast<int>(system.stats(c).reads) - 256;
  CHECK(more == 1);
}
