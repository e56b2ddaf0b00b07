// SPDX-License-Identifier: Apache-2.0
// An independent judge of DRAM commands: it knows the rules of the standards as pairs of commands
// and looks at the list of what was given, not at anything that the model keeps.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "arch/dram.hpp"
#include "sim/memory/channel.hpp"

namespace sluice::test {

class DramChecker {
 public:
  DramChecker(const Dram& dram, std::uint32_t banks) : t_(timing_of(dram)), banks_(banks) {}

  /// What is wrong with `next` after the commands accepted so far; empty when it is legal.
  std::string judge(const DramCommand& next) {
    wrong_.clear();
    if (next.clock < last_clock_) say("out of order");
    switch (next.kind) {
      case DramCommandKind::activate:
        activate(next);
        break;
      case DramCommandKind::precharge:
        precharge(next.bank, next.clock);
        break;
      case DramCommandKind::precharge_all:
        for (std::uint32_t b = 0; b < t_.bank_groups * t_.banks_per_group; ++b)
          if (banks_[b].open) precharge(b, next.clock);
        break;
      case DramCommandKind::read:
      case DramCommandKind::read_precharge:
        column(next, false);
        break;
      case DramCommandKind::write:
      case DramCommandKind::write_precharge:
        column(next, true);
        break;
      case DramCommandKind::refresh_all:
        for (const Bank& bank : banks_) quiet(bank, next.clock);
        break;
      case DramCommandKind::refresh_bank:
        quiet(banks_[next.bank], next.clock);
        between_activates(next);
        break;
    }
    bus(next);
    return wrong_;
  }

  void accept(const DramCommand& c) {
    last_clock_ = c.clock;
    Bank& bank = banks_[c.bank];
    switch (c.kind) {
      case DramCommandKind::activate:
        bank.open = true, bank.row = c.row, bank.act = when(c.clock);
        acts_.push_back({c.clock, c.bank / t_.banks_per_group});
        break;
      case DramCommandKind::precharge:
        bank.open = false, bank.pre = when(c.clock + t_.rp);
        break;
      case DramCommandKind::precharge_all:
        for (Bank& b : banks_)
          if (b.open) b.open = false, b.pre = when(c.clock + t_.rp_all);
        break;
      case DramCommandKind::read:
      case DramCommandKind::read_precharge:
      case DramCommandKind::write:
      case DramCommandKind::write_precharge: {
        const bool write =
            c.kind == DramCommandKind::write || c.kind == DramCommandKind::write_precharge;
        (write ? bank.wr : bank.rd) = when(c.clock);
        columns_.push_back({c.clock, c.bank / t_.banks_per_group, write});
        if (c.kind == DramCommandKind::read || c.kind == DramCommandKind::write) break;
        // The device closes the row itself, as soon as a PRE would be legal.
        const std::int64_t close = std::max(
            {bank.act + t_.ras, bank.rd + t_.rtp, bank.wr + t_.cwl + t_.burst_clocks + t_.wr});
        bank.open = false, bank.pre = close + t_.rp;
        break;
      }
      case DramCommandKind::refresh_all:
        for (Bank& b : banks_) b.ref = when(c.clock + t_.rfc);
        break;
      case DramCommandKind::refresh_bank:
        bank.ref = when(c.clock + t_.rfc_pb);
        acts_.push_back({c.clock, c.bank / t_.banks_per_group});
        break;
    }
    bus_free_ = std::max<std::int64_t>(bus_free_, when(c.clock) + slots(c.kind));
  }

 private:
  static constexpr std::int64_t long_ago = -1'000'000;
  struct Bank {
    bool open = false;
    std::uint64_t row = 0;
    std::int64_t act = long_ago, rd = long_ago, wr = long_ago;
    std::int64_t pre = long_ago, ref = long_ago;  ///< when the bank is precharged, refreshed
  };
  struct Act {
    std::uint64_t clock;
    std::uint32_t group;
  };
  struct Column {
    std::uint64_t clock;
    std::uint32_t group;
    bool write;
  };

  static std::int64_t when(std::uint64_t clock) { return static_cast<std::int64_t>(clock); }
  void say(const std::string& what) { wrong_ += wrong_.empty() ? what : ", " + what; }
  void after(std::uint64_t clock, std::int64_t earliest, const char* rule) {
    if (when(clock) < earliest) say(rule);
  }
  bool is_column(DramCommandKind kind) const {
    return kind == DramCommandKind::read || kind == DramCommandKind::write ||
           kind == DramCommandKind::read_precharge || kind == DramCommandKind::write_precharge;
  }
  std::int64_t slots(DramCommandKind kind) const {
    if (is_column(kind)) return t_.row_bus_channels == 0 ? t_.column_slots : 0;
    return kind == DramCommandKind::activate ? t_.act_slots : t_.pre_slots;
  }

