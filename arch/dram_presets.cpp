// SPDX-License-Identifier: Apache-2.0
// The DRAM standards that come with sluice. Each set of numbers is taken from one published source,
// named in the entry; what differs from it, or is derived, is said beside the number.
#include "arch/dram.hpp"

namespace sluice {
namespace {

// Command slots: DDR4, GDDR6: one clock a command (JESD79-4, JESD250). LPDDR4: ACT-1 and ACT-2, RD-1
// and CAS-2 take two clocks each, PRE two (JESD209-4). LPDDR5: ACT-1 and ACT-2 take one clock each
// (JESD209-5B). HBM: separate buses for row and column commands; an ACT takes two clocks of the row
// bus, which two pseudo-channels share (JESD235D, JESD238).

DramPreset ddr4_2400() {
  return {"DDR4-2400", "DDR4-2400R 8 Gb x8, one 64-bit DIMM channel, 19.2 GB/s",
          "Ramulator 2.1 preset DDR4_2400R; tRFC 350 ns by JESD79-4 (the preset has 360 ns)",
          {.tck_ps = 833, .bank_groups = 4, .banks_per_group = 4, .row_bytes = 8192,
           .burst_bytes = 64, .burst_clocks = 4, .cl = 16, .cwl = 12, .rcd_rd = 16, .rcd_wr = 16,
           .rp = 16, .rp_all = 16, .ras = 39, .rc = 55, .ccd_s = 4, .ccd_l = 6, .rrd_s = 4,
           .rrd_l = 6, .faw = 26, .rtp = 9, .wr = 18, .wtr_s = 3, .wtr_l = 9, .rtw = 10,
           .refi = 9364, .rfc = 421, .rfc_pb = 0, .act_slots = 1, .pre_slots = 1,
           .column_slots = 1, .row_bus_channels = 0}};
}

DramPreset lpddr4_3200() {
  return {"LPDDR4-3200", "LPDDR4-3200 8 Gb, one 16-bit channel, 6.4 GB/s",
          "DRAMSys memspec JEDEC_8Gb_LPDDR4-3200_16bit; rtw derived as RL - WL + BL",
          {.tck_ps = 625, .bank_groups = 1, .banks_per_group = 8, .row_bytes = 2048,
           .burst_bytes = 32, .burst_clocks = 8, .cl = 28, .cwl = 14, .rcd_rd = 29, .rcd_wr = 29,
           .rp = 29, .rp_all = 34, .ras = 68, .rc = 97, .ccd_s = 8, .ccd_l = 8, .rrd_s = 16,
           .rrd_l = 16, .faw = 64, .rtp = 12, .wr = 29, .wtr_s = 16, .wtr_l = 16, .rtw = 22,
           .refi = 6246, .rfc = 448, .rfc_pb = 224, .act_slots = 4, .pre_slots = 2,
           .column_slots = 4, .row_bus_channels = 0}};
}

DramPreset lpddr5_6400() {
  return {"LPDDR5-6400", "LPDDR5-6400 16 Gb, one 16-bit channel, bank-group mode, 12.8 GB/s",
          "Ramulator 2.1 preset LPDDR5_6400 (JESD209-5B)",
          {.tck_ps = 1250, .bank_groups = 4, .banks_per_group = 4, .row_bytes = 2048,
           .burst_bytes = 32, .burst_clocks = 2, .cl = 17, .cwl = 9, .rcd_rd = 15, .rcd_wr = 15,
           .rp = 15, .rp_all = 17, .ras = 34, .rc = 49, .ccd_s = 2, .ccd_l = 4, .rrd_s = 4,
           .rrd_l = 4, .faw = 16, .rtp = 8, .wr = 28, .wtr_s = 5, .wtr_l = 10, .rtw = 12,
           .refi = 3125, .rfc = 224, .rfc_pb = 112, .act_slots = 2, .pre_slots = 1,
           .column_slots = 1, .row_bus_channels = 0}};
}

DramPreset gddr6_14000() {
  return {"GDDR6-14000", "GDDR6 14 Gb/s 16 Gb, one 16-bit channel, 28 GB/s",
          "Ramulator 2.1 preset GDDR6_14000_1350mV (a Samsung 8 Gb data sheet)",
          {.tck_ps = 570, .bank_groups = 4, .banks_per_group = 4, .row_bytes = 4096,
           .burst_bytes = 32, .burst_clocks = 2, .cl = 24, .cwl = 6, .rcd_rd = 27, .rcd_wr = 16,
           .rp = 27, .rp_all = 27, .ras = 53, .rc = 79, .ccd_s = 2, .ccd_l = 4, .rrd_s = 8,
           .rrd_l = 8, .faw = 29, .rtp = 4, .wr = 27, .wtr_s = 9, .wtr_l = 11, .rtw = 25,
           .refi = 3333, .rfc = 211, .rfc_pb = 106, .act_slots = 1, .pre_slots = 1,
           .column_slots = 1, .row_bus_channels = 0}};
}

DramPreset hbm2_2000() {
  return {"HBM2-2000", "HBM2 2 Gb/s, one 64-bit pseudo-channel (16 a stack), 16 GB/s",
          "Ramulator 2.1 preset HBM2_2000Mbps (JESD235D); other open sources differ by 20-50 %",
          {.tck_ps = 1000, .bank_groups = 4, .banks_per_group = 4, .row_bytes = 1024,
           .burst_bytes = 32, .burst_clocks = 2, .cl = 14, .cwl = 5, .rcd_rd = 14, .rcd_wr = 12,
           .rp = 14, .rp_all = 14, .ras = 34, .rc = 48, .ccd_s = 2, .ccd_l = 4, .rrd_s = 4,
           .rrd_l = 4, .faw = 15, .rtp = 5, .wr = 16, .wtr_s = 6, .wtr_l = 8, .rtw = 13,
           .refi = 3900, .rfc = 350, .rfc_pb = 160, .act_slots = 2, .pre_slots = 1,
           .column_slots = 1, .row_bus_channels = 2}};
}

DramPreset hbm2e_3200() {
  return {"HBM2E-3200", "HBM2E 3.2 Gb/s, one 64-bit pseudo-channel (16 a stack), 25.6 GB/s",
          "derived: Ramulator 2.1 preset HBM2_2400 at constant nanoseconds, burst-limited clocks kept",
          {.tck_ps = 625, .bank_groups = 4, .banks_per_group = 4, .row_bytes = 1024,
           .burst_bytes = 32, .burst_clocks = 2, .cl = 23, .cwl = 8, .rcd_rd = 23, .rcd_wr = 19,
           .rp = 23, .rp_all = 23, .ras = 54, .rc = 77, .ccd_s = 2, .ccd_l = 4, .rrd_s = 7,
           .rrd_l = 7, .faw = 24, .rtp = 8, .wr = 26, .wtr_s = 10, .wtr_l = 13, .rtw = 19,
           .refi = 6240, .rfc = 560, .rfc_pb = 256, .act_slots = 2, .pre_slots = 1,
           .column_slots = 1, .row_bus_channels = 2}};
}

DramPreset hbm3_6400() {
  return {"HBM3-6400", "HBM3 6.4 Gb/s 16 Gb, one 32-bit pseudo-channel (32 a stack), 25.6 GB/s",
          "Ramulator 2.1 preset HBM3_6400Mbps (JESD238); one stack ID, so no CCD_R",
          {.tck_ps = 625, .bank_groups = 4, .banks_per_group = 4, .row_bytes = 1024,
           .burst_bytes = 32, .burst_clocks = 2, .cl = 20, .cwl = 10, .rcd_rd = 31, .rcd_wr = 15,
           .rp = 26, .rp_all = 26, .ras = 45, .rc = 72, .ccd_s = 2, .ccd_l = 4, .rrd_s = 4,
           .rrd_l = 5, .faw = 24, .rtp = 9, .wr = 33, .wtr_s = 7, .wtr_l = 10, .rtw = 20,
           .refi = 6240, .rfc = 560, .rfc_pb = 320, .act_slots = 2, .pre_slots = 1,
           .column_slots = 1, .row_bus_channels = 2}};
}

}  // namespace

const std::vector<DramPreset>& dram_presets() {
  static const std::vector<DramPreset> presets = {
      ddr4_2400(), lpddr4_3200(), lpddr5_6400(), gddr6_14000(),
      hbm2_2000(), hbm2e_3200(),  hbm3_6400()};
  return presets;
}

}  // namespace sluice
