// SPDX-License-Identifier: Apache-2.0
// Transfers of several engines in one memory: what they move, in which order events come, and that
// nothing depends on how time was cut.
#include <doctest/doctest.h>

#include <map>
#include <random>
#include <set>

#include "sim/memory/dram_system.hpp"
#include "tests/sim/dram_checker.hpp"
#include "tests/sim/dram_streams.hpp"

using namespace sluice;

namespace {

Dram hbm(std::uint32_t channels) {
  Dram dram = test::dram_of("HBM2-2000");
  dram.channels = channels;
  return dram;
}

/// The bursts of a transfer by the definition: run by run, not again the burst just moved.
std::vector<std::uint64_t> bursts_of(const Transfer& t, std::uint64_t burst_bytes) {
  std::vector<std::uint64_t> bursts;
  for (std::uint64_t k = 0; k < t.loops[2].count; ++k)
    for (std::uint64_t j = 0; j < t.loops[1].count; ++j)
      for (std::uint64_t i = 0; i < t.loops[0].count; ++i) {
        const std::uint64_t at = t.address +
                                 i * static_cast<std::uint64_t>(t.loops[0].stride_bytes) +
                                 j * static_cast<std::uint64_t>(t.loops[1].stride_bytes) +
                                 k * static_cast<std::uint64_t>(t.loops[2].stride_bytes);
        for (std::uint64_t b = at / burst_bytes; b <= (at + t.run_bytes - 1) / burst_bytes; ++b)
          if (bursts.empty() || bursts.back() != b) bursts.push_back(b);
      }
  return bursts;
}

Transfer random_transfer(std::mt19937_64& random, std::uint32_t streams) {
  Transfer t;
  t.address = random() % (1 << 26);
  t.run_bytes = 1 + random() % 700;
  for (TransferLoop& loop : t.loops) {
    loop.count = 1 + random() % 5;
    // Half of the loops continue where the run ends.
    loop.stride_bytes =
        static_cast<std::int64_t>(random() % 2 == 0 ? t.run_bytes : t.run_bytes + random() % 5000);
  }
  t.write = random() % 3 == 0;
  t.stream = static_cast<std::uint32_t>(random() % streams);
  t.outstanding = static_cast<std::uint32_t>(1 + random() % 200);
  return t;
}

/// Three engines that each submit a transfer when their last one was accepted, `count` in all.
struct Workload {
  explicit Workload(const Dram& dram, std::uint64_t seed, int count)
      : system(dram), random(seed), left(count) {
    system.log_to(&log);
    for (int engine = 0; engine < 3; ++engine) submit(random() % 100);
  }

  void submit(std::uint64_t clock) {
    if (left == 0) return;
    --left;
    const Transfer t = random_transfer(random, 4);
    for (const std::uint64_t b : bursts_of(t, system.map().burst_bytes()))
      bytes[t.write] += system.map().burst_bytes() + 0 * b;
    system.submit(t, clock);
  }

  /// Runs to the end in pieces of time that `piece` gives.
  template <class Piece>
  void run(Piece piece) {
    std::uint64_t horizon = 0;
    while (system.busy()) {
      const std::uint64_t promised = system.earliest_event();
      const auto event = system.advance(horizon);
      if (!event) {
        horizon = std::max(horizon, system.now()) + piece();
        continue;
      }
      early = early || event->clock < promised;
      early = early || event->clock < last_event;
      last_event = event->clock;
      events.push_back(*event);
      if (!event->done) submit(event->clock + random() % 3 * 10);
    }
    end = system.drain();
  }

  DramSystem system;
  std::mt19937_64 random;
  int left = 0;
  std::vector<DramCommand> log;
  std::vector<TransferEvent> events;
  std::map<bool, std::uint64_t> bytes;
  std::uint64_t last_event = 0, end = 0;
  bool early = false;  ///< an event came before another, or before what was promised
};

}  // namespace

TEST_CASE("every burst has a place of its own in one channel, numbered in the order of addresses") {
  for (const char* mapping :
       {"row:column:bank:bank_group:channel", "row:bank:bank_group:channel:column",
        "row:channel:bank:column:bank_group"})
    for (const std::uint32_t channels : {1u, 2u, 3u, 8u, 12u})
      for (const bool hash : {false, true}) {
        Dram dram = hbm(channels);
        dram.mapping = mapping;
        dram.hash = hash;
        CAPTURE(mapping);
        CAPTURE(channels);
        CAPTURE(hash);
        const AddressMap map(dram);
        // Rows of 1024 B in 16 banks: 512 bursts a channel before the row changes; three rows.
        std::vector<std::uint64_t> seen(channels);
        std::map<std::tuple<std::uint32_t, std::uint32_t, std::uint64_t>, int> bursts_of_row;
        for (std::uint64_t b = 0; b < 3 * 512 * channels; ++b) {
          const std::uint32_t c = map.channel_of(b);
          REQUIRE(map.local_before(b, c) == seen[c]);
          const DramPlace place = map.place(seen[c]++);
          ++bursts_of_row[{c, place.bank, place.row}];
        }
        CHECK(bursts_of_row.size() == 3 * 16 * channels);
        for (const auto& [row, bursts] : bursts_of_row) REQUIRE(bursts == 32);
      }
}

