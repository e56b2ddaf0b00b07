// SPDX-License-Identifier: Apache-2.0
// Periodic work may be skipped: where the state of a memory recurs, shifting it in time and space
// gives what simulating would have given, to the last count.
#include <doctest/doctest.h>

#include <map>

#include "sim/memory/dram_system.hpp"
#include "tests/sim/dram_streams.hpp"

using namespace sluice;

namespace {

/// Two streams read and one written, each a tile further in every period of `period` clocks.
struct Periodic {
  Periodic(const Dram& dram, std::uint64_t period) : system(dram), period(period) {
    for (std::uint64_t s = 0; s < base.size(); ++s) base[s] = s << 32;
  }

  void run_period(std::vector<TransferEvent>* events = nullptr) {
    for (std::uint32_t s = 0; s < 3; ++s) {
      Transfer t{.address = base[s], .run_bytes = 512 * system.channels()};
      t.loops[0] = {16, static_cast<std::int64_t>(step() / 16)};
      t.write = s == 2;
      t.stream = s;
      t.outstanding = 24;
      system.submit(t, begin + period - 200 + 50 * s);  // in flight at the boundary
      base[s] += step();
    }
    begin += period;
    while (const auto event = system.advance(begin))
      if (events != nullptr) events->push_back(*event);
  }

  std::uint64_t step() const { return system.map().period_bytes(); }
  std::vector<std::uint64_t> state() const {
    std::vector<std::uint64_t> out;
    system.append_state(begin, base, out);
    return out;
  }
  DramStats counters() const {
    DramStats sum;
    for (std::size_t c = 0; c < system.channels(); ++c) sum += system.counters(c);
    return sum;
  }

  DramSystem system;
  std::uint64_t period, begin = 0;
  std::array<std::uint64_t, 3> base{};
};

void check_skipping(const Dram& dram, std::uint64_t period) {
  Periodic straight(dram, period), skipping(dram, period);
  const std::uint64_t total = 400;
  std::map<std::vector<std::uint64_t>, std::pair<std::uint64_t, DramStats>> seen;
  std::uint64_t done = 0, times = 0, length = 0;
  DramStats growth;
  for (; done < total / 2; ++done) {
    const auto [at, fresh] = seen.try_emplace(skipping.state(), done, skipping.counters());
    if (!fresh) {
      length = done - at->second.first;
      growth = skipping.counters() - at->second.second;
      break;
    }
    skipping.run_period();
  }
  REQUIRE(length != 0);
  times = (total - done) / length - 1;
  REQUIRE(times > 3);
  const std::uint64_t skipped = times * length;
  const auto bytes = static_cast<std::int64_t>(skipped * skipping.step());
  const std::vector<std::int64_t> delta(3, bytes);
  skipping.system.shift(skipped * period, delta);
  for (std::uint64_t& base : skipping.base) base += skipped * skipping.step();
  skipping.begin += skipped * period;
  done += skipped;

  for (std::uint64_t p = 0; p < done; ++p) straight.run_period();
  CHECK(straight.state() == skipping.state());
  std::vector<TransferEvent> events, events_skipped;
  for (; done < total; ++done) straight.run_period(&events), skipping.run_period(&events_skipped);
  CHECK(events == events_skipped);
  growth *= times;
  CHECK(straight.counters() == skipping.counters() + growth);
  CHECK(straight.system.drain() == skipping.system.drain());
}

}  // namespace

TEST_CASE("skipping periods of a recurring state changes no event and no count") {
  for (const char* preset : {"HBM2-2000", "DDR4-2400"})
    for (const std::uint32_t channels : {1u, 2u, 4u}) {
      CAPTURE(preset);
      CAPTURE(channels);
      Dram dram = test::dram_of(preset);
      dram.channels = channels;
      check_skipping(dram, timing_of(dram).refi);
      // Three periods in four refresh intervals: the state can recur after three.
      dram.timing.refi = 3900;
      check_skipping(dram, 4 * 3900 / 3);
      dram.refresh_postponed = dram.refresh_pulled_in = 1;
      check_skipping(dram, 4 * 3900 / 3);
      dram.refresh = DramRefresh::none;
      check_skipping(dram, 5000);
      dram.page_policy = PagePolicy::closed;
      check_skipping(dram, 4500);
    }
}

TEST_CASE("a shift moves what is in flight: times by the clocks, rows by the bytes") {
  const Dram dram = test::dram_of("HBM2-2000");
  const auto finish = [](DramSystem& system) {
    std::vector<TransferEvent> events;
    while (const auto event = system.advance(system.now() + 100'000)) events.push_back(*event);
    return events;
  };
  DramSystem still(dram), moved(dram);
  const auto begin = [](DramSystem& system) {
    system.submit({.address = 12345, .run_bytes = 50'000, .outstanding = 9}, 5);
    system.submit({.address = 1 << 25, .run_bytes = 20'000, .write = true, .stream = 1}, 9);
    while (system.now() < 400) system.advance(400);
  };
  begin(still), begin(moved);
  const std::uint64_t refresh_interval = 3900;
  const std::vector<std::int64_t> delta = {
      static_cast<std::int64_t>(moved.map().period_bytes() * 3),
      -static_cast<std::int64_t>(moved.map().period_bytes())};
  moved.shift(refresh_interval, delta);
  CHECK(moved.now() == 400 + refresh_interval);
  std::vector<TransferEvent> expected = finish(still), events = finish(moved);
  for (TransferEvent& event : expected) event.clock += refresh_interval;
  CHECK(expected == events);
  CHECK(expected.size() == 4);
}

TEST_CASE("states that differ in what matters are told apart") {
  const Dram dram = test::dram_of("HBM2-2000");
  const auto state_after = [&](std::uint64_t address, std::uint64_t clock, bool write) {
    DramSystem system(dram);
    system.submit({.address = address, .run_bytes = 256, .write = write}, 0);
    while (system.advance(clock)) {
    }
    std::vector<std::uint64_t> out;
    system.append_state(clock, std::vector<std::uint64_t>{0}, out);
    return out;
  };
  const auto reference = state_after(0, 100, false);
  CHECK(reference == state_after(0, 100, false));
  CHECK(reference != state_after(0, 101, false));        // the refresh is nearer
  CHECK(reference != state_after(1 << 22, 100, false));  // another row is open
  CHECK(reference != state_after(0, 100, true));         // the last data were written
}
