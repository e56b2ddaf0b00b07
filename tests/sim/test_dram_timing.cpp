// SPDX-License-Identifier: Apache-2.0
// Every timing constraint, alone: the command it holds back is illegal at t-1 and legal at t, by
// the model and by the independent checker.
#include <doctest/doctest.h>

#include <functional>

#include "sim/memory/channel_timing.hpp"
#include "tests/sim/dram_checker.hpp"

using namespace sluice;
using Kind = DramCommandKind;

namespace {

/// Parameters so different from each other that no constraint hides another. 2 groups of 2 banks.
Dram odd_dram() {
  Dram dram;
  dram.preset = "DDR4-2400";
  DramTimingChanges& t = dram.timing;
  t.bank_groups = 2, t.banks_per_group = 2;
  t.burst_clocks = 2, t.cl = 11, t.cwl = 7, t.rcd_rd = 13, t.rcd_wr = 9, t.rp = 17, t.rp_all = 19;
  t.ras = 40, t.rc = 60, t.ccd_s = 3, t.ccd_l = 5, t.rrd_s = 4, t.rrd_l = 6, t.faw = 31;
  t.rtp = 8, t.wr = 21, t.wtr_s = 10, t.wtr_l = 14, t.rtw = 16, t.rfc = 200, t.rfc_pb = 90;
  return dram;
}

/// One channel that takes commands only when model and checker agree that they are legal.
class Bench {
 public:
  explicit Bench(const Dram& dram = odd_dram())
      : timing_(TimingRules(timing_of(dram))), checker_(dram, 4) {}

  void give(Kind kind, std::uint32_t bank, std::uint64_t clock, std::uint64_t row = 5) {
    REQUIRE(clock >= earliest(kind, bank));
    const DramCommand command{clock, kind, 0, bank, row};
    REQUIRE(checker_.judge(command) == "");
    checker_.accept(command);
    switch (kind) {
      case Kind::activate:
        timing_.activate(bank, row, clock);
        break;
      case Kind::precharge:
        timing_.precharge(bank, clock);
        break;
      case Kind::precharge_all:
        timing_.precharge_all(clock);
        break;
      case Kind::read:
        timing_.column(bank, false, clock);
        break;
      case Kind::write:
        timing_.column(bank, true, clock);
        break;
      case Kind::read_precharge:
        timing_.column(bank, false, clock), timing_.auto_precharge(bank);
        break;
      case Kind::write_precharge:
        timing_.column(bank, true, clock), timing_.auto_precharge(bank);
        break;
      case Kind::refresh_all:
        timing_.refresh_all(clock);
        break;
      case Kind::refresh_bank:
        timing_.refresh(bank, clock);
        break;
    }
  }

  /// The command is illegal at clock-1, for `rule` alone, and legal at `clock`.
  void check_first_legal(Kind kind, std::uint32_t bank, std::uint64_t clock,
                         const std::string& rule, std::uint64_t row = 5) {
    CAPTURE(rule);
    CHECK(earliest(kind, bank) == clock);
    CHECK(checker_.judge({clock - 1, kind, 0, bank, row}) == rule);
    CHECK(checker_.judge({clock, kind, 0, bank, row}) == "");
  }

 private:
  std::uint64_t earliest(Kind kind, std::uint32_t bank) const {
    switch (kind) {
      case Kind::activate:
        return timing_.earliest_activate(bank);
      case Kind::precharge:
        return timing_.earliest_precharge(bank);
      case Kind::precharge_all:
        return timing_.earliest_precharge_all();
      case Kind::read:
      case Kind::read_precharge:
        return timing_.earliest_column(bank, false);
      case Kind::write:
      case Kind::write_precharge:
        return timing_.earliest_column(bank, true);
      case Kind::refresh_all:
        return timing_.earliest_refresh_all();
      case Kind::refresh_bank:
        return timing_.earliest_refresh(bank);
    }
    return 0;
  }

  ChannelTiming timing_;
  test::DramChecker checker_;
};

}  // namespace

TEST_CASE("RD follows ACT of its bank after tRCD of reads, WR after that of writes") {
  Bench bench;
  bench.give(Kind::activate, 0, 100);
  bench.check_first_legal(Kind::read, 0, 113, "tRCD");   // 100 + 13
  bench.check_first_legal(Kind::write, 0, 109, "tRCD");  // 100 + 9
}

TEST_CASE("PRE follows ACT after tRAS") {
  Bench bench;
  bench.give(Kind::activate, 0, 100);
  bench.check_first_legal(Kind::precharge, 0, 140, "tRAS");  // 100 + 40
  bench.check_first_legal(Kind::precharge_all, 0, 140, "tRAS");
}

TEST_CASE("ACT follows PRE after tRP") {
  Bench bench;
  bench.give(Kind::activate, 0, 100);
  bench.give(Kind::precharge, 0, 150);
  bench.check_first_legal(Kind::activate, 0, 167, "tRP");  // 150 + 17; tRC would allow 160
}

TEST_CASE("ACT follows the precharge of all banks after its own tRP") {
  Bench bench;
  bench.give(Kind::activate, 0, 100);
  bench.give(Kind::precharge_all, 0, 150);
  bench.check_first_legal(Kind::activate, 0, 169, "tRP");  // 150 + 19
}

TEST_CASE("ACT follows ACT of the same bank after tRC") {
  Bench bench;
  bench.give(Kind::activate, 0, 100);
  bench.give(Kind::precharge, 0, 140);
  bench.check_first_legal(Kind::activate, 0, 160, "tRC");  // 100 + 60; tRP would allow 157
}