TEST_CASE("an address moved by the period keeps channel and bank, and changes the row alone") {
  for (const std::uint32_t channels : {4u, 6u}) {
    const AddressMap map(hbm(channels));
    for (std::uint64_t b = 0; b < 5000; b += 7) {
      const std::uint64_t moved = b + map.period_bytes() / 32;
      const std::uint32_t c = map.channel_of(b);
      REQUIRE(map.channel_of(moved) == c);
      const DramPlace before = map.place(map.local_before(b, c));
      const DramPlace after = map.place(map.local_before(moved, c));
      REQUIRE(after.bank == before.bank);
      REQUIRE(after.row == before.row + map.period_bytes() / map.row_span_bytes());
    }
  }
}

TEST_CASE("a transfer counts and visits exactly the bursts that it touches") {
  const std::uint64_t seed = 11;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (int i = 0; i < 300; ++i) {
    const AddressMap map(hbm(1 + static_cast<std::uint32_t>(random() % 5)));
    const Transfer t = random_transfer(random, 1);
    std::vector<std::vector<std::uint64_t>> expected(map.channels());
    const auto bursts = bursts_of(t, 32);
    for (const std::uint64_t b : bursts)
      expected[map.channel_of(b)].push_back(map.local_before(b, map.channel_of(b)));
    std::vector<std::uint64_t> counts(map.channels());
    REQUIRE(count_bursts(t, map, counts) == bursts.size());
    for (std::uint32_t c = 0; c < map.channels(); ++c) {
      REQUIRE(counts[c] == expected[c].size());
      TransferCursor cursor(t, map, c);
      for (const std::uint64_t local : expected[c]) REQUIRE(cursor.next() == local);
    }
  }
}

TEST_CASE("bytes are conserved, commands legal, and nothing depends on how time was cut") {
  for (const std::uint32_t channels : {1u, 2u, 5u})
    for (const std::uint64_t seed : {1u, 2u, 3u}) {
      CAPTURE(channels);
      CAPTURE(seed);
      Dram dram = hbm(channels);
      dram.refresh = seed == 2 ? DramRefresh::per_bank : DramRefresh::all_bank;
      if (seed == 3) dram.refresh_postponed = dram.refresh_pulled_in = 2;
      Workload whole(dram, seed, 60), cut(dram, seed, 60);
      whole.run([] { return ~std::uint64_t{0} / 2; });
      std::mt19937_64 pieces(seed);
      cut.run([&] { return 1 + pieces() % 50; });
      CHECK(whole.events == cut.events);
      CHECK(whole.end == cut.end);
      CHECK_FALSE(whole.early);
      CHECK_FALSE(cut.early);
      const DramStats total = whole.system.total();
      CHECK(total.bytes_read == whole.bytes[false]);
      CHECK(total.bytes_written == whole.bytes[true]);
      StreamBytes streams;
      for (const StreamBytes& s : whole.system.streams())
        streams.read += s.read, streams.written += s.written;
      CHECK(streams == StreamBytes{total.bytes_read, total.bytes_written});
      // A channel may be ahead of another by as much as nothing can interrupt it.
      for (std::vector<DramCommand>* log : {&whole.log, &cut.log})
        std::ranges::stable_sort(
            *log, {}, [](const DramCommand& c) { return std::pair(c.clock, c.channel); });
      CHECK(test::first_illegal(dram, whole.log) == "");
      CHECK(whole.log.size() > 1000);
      whole.log.resize(std::min(whole.log.size(), cut.log.size()));
      cut.log.resize(whole.log.size());  // one may have refreshed once more
      CHECK(whole.log == cut.log);
    }
}

