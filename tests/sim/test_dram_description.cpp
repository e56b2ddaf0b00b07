// SPDX-License-Identifier: Apache-2.0
// Presets, changes to them, what is found inconsistent, and that slower parameters are never
// faster.
#include <doctest/doctest.h>

#include <set>

#include "tests/sim/dram_streams.hpp"

using namespace sluice;

namespace {

std::vector<std::string> fields(const Dram& dram) {
  std::vector<std::string> list;
  for (const DramProblem& problem : check(dram)) list.push_back(problem.field);
  return list;
}
using Fields = std::vector<std::string>;

}  // namespace

TEST_CASE("every preset is consistent, cited and described") {
  std::set<std::string_view> names;
  for (const DramPreset& preset : dram_presets()) {
    CAPTURE(preset.name);
    CHECK(check(test::dram_of(preset.name)).empty());
    CHECK_FALSE(preset.source.empty());
    CHECK_FALSE(preset.summary.empty());
    CHECK(names.insert(preset.name).second);
  }
  CHECK(names.size() == 8);
  CHECK(dram_descriptors().size() == 9);
  CHECK(dram_descriptors()[0].name == "ideal");
  CHECK(dram_descriptors()[1].parameters.size() == 31);
}

TEST_CASE("peak bandwidth is burst bytes over burst clocks") {
  // 64 B in 4 clocks of 833 ps; 32 B in 2 clocks of 1 ns, 16 pseudo-channels.
  CHECK(peak_bytes_per_second(test::dram_of("DDR4-2400")) ==
        doctest::Approx(19.208e9).epsilon(1e-4));
  Dram hbm = test::dram_of("HBM2-2000");
  hbm.channels = 16;
  CHECK(peak_bytes_per_second(hbm) == doctest::Approx(256e9));
}

TEST_CASE("a change overrides one number of the preset and no other") {
  Dram dram = test::dram_of("DDR4-2400");
  dram.timing.cl = 18;
  DramTiming expected = timing_of(test::dram_of("DDR4-2400"));
  expected.cl = 18;
  CHECK(timing_of(dram) == expected);
}

TEST_CASE("a mapping names each field once") {
  CHECK(parse_mapping("row:bank:bank_group:channel:column").has_value());
  CHECK((*parse_mapping("row:bank:bank_group:channel:column"))[4] == DramField::column);
  for (const char* wrong : {"", "row", "row:bank:bank_group:channel", "row:row:bank:channel:column",
                            "row:bank:bank_group:channel:column:row",
                            "row:bank:bank_group:channel:columns", "row:bank:bank_group:channel:"})
    CHECK_FALSE(parse_mapping(wrong).has_value());
}

TEST_CASE("everything inconsistent is found, each thing at its field") {
  CHECK(fields(Dram{}) == Fields{});
  Dram dram;
  dram.timing.cl = 3;
  CHECK(fields(dram) == Fields{"timing"});  // of an ideal memory
  dram = test::dram_of("DDR4-2401");
  REQUIRE(fields(dram) == Fields{"preset"});
  CHECK(check(dram)[0].message == "unknown preset 'DDR4-2401'");
  CHECK(check(dram)[0].hint == "did you mean 'DDR4-2400'?");

  dram = test::dram_of("DDR4-2400");
  dram.timing.row_bytes = 8000;
  CHECK(check(dram)[0].message == "row_bytes 8000 is no power of two");
  dram.timing.row_bytes = 8193;
  CHECK(check(dram)[0].message == "row_bytes 8193 is no multiple of burst_bytes 64");
  dram = test::dram_of("DDR4-2400");
  dram.timing.rc = 54;  // below tRAS + tRP = 55: harmless, real data sheets have it
  CHECK(fields(dram) == Fields{});
  dram.timing.ccd_s = 3;
  dram.timing.bank_groups = 3;
  dram.timing.refi = 400;
  dram.drain_low = 0.9;
  CHECK(fields(dram) == Fields{"timing.bank_groups", "timing.ccd_s", "timing.refi", "drain_low"});
  dram = test::dram_of("DDR4-2400");
  dram.refresh = DramRefresh::per_bank;
  CHECK(fields(dram) == Fields{"refresh"});
  dram = test::dram_of("DDR4-2400");
  dram.mapping = "bank:row:column:bank_group:channel";
  CHECK(fields(dram) == Fields{"capacity"});  // how many rows before the bank changes?
  dram.capacity = Bytes{std::uint64_t{1} << 30};
  CHECK(fields(dram) == Fields{});
  dram.bandwidth = {1e9, Bandwidth::Per::second};
  CHECK(fields(dram) == Fields{"bandwidth"});
}

