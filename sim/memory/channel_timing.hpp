// SPDX-License-Identifier: Apache-2.0
// When a command may be given to a DRAM channel of one rank: the state of banks, bank groups and
// rank as the earliest clock of each kind of command. It decides nothing; the scheduler does.
//
//   ACT -> ACT   same bank tRC, same group tRRD_L, else tRRD_S; the fourth before: tFAW
//   ACT -> RD, WR, PRE        tRCD (of reads, of writes), tRAS
//   PRE -> ACT   tRP          RD -> PRE  tRTP        WR -> PRE  CWL + BL + tWR
//   RD -> RD, WR -> WR        same group tCCD_L, else tCCD_S
//   RD -> WR     tRTW         WR -> RD   CWL + BL + tWTR_L in the same group, else tWTR_S
//   REF -> ACT   tRFC         a per-bank REF counts as an ACT of its bank for tRRD and tFAW
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "arch/dram.hpp"

namespace sluice {

/// Clocks between commands, with what one parameter alone does not say worked out.
struct TimingRules {
  explicit TimingRules(const DramTiming& timing);

  std::uint32_t banks, bank_bits;  ///< of the channel; log2 of those of a group
  std::uint32_t groups;
  std::uint64_t burst_bytes;
  std::uint64_t burst, cl, cwl;
  std::uint64_t rcd_rd, rcd_wr, rp, rp_all, ras, rc, rrd_s, rrd_l, faw;
  std::uint64_t ccd_s, ccd_l;  ///< not less than data and command bus need
  std::uint64_t read_to_precharge, write_to_precharge;
  std::uint64_t read_to_write;  ///< not less than the data bus needs
  std::uint64_t write_to_read_s, write_to_read_l;
  std::uint64_t refi, rfc, rfc_pb;
  std::uint64_t act_slots, pre_slots, column_slots;
};

class ChannelTiming {
 public:
  static constexpr std::size_t max_banks = 64;
  static constexpr std::uint64_t never = ~std::uint64_t{0};

  explicit ChannelTiming(const TimingRules& rules) : rules_(rules) {}

  const TimingRules& rules() const { return rules_; }
  bool is_open(std::uint32_t bank) const { return (open_ >> bank & 1) != 0; }
  bool any_open() const { return open_ != 0; }
  std::uint64_t row(std::uint32_t bank) const { return row_[bank]; }
  std::uint32_t group(std::uint32_t bank) const { return bank >> rules_.bank_bits; }

  std::uint64_t earliest_activate(std::uint32_t bank) const {
    return std::max({next_act_[bank], group_act_[group(bank)], rank_activate()});
  }
  /// Of an ACT to any bank: tRRD_S and tFAW.
  std::uint64_t rank_activate() const { return std::max(rank_act_, faw_[faw_head_]); }
  /// Of an ACT to this bank were it alone: tRC, tRP, tRFC.
  std::uint64_t bank_activate(std::uint32_t bank) const { return next_act_[bank]; }
  std::uint64_t earliest_precharge(std::uint32_t bank) const { return next_pre_[bank]; }
  std::uint64_t earliest_column(std::uint32_t bank, bool write) const {
    return std::max(column_of_bank(bank, write), rank_column_[write]);
  }
  /// Without what holds for all banks alike.
  std::uint64_t column_of_bank(std::uint32_t bank, bool write) const {
    return std::max(next_column_[write][bank], group_column_[write][group(bank)]);
  }
  std::uint64_t row_ready(std::uint32_t bank, bool write) const {
    return next_column_[write][bank];
  }
  std::uint64_t rank_column(bool write) const { return rank_column_[write]; }
  std::uint64_t earliest_precharge_all() const;
  std::uint64_t earliest_refresh_all() const;
  std::uint64_t earliest_refresh(std::uint32_t bank) const { return earliest_activate(bank); }

  void activate(std::uint32_t bank, std::uint64_t row, std::uint64_t clock);
  void precharge(std::uint32_t bank, std::uint64_t clock) {
    open_ &= ~(std::uint64_t{1} << bank);
    next_act_[bank] = std::max(next_act_[bank], clock + rules_.rp);
  }
  void precharge_all(std::uint64_t clock);
  void refresh_all(std::uint64_t clock);
  void refresh(std::uint32_t bank, std::uint64_t clock);
  void column(std::uint32_t bank, bool write, std::uint64_t clock) {
    write ? write_burst(bank, clock) : read_burst(bank, clock);
  }
  /// Closes the row as soon as its last access allows: RD and WR with auto-precharge.
  void auto_precharge(std::uint32_t bank) { precharge(bank, next_pre_[bank]); }

  template <class Archive>
  void each_clock(Archive&& archive) {
    for (std::uint32_t b = 0; b < rules_.banks; ++b) {
      archive(next_act_[b]), archive(next_pre_[b]);
      archive(next_column_[0][b]), archive(next_column_[1][b]);
    }
    for (std::uint32_t g = 0; g < rules_.groups; ++g)
      archive(group_act_[g]), archive(group_column_[0][g]), archive(group_column_[1][g]);
    archive(rank_act_), archive(rank_column_[0]), archive(rank_column_[1]);
    for (std::size_t i = 0; i < faw_.size(); ++i) archive(faw_[(faw_head_ + i) % faw_.size()]);
  }
  void shift_row(std::uint32_t bank, std::uint64_t rows) { row_[bank] += rows; }

 private:
  void read_burst(std::uint32_t bank, std::uint64_t clock) {
    const std::uint32_t g = group(bank);
    next_pre_[bank] = std::max(next_pre_[bank], clock + rules_.read_to_precharge);
    rank_column_[0] = clock + rules_.ccd_s;
    group_column_[0][g] = clock + rules_.ccd_l;
    rank_column_[1] = std::max(rank_column_[1], clock + rules_.read_to_write);
  }
  void write_burst(std::uint32_t bank, std::uint64_t clock) {
    const std::uint32_t g = group(bank);
    next_pre_[bank] = std::max(next_pre_[bank], clock + rules_.write_to_precharge);
    rank_column_[1] = clock + rules_.ccd_s;
    group_column_[1][g] = clock + rules_.ccd_l;
    rank_column_[0] = std::max(rank_column_[0], clock + rules_.write_to_read_s);
    group_column_[0][g] = std::max(group_column_[0][g], clock + rules_.write_to_read_l);
  }
  void count_activate(std::uint32_t bank, std::uint64_t clock);

  TimingRules rules_;
  std::uint64_t open_ = 0;  ///< one bit a bank
  std::array<std::uint64_t, max_banks> row_{};
  std::array<std::uint64_t, max_banks> next_act_{}, next_pre_{};
  std::array<std::array<std::uint64_t, max_banks>, 2> next_column_{};  ///< reads, writes
  std::array<std::uint64_t, max_banks> group_act_{};
  std::array<std::array<std::uint64_t, max_banks>, 2> group_column_{};
  std::uint64_t rank_act_ = 0;
  std::array<std::uint64_t, 2> rank_column_{};
  std::array<std::uint64_t, 4> faw_{};  ///< a ring: the earliest clock of the fourth ACT from each
  std::size_t faw_head_ = 0;
};

}  // namespace sluice