TEST_CASE("runs of row hits timed at once are bit-identical to the same one by one") {
  const std::uint64_t seed = 5;
  CAPTURE(seed);
  const std::string contiguous = "row:bank:bank_group:channel:column";
  for (const char* preset : {"DDR4-2400", "HBM2-2000", "LPDDR4-3200"})
    for (const auto& refresh : EnumNames<DramRefresh>::table)
      for (const auto& [page, mapping] :
           {std::pair(PagePolicy::open, Dram{}.mapping), std::pair(PagePolicy::open, contiguous),
            std::pair(PagePolicy::closed, contiguous),
            std::pair(PagePolicy::closed_always, contiguous),
            std::pair(PagePolicy::open_adaptive, contiguous)}) {
        Dram dram = test::dram_of(preset);
        if (refresh.value == DramRefresh::per_bank && dram.preset == "DDR4-2400") continue;
        dram.mapping = mapping;
        dram.channels = dram.preset == "HBM2-2000" ? 3 : 1;
        dram.refresh = refresh.value;
        dram.page_policy = page;
        if (page != PagePolicy::open) dram.scheduler = DramScheduler::fcfs_bank;
        if (page != PagePolicy::open && refresh.value == DramRefresh::all_bank)
          dram.refresh_postponed = dram.refresh_pulled_in = 3;
        dram.read_window = 8;
        dram.write_queue = 12;
        CAPTURE(preset);
        CAPTURE(refresh.name);
        CAPTURE(mapping);
        DramSystem at_once(dram), one_by_one(dram);
        one_by_one.allow_runs(false);
        std::vector<DramCommand> log[2];
        at_once.log_to(&log[0]);
        one_by_one.log_to(&log[1]);
        std::mt19937_64 random(seed);
        std::vector<TransferEvent> events[2];
        std::vector<std::uint64_t> states[2];
        for (int i = 0; i < 200; ++i) {
          Transfer t{.address = random() % (1 << 24), .run_bytes = 1 + random() % 40'000};
          t.write = random() % 3 == 0;
          t.outstanding = random() % 2 == 0 ? 4096 : 20;
          const std::uint64_t now = at_once.now(), horizon = now + random() % 5000;
          int which = 0;
          for (DramSystem* system : {&at_once, &one_by_one}) {
            system->submit(t, now + i % 3 * 100);
            while (const auto event = system->advance(horizon)) events[which].push_back(*event);
            states[which].clear();
            system->append_state(horizon, std::vector<std::uint64_t>{0}, states[which]);
            ++which;
          }
          REQUIRE(states[0] == states[1]);
        }
        CHECK(events[0] == events[1]);
        CHECK(at_once.total() == one_by_one.total());
        for (auto& list : log)
          std::ranges::stable_sort(
              list, {}, [](const DramCommand& c) { return std::pair(c.clock, c.channel); });
        CHECK(log[0] == log[1]);
        CHECK(test::first_illegal(dram, log[0]) == "");
      }
}

TEST_CASE("every transfer is accepted, then done; a write is done when accepted") {
  DramSystem system(hbm(2));
  const TransferId read = system.submit({.address = 0, .run_bytes = 4096}, 10);
  const TransferId write =
      system.submit({.address = 1 << 20, .run_bytes = 640, .write = true, .stream = 1}, 10);
  std::map<TransferId, std::vector<TransferEvent>> events;
  while (const auto event = system.advance(100'000)) events[event->id].push_back(*event);
  REQUIRE(events[read].size() == 2);
  REQUIRE(events[write].size() == 2);
  CHECK_FALSE(events[read][0].done);
  CHECK(events[read][1].done);
  CHECK(events[read][1].clock > events[read][0].clock + 14);  // tCL at least
  CHECK(events[write][0].clock == 11);                        // 20 bursts fit the queues at once
  CHECK(events[write][1].clock == 11);
  CHECK(system.now() == 100'000);
}

TEST_CASE(
    "a single burst is accepted one clock after it arrives and done after the unloaded latency") {
  for (const DramPreset& preset : dram_presets()) {
    DramSystem system(test::dram_of(preset.name));
    system.submit({.address = 0, .run_bytes = 1}, 100);
    CHECK(system.advance(~std::uint64_t{0})->clock == 101);
    CHECK(system.advance(~std::uint64_t{0})->clock == 100 + system.unloaded_latency());
    CHECK_FALSE(system.advance(~std::uint64_t{0}).has_value());
    CHECK_FALSE(system.busy());
  }
}

TEST_CASE("an empty transfer is over when it arrives") {
  DramSystem system(hbm(2));
  system.submit({.address = 64, .run_bytes = 0}, 7);
  CHECK(system.advance(100) == TransferEvent{TransferId{0}, 7, false});
  CHECK(system.advance(100) == TransferEvent{TransferId{0}, 7, true});
}

TEST_CASE("engines share the bandwidth evenly while all have work") {
  Dram dram = test::dram_of("DDR4-2400");
  DramSystem system(dram);
  for (std::uint32_t engine = 0; engine < 3; ++engine)
    system.submit({.address = engine * 999 * 4096ull, .run_bytes = 1 << 20, .stream = engine}, 0);
  std::vector<std::uint64_t> done;
  while (const auto event = system.advance(~std::uint64_t{0}))
    if (event->done) done.push_back(event->clock);
  REQUIRE(done.size() == 3);
  CHECK(static_cast<double>(done[0]) / static_cast<double>(done[2]) > 0.97);
}

TEST_CASE("a limit of reads in flight bounds the bandwidth by Little's law") {
  Dram dram = test::dram_of("DDR4-2400");
  dram.refresh = DramRefresh::none;
  DramSystem system(dram);
  system.submit({.address = 0, .run_bytes = 64 * 64, .outstanding = 1}, 0);
  std::uint64_t end = 0;
  while (const auto event = system.advance(~std::uint64_t{0})) end = event->clock;
  // One burst at a time: tCL + BL + 25 clocks of controller and PHY = 45 each, for 64 of them. Four
  // bursts lie together in a bank, banks by turns: 16 of 64 open a row (tRCD = 16 more).
  CHECK(end == 64 * 45 + 16 * 16);
}
