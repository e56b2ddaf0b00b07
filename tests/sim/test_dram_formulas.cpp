// SPDX-License-Identifier: Apache-2.0
// Streams whose bandwidth or latency follows from the timing parameters by hand.
#include <doctest/doctest.h>

#include "tests/sim/dram_streams.hpp"

using namespace sluice;

namespace {

/// Addresses that name banks and rows plainly: row, then bank, then bank group, then columns.
Dram plain(std::string_view preset) {
  Dram dram = test::dram_of(preset);
  dram.mapping = "row:bank:bank_group:channel:column";
  dram.hash = false;
  dram.refresh = DramRefresh::none;
  dram.controller_latency = Seconds{0};
  return dram;
}

std::uint64_t address_of(const Dram& dram, std::uint64_t row, std::uint64_t bank,
                         std::uint64_t group, std::uint64_t column) {
  const DramTiming t = timing_of(dram);
  return ((row * t.banks_per_group + bank) * t.bank_groups + group) * t.row_bytes +
         column * t.burst_bytes;
}

double clock_ns(const Dram& dram) { return timing_of(dram).tck_ps * 1e-3; }

}  // namespace

TEST_CASE("a stream reaches 1 - (tRTP + tRP + tRFC + tRCD) / tREFI of the peak, to 1 %") {
  // What a refresh costs a stream that hides its row misses: from the last RD to PRE, to REF, to
  // ACT, to RD (the latency-throughput test of Ramulator 2.1).
  for (const DramPreset& preset : dram_presets()) {
    Dram dram = test::dram_of(preset.name);
    // On the one command bus of LPDDR5, whose RD come every second clock, an ACT of two slots
    // delays an RD; the formula knows no command bus.
    if (preset.name == "LPDDR5-6400") dram.timing.act_slots = 1;
    const DramTiming t = timing_of(dram);
    const double bound = 1.0 - (1.0 * t.rtp + t.rp + t.rfc + t.rcd_rd) / t.refi;
    const TraceResult result = run_trace(dram, test::stream_of(dram, 200'000));
    CAPTURE(preset.name);
    CAPTURE(bound);
    CAPTURE(result.share_of_peak);
    CHECK(result.share_of_peak / bound > 0.99);
    CHECK(result.share_of_peak / bound < 1.01);
  }
}

TEST_CASE(
    "an unloaded read takes tCL after a hit, tRCD + tCL of a closed bank, tRP more of another") {
  for (const DramPreset& preset : dram_presets()) {
    CAPTURE(preset.name);
    const Dram dram = plain(preset.name);
    const DramTiming& t = preset.timing;
    const std::uint64_t later = 10'000;  // everything before has long ended
    const std::uint64_t first = address_of(dram, 1, 0, 0, 0);
    const std::uint64_t hit = address_of(dram, 1, 0, 0, 3), other = address_of(dram, 2, 0, 0, 0);
    const auto latency = [&](std::vector<DramRequest> requests) {
      // The mean times the count: the requests do not meet.
      const TraceResult r = run_trace(dram, requests);
      return r.mean_latency_ns * static_cast<double>(requests.size()) / clock_ns(dram);
    };
    const double closed = latency({{first, 0, false}});
    CHECK(closed == doctest::Approx(t.rcd_rd + t.cl + t.burst_clocks));
    CHECK(latency({{first, 0, false}, {hit, later, false}}) - closed ==
          doctest::Approx(t.cl + t.burst_clocks));
    CHECK(latency({{first, 0, false}, {other, later, false}}) - closed ==
          doctest::Approx(t.rp + t.rcd_rd + t.cl + t.burst_clocks));
  }
}

TEST_CASE("controller and PHY add their latency, in whole clocks") {
  Dram dram = plain("DDR4-2400");
  dram.controller_latency = Seconds{20e-9};
  const TraceResult r = run_trace(dram, std::vector<DramRequest>{{0, 0, false}});
  // 16 + 16 + 4 clocks, and 20 ns / 0.833 ns = 24.01 -> 25 clocks.
  CHECK(r.mean_latency_ns == doctest::Approx((36 + 25) * 0.833));
}

TEST_CASE("a stream within one row, so one bank group, moves a burst every tCCD_L") {
  for (const DramPreset& preset : dram_presets()) {
    CAPTURE(preset.name);
    const Dram dram = plain(preset.name);
    std::vector<DramRequest> requests;
    const std::uint64_t columns = preset.timing.row_bytes / preset.timing.burst_bytes;
    for (std::uint64_t i = 0; i < 1000; ++i)
      requests.push_back({address_of(dram, 0, 0, 0, i % columns), 0, false});
    const TraceResult r = run_trace(dram, requests);
    // ACT at 0, the first RD at tRCD, 999 more, the data of the last.
    CHECK(r.clocks == preset.timing.rcd_rd + 999 * preset.timing.ccd_l + preset.timing.cl +
                          preset.timing.burst_clocks);
  }
}

TEST_CASE(
    "row misses in one bank move a burst every tRC, or what RD and PRE need if that is more") {
  for (const DramPreset& preset : dram_presets()) {
    CAPTURE(preset.name);
    const Dram dram = plain(preset.name);
    const DramTiming& t = preset.timing;
    std::vector<DramRequest> requests;
    for (std::uint64_t i = 0; i < 500; ++i)
      requests.push_back({address_of(dram, i, 0, 0, 0), 0, false});
    const std::uint64_t period = std::max({t.rc, t.ras + t.rp, t.rcd_rd + t.rtp + t.rp});
    CHECK(run_trace(dram, requests).clocks == 499 * period + t.rcd_rd + t.cl + t.burst_clocks);
  }
}

TEST_CASE("row misses in rotating banks move a burst every tRRD_S, four every tFAW, or every tRC") {
  for (const DramPreset& preset : dram_presets()) {
    CAPTURE(preset.name);
    Dram dram = plain(preset.name);
    // The formula knows no command bus, on which ACT and RD of LPDDR4 (4 clocks each) get in each
    // other's way.
    dram.timing.act_slots = dram.timing.pre_slots = dram.timing.column_slots = 1;
    const DramTiming& t = preset.timing;
    const std::uint64_t banks = t.bank_groups * t.banks_per_group;
    std::vector<DramRequest> requests;
    for (std::uint64_t i = 0; i < 4000; ++i)
      requests.push_back(
          {address_of(dram, i / banks, i % banks / t.bank_groups, i % t.bank_groups, 0), 0, false});
    const double rate = static_cast<double>(run_trace(dram, requests).clocks) / 4000;
    const double turn =
        std::max({t.rc, t.ras + t.rp, t.rcd_rd + t.rtp + t.rp}) / static_cast<double>(banks);
    const double least = std::max({t.faw / 4.0, 1.0 * t.rrd_s, turn});
    CAPTURE(least);
    CHECK(rate >= least * 0.999);
    CHECK(rate <= least * 1.03);
  }
}

TEST_CASE("random reads stay below 4 per tFAW and 1 per tRRD_S") {
  for (const DramPreset& preset : dram_presets()) {
    CAPTURE(preset.name);
    const Dram dram = test::dram_of(preset.name);
    const DramTiming& t = preset.timing;
    const TraceResult r = run_trace(dram, test::random_reads(20'000, 7));
    const double per_clock = 20'000.0 / static_cast<double>(r.clocks);
    CHECK(per_clock < std::min(4.0 / t.faw, 1.0 / t.rrd_s) * 1.02);  // a few hits among 2^32 bytes
  }
}

TEST_CASE("read and write by turns cost tRTW and CWL + BL + tWTR_L a pair") {
  for (const DramPreset& preset : dram_presets()) {
    CAPTURE(preset.name);
    Dram dram = plain(preset.name);
    dram.read_window = 1;
    dram.write_queue = 1;  // a write is drained as soon as it is there
    const DramTiming& t = preset.timing;
    std::vector<DramRequest> requests;
    for (std::uint64_t i = 0; i < 200; ++i)
      requests.push_back({address_of(dram, 0, 0, 0, i % 8), 0, i % 2 == 0});
    // The first WR leaves a place that the second takes, before it is the turn of the first RD; at
    // the end two RD are left: ACT, WR WR, 98 times RD WR, RD RD, and the last data.
    const std::uint64_t to_read = t.cwl + t.burst_clocks + t.wtr_l;
    const std::uint64_t to_write = std::max(t.rtw, t.cl + t.burst_clocks - t.cwl);
    const TraceResult r = run_trace(dram, requests);
    CHECK(r.clocks ==
          t.rcd_wr + t.ccd_l + 99 * to_read + 98 * to_write + t.ccd_l + t.cl + t.burst_clocks);
    // The bus is idle between the data of WR and RD for wtr_l + cl, between RD and WR for what
    // to_write leaves: all of it is turnaround.
    CHECK(r.total.turnaround ==
          99 * (std::uint64_t{t.wtr_l} + t.cl) + 98 * (to_write + t.cwl - t.cl - t.burst_clocks));
  }
}

TEST_CASE(
    "too few reads in flight bound the bandwidth by latency, and the idle bus is queue_empty") {
  Dram dram = plain("DDR4-2400");
  dram.timing.ccd_l = 4;
  std::vector<DramRequest> requests;
  for (std::uint64_t i = 0; i < 100; ++i) requests.push_back({64 * i, 0, false});
  const TraceResult r = run_trace(dram, requests, {.outstanding = 1});
  // ACT at 0, RD at 16, data until 36, the next RD at 36: 20 clocks each.
  CHECK(r.clocks == 16 + 100 * 20);
  CHECK(r.total.queue_empty == 100 * 16);  // tCL = 16 of each 20
  CHECK(r.total.data == 400);
  CHECK(r.total.row == 16);  // tRCD of the first
}
