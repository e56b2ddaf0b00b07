// SPDX-License-Identifier: Apache-2.0
// What each policy of a controller does to a few requests, clock by clock. DDR3-1600: tRCD 10,
// tRP 10, tRAS 28, tRC 38, tRTP 6, tRRD 5, CL 10, CWL 8, tWTR 6, a burst 4 clocks.
#include <doctest/doctest.h>

#include <string>

#include "tests/sim/dram_checker.hpp"
#include "tests/sim/dram_streams.hpp"

using namespace sluice;

namespace {

Dram ddr3() {
  Dram dram = test::dram_of("DDR3-1600");
  dram.mapping = "row:bank:bank_group:column:channel";
  dram.low_columns = 1;
  dram.hash = false;
  dram.refresh = DramRefresh::none;
  dram.controller_latency = Seconds{0};
  return dram;
}

constexpr std::uint64_t row = 1 << 16, bank = 1 << 13, burst = 64;
using Requests = std::vector<DramRequest>;

/// `ACT0@0 RD0@10`: each command with its bank and clock.
std::string commands(const Dram& dram, const Requests& requests, TraceOptions options = {}) {
  std::vector<DramCommand> log;
  options.log = &log;
  run_trace(dram, requests, options);
  CHECK(test::first_illegal(dram, log) == "");
  constexpr const char* names[] = {"ACT", "PRE", "PREA", "RD", "WR", "RDA", "WRA", "REF", "REFB"};
  std::string text;
  for (const DramCommand& c : log)
    text += (text.empty() ? "" : " ") + std::string(names[static_cast<int>(c.kind)]) +
            std::to_string(c.bank) + "@" + std::to_string(c.clock);
  return text;
}

double mean_latency_clocks(const Dram& dram, const Requests& requests,
                           const TraceOptions& options) {
  return run_trace(dram, requests, options).mean_latency_ns / 1.25;
}

}  // namespace

TEST_CASE("page policies: who closes a row, and when") {
  Dram dram = ddr3();
  const Requests same_row = {{0, 0, false}, {burst, 0, false}};
  const Requests other_row = {{0, 0, false}, {row, 0, false}};
  SUBCASE("open: another row") {
    CHECK(commands(dram, same_row) == "ACT0@0 RD0@10 RD0@14");
    CHECK(commands(dram, other_row) == "ACT0@0 RD0@10 PRE0@28 ACT0@38 RD0@48");
  }
  SUBCASE("open_adaptive: the last access while another row is queued") {
    dram.page_policy = PagePolicy::open_adaptive;
    CHECK(commands(dram, same_row) == "ACT0@0 RD0@10 RD0@14");
    CHECK(commands(dram, other_row) == "ACT0@0 RDA0@10 ACT0@38 RD0@48");
  }
  SUBCASE("closed: the last access") {
    dram.page_policy = PagePolicy::closed;
    CHECK(commands(dram, same_row) == "ACT0@0 RD0@10 RDA0@14");
    CHECK(commands(dram, other_row) == "ACT0@0 RDA0@10 ACT0@38 RDA0@48");
  }
  SUBCASE("closed_always: every access") {
    dram.page_policy = PagePolicy::closed_always;
    CHECK(commands(dram, same_row) == "ACT0@0 RDA0@10 ACT0@38 RDA0@48");
    CHECK(commands(dram, other_row) == "ACT0@0 RDA0@10 ACT0@38 RDA0@48");
  }
}

TEST_CASE("schedulers: who may overtake") {
  Dram dram = ddr3();
  // Row 0, then row 1, then row 0 again of bank 0; bank 1 last.
  const Requests requests = {{0, 0, false}, {row, 0, false}, {burst, 0, false}, {bank, 0, false}};
  CHECK(commands(dram, requests) == "ACT0@0 ACT1@5 RD0@10 RD0@14 RD1@18 PRE0@28 ACT0@38 RD0@48");
  dram.scheduler = DramScheduler::fcfs_bank;
  CHECK(commands(dram, requests) ==
        "ACT0@0 ACT1@5 RD0@10 RD1@15 PRE0@28 ACT0@38 RD0@48 PRE0@66 ACT0@76 RD0@86");
  dram.scheduler = DramScheduler::fcfs;
  CHECK(commands(dram, requests) ==
        "ACT0@0 RD0@10 PRE0@28 ACT0@38 RD0@48 PRE0@66 ACT0@76 RD0@86 ACT1@87 RD1@97");
}