TEST_CASE("ACT follows ACT of another bank after tRRD_L in the same group, else tRRD_S") {
  Bench bench;
  bench.give(Kind::activate, 0, 100);
  bench.check_first_legal(Kind::activate, 1, 106, "tRRD_L");  // bank 1 is in group 0
  bench.check_first_legal(Kind::activate, 2, 104, "tRRD_S");  // bank 2 is in group 1
}

TEST_CASE("a fifth ACT waits for the first of four to be tFAW ago") {
  Dram dram = odd_dram();
  dram.timing.rc = 20, dram.timing.ras = 2, dram.timing.rp = 1, dram.timing.rp_all = 1;
  Bench bench(dram);
  bench.give(Kind::activate, 0, 100);
  bench.give(Kind::precharge, 0, 102);
  bench.give(Kind::activate, 2, 104);
  bench.give(Kind::activate, 1, 108);
  bench.give(Kind::activate, 3, 112);
  bench.check_first_legal(Kind::activate, 0, 131, "tFAW");  // 100 + 31; tRC would allow 120
}

TEST_CASE("RD follows RD, and WR follows WR, after tCCD_L in the same group, else tCCD_S") {
  for (const Kind kind : {Kind::read, Kind::write}) {
    Bench bench;
    for (const std::uint32_t bank : {0u, 1u, 2u}) bench.give(Kind::activate, bank, 100 + 10 * bank);
    bench.give(kind, 0, 200);
    bench.check_first_legal(kind, 1, 205, "tCCD_L");
    bench.check_first_legal(kind, 0, 205, "tCCD_L");
    bench.check_first_legal(kind, 2, 203, "tCCD_S");
  }
}

TEST_CASE("WR follows RD after tRTW") {
  Bench bench;
  bench.give(Kind::activate, 0, 100);
  bench.give(Kind::read, 0, 200);
  bench.check_first_legal(Kind::write, 0, 216, "tRTW");
}

TEST_CASE("WR follows RD no sooner than the data bus is free, however small tRTW is") {
  Dram dram = odd_dram();
  dram.timing.rtw = 1;
  Bench bench(dram);
  bench.give(Kind::activate, 0, 100);
  bench.give(Kind::read, 0, 200);
  // Read data end at 200 + 11 + 2 = 213; write data begin 7 after WR: 206.
  bench.check_first_legal(Kind::write, 0, 206, "data bus");
}

TEST_CASE("RD follows WR when tWTR has passed since the last data") {
  Bench bench;
  for (const std::uint32_t bank : {0u, 1u, 2u}) bench.give(Kind::activate, bank, 100 + 10 * bank);
  bench.give(Kind::write, 0, 200);
  bench.check_first_legal(Kind::read, 1, 223, "tWTR_L");  // 200 + 7 + 2 + 14
  bench.check_first_legal(Kind::read, 2, 219, "tWTR_S");  // 200 + 7 + 2 + 10
}

TEST_CASE("PRE follows RD after tRTP, and the last data of WR after tWR") {
  Bench bench;
  bench.give(Kind::activate, 0, 100);
  bench.give(Kind::activate, 2, 110);
  bench.give(Kind::read, 0, 200);
  bench.check_first_legal(Kind::precharge, 0, 208, "tRTP");  // 200 + 8
  bench.give(Kind::write, 2, 216);
  bench.check_first_legal(Kind::precharge, 2, 246, "tWR");  // 216 + 7 + 2 + 21
  bench.check_first_legal(Kind::precharge_all, 0, 246, "tWR");
}

TEST_CASE("an access with auto-precharge closes its row as soon as PRE would be legal") {
  Bench bench;
  bench.give(Kind::activate, 0, 100);
  bench.give(Kind::read_precharge, 0, 200);
  bench.check_first_legal(Kind::activate, 0, 225, "tRP");  // 200 + tRTP 8 + tRP 17
  bench.give(Kind::activate, 2, 210);
  bench.give(Kind::write_precharge, 2, 230);
  bench.check_first_legal(Kind::activate, 2, 277, "tRP");  // 230 + 7 + 2 + 21 + 17
}

TEST_CASE("auto-precharge waits for tRAS") {
  Bench bench;
  bench.give(Kind::activate, 0, 100);
  bench.give(Kind::read_precharge, 0, 113);
  // Closed at max(100 + 40, 113 + 8) = 140; ACT at max(140 + 17, 100 + 60) = 160.
  bench.check_first_legal(Kind::activate, 0, 160, "tRC");
}

TEST_CASE("REF of all banks follows their precharge after its tRP, and ACT follows after tRFC") {
  Bench bench;
  bench.give(Kind::activate, 0, 100);
  bench.give(Kind::precharge_all, 0, 150);
  bench.check_first_legal(Kind::refresh_all, 0, 169, "tRP before REF");  // 150 + 19
  bench.give(Kind::refresh_all, 0, 169);
  for (const std::uint32_t bank : {0u, 3u})
    bench.check_first_legal(Kind::activate, bank, 369, "tRFC");  // 169 + 200
}

TEST_CASE("REF of a bank holds that bank for tRFCpb and counts as an ACT to the others") {
  Bench bench;
  bench.give(Kind::refresh_bank, 0, 100);
  bench.check_first_legal(Kind::activate, 0, 190, "tRFC");  // 100 + 90
  bench.check_first_legal(Kind::activate, 1, 106, "tRRD_L");
  bench.check_first_legal(Kind::activate, 2, 104, "tRRD_S");
}