  void bus(const DramCommand& c) {
    if (is_column(c.kind) && t_.row_bus_channels != 0) return;
    after(c.clock, bus_free_, "command bus");
  }
  void between_activates(const DramCommand& c) {
    const std::uint32_t group = c.bank / t_.banks_per_group;
    const std::size_t seen = acts_.size();
    for (std::size_t i = seen; i-- > 0 && seen - i <= 64;)
      after(c.clock, when(acts_[i].clock) + (acts_[i].group == group ? t_.rrd_l : t_.rrd_s),
            acts_[i].group == group ? "tRRD_L" : "tRRD_S");
    if (seen >= 4) after(c.clock, when(acts_[seen - 4].clock) + t_.faw, "tFAW");
  }
  void activate(const DramCommand& c) {
    const Bank& bank = banks_[c.bank];
    if (bank.open) say("ACT of an open bank");
    after(c.clock, bank.act + t_.rc, "tRC");
    after(c.clock, bank.pre, "tRP");
    after(c.clock, bank.ref, "tRFC");
    between_activates(c);
  }
  void precharge(std::uint32_t index, std::uint64_t clock) {
    const Bank& bank = banks_[index];
    if (!bank.open) say("PRE of a closed bank");
    after(clock, bank.act + t_.ras, "tRAS");
    after(clock, bank.rd + t_.rtp, "tRTP");
    after(clock, bank.wr + t_.cwl + t_.burst_clocks + t_.wr, "tWR");
  }
  void quiet(const Bank& bank, std::uint64_t clock) {
    if (bank.open) say("REF of an open bank");
    after(clock, bank.pre, "tRP before REF");
    after(clock, bank.act + t_.rc, "tRC before REF");
    after(clock, bank.ref, "tRFC before REF");
  }
  void column(const DramCommand& c, bool write) {
    const Bank& bank = banks_[c.bank];
    if (!bank.open || bank.row != c.row) say("row not open");
    after(c.clock, bank.act + (write ? t_.rcd_wr : t_.rcd_rd), "tRCD");
    const std::uint32_t group = c.bank / t_.banks_per_group;
    for (std::size_t i = columns_.size(); i-- > 0 && columns_.size() - i <= 64;) {
      const Column& before = columns_[i];
      const bool same = before.group == group;
      const std::int64_t at = when(before.clock);
      const std::int64_t data_end = at + (before.write ? t_.cwl : t_.cl) + t_.burst_clocks;
      if (before.write == write)
        after(c.clock, at + (same ? t_.ccd_l : t_.ccd_s), same ? "tCCD_L" : "tCCD_S");
      else if (write)
        after(c.clock, at + t_.rtw, "tRTW");
      else
        after(c.clock, data_end + (same ? t_.wtr_l : t_.wtr_s), same ? "tWTR_L" : "tWTR_S");
      after(c.clock + (write ? t_.cwl : t_.cl), data_end, "data bus");
    }
  }

  DramTiming t_;
  std::vector<Bank> banks_;
  std::vector<Act> acts_;
  std::vector<Column> columns_;
  std::uint64_t last_clock_ = 0;
  std::int64_t bus_free_ = long_ago;
  std::string wrong_;
};

/// The first illegal command of a log of several channels, told in words; empty when all are legal.
/// Channels that share a bus for row commands are checked for that too.
inline std::string first_illegal(const Dram& dram, const std::vector<DramCommand>& log) {
  const DramTiming t = timing_of(dram);
  std::map<std::uint32_t, DramChecker> checkers;
  std::map<std::uint32_t, std::uint64_t> row_bus_free;
  for (const DramCommand& c : log) {
    auto [at, added] = checkers.try_emplace(c.channel, dram, t.bank_groups * t.banks_per_group);
    std::string wrong = at->second.judge(c);
    const bool row = c.kind != DramCommandKind::read && c.kind != DramCommandKind::write &&
                     c.kind != DramCommandKind::read_precharge &&
                     c.kind != DramCommandKind::write_precharge;
    if (row && t.row_bus_channels > 1) {
      std::uint64_t& free = row_bus_free[c.channel / t.row_bus_channels];
      if (c.clock < free) wrong += " shared row bus";
      free = c.clock + (c.kind == DramCommandKind::activate ? t.act_slots : t.pre_slots);
    }
    if (!wrong.empty())
      return "clock " + std::to_string(c.clock) + " channel " + std::to_string(c.channel) +
             " kind " + std::to_string(static_cast<int>(c.kind)) + " bank " +
             std::to_string(c.bank) + ": " + wrong;
    at->second.accept(c);
  }
  return {};
}

}  // namespace sluice::test
