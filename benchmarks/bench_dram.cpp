// SPDX-License-Identifier: Apache-2.0
// How many DRAM bursts are timed a second, and as a ratio to the plainest event-driven memory run
// in the same process: one event a burst through a std::priority_queue, a bank being busy for a
// fixed time.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <queue>
#include <random>
#include <utility>
#include <vector>

#include "sim/memory/dram_system.hpp"
#include "sim/memory/trace.hpp"

namespace {

using namespace sluice;

constexpr std::uint64_t forever = ~std::uint64_t{0};

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

/// The best of a few runs of `work`, which returns the bursts it timed.
template <class Work>
double bursts_per_second(Work&& work) {
  double best = 0;
  for (int run = 0; run < 5; ++run) {
    const double begin = cpu_seconds();
    const std::uint64_t bursts = work();
    best = std::max(best, static_cast<double>(bursts) / (cpu_seconds() - begin));
  }
  return best;
}

/// One event a burst: nothing but a queue of what ends when, and a busy time for each bank.
std::uint64_t plain_events(std::uint64_t bursts) {
  using Event = std::pair<std::uint64_t, std::uint64_t>;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events;
  std::vector<std::uint64_t> bank_free(16);
  for (std::uint64_t b = 0; b < 32; ++b) events.push({b, b});
  std::uint64_t next = 32, checksum = 0;
  while (!events.empty()) {
    const auto [clock, burst] = events.top();
    events.pop();
    std::uint64_t& bank = bank_free[burst / 4 % 16];
    bank = std::max(bank, clock) + 4;
    checksum += bank;
    if (next < bursts) events.push({bank + 16, next++});
  }
  return checksum == 0 ? 0 : bursts;
}

Dram memory(const char* preset, std::uint32_t channels, const char* mapping) {
  Dram dram;
  dram.preset = preset;
  dram.channels = channels;
  dram.mapping = mapping;
  return dram;
}

/// 100 MB in tiles of 64 KiB, the next when the last was accepted: the traffic of a network such as
/// ResNet-50 in batches.
std::uint64_t tiles(const Dram& dram, bool runs = true) {
  DramSystem system(dram);
  system.allow_runs(runs);
  constexpr std::uint64_t bytes = 100'000'000, tile = 65'536;
  for (std::uint64_t at = 0; at < bytes; at += tile) {
    Transfer transfer;
    transfer.address = at;
    transfer.run_bytes = std::min(tile, bytes - at);
    transfer.outstanding = 64 * dram.channels;
    system.submit(transfer, system.now());
    while (const auto event = system.advance(forever))
      if (!event->done) break;
  }
  while (system.advance(forever)) {
  }
  return system.total().reads;
}

std::uint64_t trace(const Dram& dram, const std::vector<DramRequest>& requests) {
  const TraceResult result = run_trace(dram, requests);
  return result.total.reads + result.total.writes;
}

void report(const char* name, double rate, double reference) {
  std::printf("%-42s %7.2f M bursts/s   %5.2f x reference\n", name, rate * 1e-6, rate / reference);
}

}  // namespace

int main() {
  constexpr const char* interleaved = "row:column:bank:bank_group:channel";
  constexpr const char* contiguous = "row:bank:bank_group:channel:column";
  const double reference = bursts_per_second([] { return plain_events(2'000'000); });
  report("reference: one queued event a burst", reference, reference);
  report("tiles, DDR4-2400, row-contiguous",
         bursts_per_second([&] { return tiles(memory("DDR4-2400", 1, contiguous)); }), reference);
  report("the same, row hits one by one",
         bursts_per_second([&] { return tiles(memory("DDR4-2400", 1, contiguous), false); }),
         reference);
  report("tiles, DDR4-2400, interleaved",
         bursts_per_second([&] { return tiles(memory("DDR4-2400", 1, interleaved)); }), reference);
  report("tiles, HBM2-2000 x 16, row-contiguous",
         bursts_per_second([&] { return tiles(memory("HBM2-2000", 16, contiguous)); }), reference);
  report("tiles, HBM2-2000 x 16, interleaved",
         bursts_per_second([&] { return tiles(memory("HBM2-2000", 16, interleaved)); }), reference);

  std::mt19937_64 random(1);
  std::vector<DramRequest> requests(300'000);
  for (DramRequest& request : requests) request.address = random() % (std::uint64_t{1} << 32);
  report("random reads, DDR4-2400",
         bursts_per_second([&] { return trace(memory("DDR4-2400", 1, interleaved), requests); }),
         reference);
  report("random reads, HBM2-2000 x 2",
         bursts_per_second([&] { return trace(memory("HBM2-2000", 2, interleaved), requests); }),
         reference);
  return 0;
}