TEST_CASE("no parameter that grows makes a stream or a chain of row misses faster") {
  using Member = std::optional<std::uint32_t> DramTimingChanges::*;
  const std::pair<std::string, Member> members[] = {
      {"cl", &DramTimingChanges::cl},
      {"cwl", &DramTimingChanges::cwl},
      {"rcd_rd", &DramTimingChanges::rcd_rd},
      {"rcd_wr", &DramTimingChanges::rcd_wr},
      {"rp", &DramTimingChanges::rp},
      {"rp_all", &DramTimingChanges::rp_all},
      {"ras", &DramTimingChanges::ras},
      {"rc", &DramTimingChanges::rc},
      {"ccd_s", &DramTimingChanges::ccd_s},
      {"ccd_l", &DramTimingChanges::ccd_l},
      {"rrd_s", &DramTimingChanges::rrd_s},
      {"rrd_l", &DramTimingChanges::rrd_l},
      {"faw", &DramTimingChanges::faw},
      {"rtp", &DramTimingChanges::rtp},
      {"wr", &DramTimingChanges::wr},
      {"rfc", &DramTimingChanges::rfc},
      {"burst_clocks", &DramTimingChanges::burst_clocks}};
  // One burst a row, in one bank: nothing is left to the scheduler's choice.
  const auto chain = [](const Dram& dram, bool write) {
    std::vector<DramRequest> requests;
    const DramTiming t = timing_of(dram);
    const std::uint64_t rows = std::uint64_t{t.bank_groups} * t.banks_per_group * t.row_bytes;
    for (std::uint64_t i = 0; i < 300; ++i) requests.push_back({i * rows, 0, write});
    return requests;
  };
  for (const std::string preset : {"DDR4-2400", "LPDDR4-3200", "GDDR6-14000", "HBM2-2000"})
    for (const auto& [name, member] : members) {
      CAPTURE(preset);
      CAPTURE(name);
      Dram dram = test::dram_of(preset);
      dram.hash = false;
      dram.scheduler = DramScheduler::fcfs;
      // A longer refresh may come at a cheaper moment of a chain, but not by as much as tRC: it
      // grows in larger steps. Elsewhere refresh is off.
      if (name != "rfc") dram.refresh = DramRefresh::none;
      std::uint64_t before[4] = {};
      const DramTiming base = timing_of(dram);
      for (const std::uint32_t more : {0u, 1u, 7u, 40u}) {
        Dram slower = dram;
        DramTimingChanges present;
#define SLUICE_DRAM_TIMING(field, unit, doc) present.field = base.field;
#include "arch/dram_timing.def"
        slower.timing.*member = *(present.*member) + (name == "rfc" ? 50 * more : more);
        // Keep what check() demands of pairs.
        const DramTiming t = timing_of(slower);
        slower.timing.ccd_s = std::max(t.ccd_s, t.burst_clocks);
        slower.timing.ccd_l = std::max(t.ccd_l, *slower.timing.ccd_s);
        slower.timing.rrd_l = std::max(t.rrd_l, t.rrd_s);
        slower.timing.rp_all = std::max(t.rp_all, t.rp);
        slower.timing.rc = std::max(t.rc, t.ras);
        REQUIRE(check(slower).empty());
        int i = 0;
        for (const bool write : {false, true})
          for (const auto& requests :
               {chain(slower, write), test::stream_of(slower, 3000, write)}) {
            const std::uint64_t clocks = run_trace(slower, requests).clocks;
            CHECK(clocks >= before[i]);
            before[i++] = clocks;
          }
      }
    }
}