TEST_CASE("a refresh is postponed while requests wait, by so many intervals and no longer") {
  Dram dram = ddr3();
  dram.refresh = DramRefresh::all_bank;
  dram.timing.refi = 1000;
  for (const std::uint32_t postponed : {0u, 1u, 8u}) {
    CAPTURE(postponed);
    dram.refresh_postponed = postponed;
    std::vector<DramCommand> log;
    run_trace(dram, test::stream_of(dram, 4000), {.log = &log});
    CHECK(test::first_illegal(dram, log) == "");
    std::uint64_t count = 0, before = 0;
    for (const DramCommand& c : log) {
      if (c.kind == DramCommandKind::precharge_all) {
        const std::uint64_t limit = (1 + count + postponed) * 1000;
        CHECK(before < limit);            // what was given before did not wait
        CHECK(c.clock >= limit);          // and nothing was given up for it any earlier
        CHECK(c.clock < limit + 28 + 1);  // tRAS of the youngest row
      }
      count += c.kind == DramCommandKind::refresh_all ? 1 : 0;
      before = c.clock;
    }
    CHECK(count > 6);
  }
}

TEST_CASE("refreshes are pulled in while no request waits, so many and no more") {
  Dram dram = ddr3();
  dram.refresh = DramRefresh::all_bank;
  const Requests requests = {{0, 0, false}, {burst, 3000, false}};
  CHECK(commands(dram, requests) == "ACT0@0 RD0@10 RD0@3000");
  dram.refresh_pulled_in = 1;  // PREA after tRAS, REF after tRP
  CHECK(commands(dram, requests) == "ACT0@0 RD0@10 PREA0@28 REF0@38 ACT0@3000 RD0@3010");
  dram.refresh_pulled_in = 2;  // the next after tRFC of 88
  CHECK(commands(dram, requests) == "ACT0@0 RD0@10 PREA0@28 REF0@38 REF0@126 ACT0@3000 RD0@3010");
}

TEST_CASE("postponed and pulled-in refreshes keep their number") {
  Dram dram = ddr3();
  dram.refresh = DramRefresh::all_bank;
  dram.refresh_postponed = 3;
  dram.refresh_pulled_in = 2;
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    CAPTURE(seed);
    std::vector<DramCommand> log;
    const auto requests = test::wild_stream(dram, 20000, seed);
    const TraceResult result = run_trace(dram, requests, {.log = &log});
    std::uint64_t count = 0;
    for (const DramCommand& c : log) {
      if (c.kind != DramCommandKind::refresh_all) continue;
      ++count;
      CHECK(c.clock + 2 * 6240 >= count * 6240);
      CHECK(c.clock <= (count + 3) * 6240 + 100);  // closing rows
    }
    CHECK(count == result.total.refreshes);
    CHECK(count > 10);
  }
}

TEST_CASE("responses in order wait for those of earlier reads") {
  const Dram dram = ddr3();
  // Row 0, row 1, row 0 of one bank: data end at 24, 62 and 28.
  const Requests requests = {{0, 0, false}, {row, 0, false}, {burst, 0, false}};
  TraceOptions options;
  CHECK(mean_latency_clocks(dram, requests, options) == doctest::Approx((24 + 62 + 28) / 3.0));
  options.responses = DramResponses::in_order;
  CHECK(mean_latency_clocks(dram, requests, options) == doctest::Approx((24 + 62 + 62) / 3.0));
  // One read in flight: the next enters when the one before is back, at 24, whatever the order.
  options.outstanding = 1;
  CHECK(commands(dram, {{0, 0, false}, {bank, 0, false}}, options) ==
        "ACT0@0 RD0@10 ACT1@24 RD1@34");
}

TEST_CASE("buffers: a place for each direction, for all, or for each bank") {
  Dram dram = ddr3();
  dram.read_window = dram.write_queue = 1;
  const Requests read_and_write = {{0, 0, false}, {bank, 0, true}};
  const Requests three_banks = {{0, 0, false}, {bank, 0, false}, {2 * bank, 0, false}};
  TraceOptions options;
  // A write that finds the only place for writes is drained at once; WR to RD: CWL 8, burst 4,
  // tWTR 6.
  CHECK(commands(dram, read_and_write, options) == "ACT1@0 WR1@10 ACT0@11 RD0@28");
  CHECK(commands(dram, three_banks, options) == "ACT0@0 RD0@10 ACT1@11 RD1@21 ACT2@22 RD2@32");
  options.buffer = DramBuffer::shared;
  CHECK(commands(dram, read_and_write, options) == "ACT0@0 RD0@10 ACT1@11 WR1@21");
  CHECK(commands(dram, three_banks, options) == "ACT0@0 RD0@10 ACT1@11 RD1@21 ACT2@22 RD2@32");
  options.buffer = DramBuffer::bankwise;  // at 10 the bus is the read's
  CHECK(commands(dram, read_and_write, options) == "ACT0@0 RD0@10 ACT1@11 WR1@21");
  CHECK(commands(dram, three_banks, options) == "ACT0@0 ACT1@5 RD0@10 ACT2@11 RD1@15 RD2@21");
  // Two of one bank share its place.
  CHECK(commands(dram, {{0, 0, false}, {burst, 0, false}}, options) == "ACT0@0 RD0@10 RD0@14");
}
