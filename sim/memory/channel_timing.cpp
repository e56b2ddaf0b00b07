// SPDX-License-Identifier: Apache-2.0
#include "sim/memory/channel_timing.hpp"

#include <bit>

namespace sluice {

TimingRules::TimingRules(const DramTiming& t)
    : banks(t.bank_groups * t.banks_per_group),
      bank_bits(static_cast<std::uint32_t>(std::countr_zero(t.banks_per_group))),
      groups(t.bank_groups),
      burst_bytes(t.burst_bytes),
      burst(t.burst_clocks),
      cl(t.cl),
      cwl(t.cwl),
      rcd_rd(t.rcd_rd),
      rcd_wr(t.rcd_wr),
      rp(t.rp),
      rp_all(t.rp_all),
      ras(t.ras),
      rc(t.rc),
      rrd_s(t.rrd_s),
      rrd_l(t.rrd_l),
      faw(t.faw),
      ccd_s(std::max({t.ccd_s, t.burst_clocks, t.column_slots})),
      ccd_l(std::max<std::uint64_t>(t.ccd_l, ccd_s)),
      read_to_precharge(t.rtp),
      write_to_precharge(std::uint64_t{t.cwl} + t.burst_clocks + t.wr),
      read_to_write(std::max<std::uint64_t>(
          {t.rtw, t.column_slots,
           std::uint64_t{t.cl} + t.burst_clocks - std::min(t.cwl, t.cl + t.burst_clocks)})),
      write_to_read_s(std::max<std::uint64_t>(
          {std::uint64_t{t.cwl} + t.burst_clocks + t.wtr_s, t.column_slots,
           std::uint64_t{t.cwl} + t.burst_clocks - std::min(t.cl, t.cwl + t.burst_clocks)})),
      write_to_read_l(std::max<std::uint64_t>(std::uint64_t{t.cwl} + t.burst_clocks + t.wtr_l,
                                              write_to_read_s)),
      refi(t.refi),
      rfc(t.rfc),
      rfc_pb(t.rfc_pb),
      act_slots(t.act_slots),
      pre_slots(t.pre_slots),
      column_slots(t.column_slots) {}

std::uint64_t ChannelTiming::earliest_precharge_all() const {
  std::uint64_t clock = 0;
  for (std::uint32_t bank = 0; bank < rules_.banks; ++bank)
    if (is_open(bank)) clock = std::max(clock, next_pre_[bank]);
  return clock;
}

std::uint64_t ChannelTiming::earliest_refresh_all() const {
  return *std::max_element(next_act_.begin(), next_act_.begin() + rules_.banks);
}

void ChannelTiming::count_activate(std::uint32_t bank, std::uint64_t clock) {
  rank_act_ = clock + rules_.rrd_s;
  group_act_[group(bank)] = clock + rules_.rrd_l;
  faw_[faw_head_] = clock + rules_.faw;
  faw_head_ = (faw_head_ + 1) % faw_.size();
}

void ChannelTiming::activate(std::uint32_t bank, std::uint64_t row, std::uint64_t clock) {
  open_ |= std::uint64_t{1} << bank;
  row_[bank] = row;
  next_column_[0][bank] = clock + rules_.rcd_rd;
  next_column_[1][bank] = clock + rules_.rcd_wr;
  next_pre_[bank] = clock + rules_.ras;
  next_act_[bank] = clock + rules_.rc;
  count_activate(bank, clock);
}

void ChannelTiming::precharge_all(std::uint64_t clock) {
  for (std::uint32_t bank = 0; bank < rules_.banks; ++bank)
    if (is_open(bank)) next_act_[bank] = std::max(next_act_[bank], clock + rules_.rp_all);
  open_ = 0;
}

void ChannelTiming::refresh_all(std::uint64_t clock) {
  std::fill_n(next_act_.begin(), rules_.banks, clock + rules_.rfc);
}

void ChannelTiming::refresh(std::uint32_t bank, std::uint64_t clock) {
  next_act_[bank] = clock + rules_.rfc_pb;
  count_activate(bank, clock);
}

}  // namespace sluice
