// SPDX-License-Identifier: Apache-2.0
// Every command given on wild streams is legal by an independent checker, whatever the policy; and
// nothing is lost: every burst is served once, every clock of the data bus is accounted for.
#include <doctest/doctest.h>

#include <map>

#include "sim/memory/address_map.hpp"
#include "tests/sim/dram_checker.hpp"
#include "tests/sim/dram_streams.hpp"

using namespace sluice;

namespace {

std::uint64_t accounted(const DramStats& s) {
  return s.data + s.queue_empty + s.refresh + s.row + s.faw + s.bank_group + s.turnaround;
}

/// Accesses by channel, bank, row and direction: what was asked, or what was given.
using Accesses = std::map<std::tuple<std::uint32_t, std::uint32_t, std::uint64_t, bool>, int>;

Accesses asked(const Dram& dram, const std::vector<DramRequest>& requests) {
  const AddressMap map(dram);
  Accesses accesses;
  for (const DramRequest& request : requests) {
    const std::uint64_t burst = map.burst_of(request.address);
    const std::uint32_t channel = map.channel_of(burst);
    const DramPlace place = map.place(map.local_before(burst, channel));
    ++accesses[{channel, place.bank, place.row, request.write}];
  }
  return accesses;
}

Accesses given(const std::vector<DramCommand>& log) {
  Accesses accesses;
  for (const DramCommand& c : log) {
    const bool read = c.kind == DramCommandKind::read || c.kind == DramCommandKind::read_precharge;
    const bool write =
        c.kind == DramCommandKind::write || c.kind == DramCommandKind::write_precharge;
    if (read || write) ++accesses[{c.channel, c.bank, c.row, write}];
  }
  return accesses;
}

void check_run(const Dram& dram, std::uint64_t seed, std::uint32_t outstanding) {
  CAPTURE(dram.preset);
  CAPTURE(seed);
  CAPTURE(static_cast<int>(dram.refresh));
  CAPTURE(static_cast<int>(dram.page_policy));
  CAPTURE(static_cast<int>(dram.scheduler));
  CAPTURE(dram.channels);
  const auto requests = test::wild_stream(dram, 3000, seed);
  std::vector<DramCommand> log;
  const TraceResult result = run_trace(dram, requests, {outstanding, &log});
  std::ranges::stable_sort(log, {}, &DramCommand::clock);
  CHECK(test::first_illegal(dram, log) == "");
  CHECK(asked(dram, requests) == given(log));
  for (const DramStats& s : result.channels) {
    CHECK(accounted(s) == s.clocks);
    CHECK(s.row_hits + s.row_misses + s.row_conflicts == s.reads + s.writes);
    CHECK(s.data == (s.reads + s.writes) * timing_of(dram).burst_clocks);
    CHECK(s.row_misses + s.row_conflicts <= s.activates);
  }
}

}  // namespace

TEST_CASE("all commands are legal, all bursts are served once, all clocks are accounted for") {
  std::uint64_t seed = 1;
  for (const DramPreset& preset : dram_presets())
    for (const auto& refresh : EnumNames<DramRefresh>::table)
      for (const auto& page : EnumNames<PagePolicy>::table)
        for (const auto& scheduler : EnumNames<DramScheduler>::table) {
          Dram dram = test::dram_of(preset.name);
          if (refresh.value == DramRefresh::per_bank && preset.timing.rfc_pb == 0) continue;
          dram.refresh = refresh.value;
          dram.page_policy = page.value;
          dram.scheduler = scheduler.value;
          dram.channels = 1 + static_cast<std::uint32_t>(seed % 3);
          dram.hash = seed % 2 == 0;
          if (refresh.value == DramRefresh::all_bank) {
            dram.refresh_postponed = static_cast<std::uint32_t>(seed % 9);
            dram.refresh_pulled_in = static_cast<std::uint32_t>(seed / 2 % 9);
          }
          check_run(dram, seed, seed % 4 == 0 ? 5 : 1000);
          ++seed;
        }
}

TEST_CASE("no refresh is left out: one every tREFI, or one of a bank every tREFI / banks") {
  Dram dram = test::dram_of("HBM2-2000");
  for (const DramRefresh refresh : {DramRefresh::all_bank, DramRefresh::per_bank}) {
    dram.refresh = refresh;
    const TraceResult result = run_trace(dram, test::stream_of(dram, 100000));
    const std::uint64_t interval = refresh == DramRefresh::per_bank ? 3900 / 16 : 3900;
    const std::uint64_t due = result.clocks / interval;
    CHECK(result.total.refreshes >= due - 1);
    CHECK(result.total.refreshes <= due);
  }
}
