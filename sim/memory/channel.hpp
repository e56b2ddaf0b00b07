// SPDX-License-Identifier: Apache-2.0
// The controller of one DRAM channel: which command comes next, and when. It is driven by
// transactions, not ticks: plan() finds the next command and its clock from the requests that are
// queued, execute() gives it. What enters the queue, and when, is decided outside
// (sim/memory/port.hpp).
//
// A command is given at the earliest clock at which any is legal; at equal clocks column commands
// come before row commands, then the oldest. Only requests of the present direction are served.
// A refresh that can wait no longer goes before everything: for an all-bank refresh nothing else
// begins any more. While no request is queued, refreshes are given that are due, or may be early.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <vector>

#include "sim/memory/channel_timing.hpp"
#include "sim/memory/dram_stats.hpp"
#include "sim/memory/request_queue.hpp"

namespace sluice {

enum class DramCommandKind : std::uint8_t {
  activate,
  precharge,
  precharge_all,
  read,
  write,
  read_precharge,   ///< RD with auto-precharge
  write_precharge,  ///< WR with auto-precharge
  refresh_all,
  refresh_bank,
};

/// One command as it was given, for whoever wants to check them.
struct DramCommand {
  std::uint64_t clock = 0;
  DramCommandKind kind{};
  std::uint32_t channel = 0;
  std::uint32_t bank = 0;
  std::uint64_t row = 0;  ///< of ACT, RD, WR
  bool operator==(const DramCommand&) const = default;
};

/// The command bus: of one channel, or the row commands of those that share it.
struct CommandBus {
  std::uint64_t free = 0;
  std::uint32_t last_user = 0;
};

struct ChannelPolicy {
  explicit ChannelPolicy(const Dram& dram);

  std::uint32_t read_window, write_queue;
  std::uint32_t drain_above, serve_reads_below;  ///< writes queued
  std::uint32_t hit_cap;
  PagePolicy page;
  DramScheduler scheduler;
  bool split_bus;
  DramRefresh refresh;
  std::uint64_t refresh_interval;  ///< clocks between refreshes of all, or of one bank
  std::uint64_t refresh_put_off;   ///< clocks by which one may be late while requests wait
  std::uint64_t refresh_ahead;     ///< clocks by which one may be early while none do
};

/// A burst whose column command was given.
struct ServedBurst {
  std::uint32_t owner = 0;
  bool write = false;
  std::uint64_t accepted = 0;
  std::uint64_t data_end = 0;  ///< the clock after its last data
};

class HitWindow;

class DramChannel {
 public:
  static constexpr std::uint64_t never = ChannelTiming::never;

  DramChannel(const TimingRules& rules, const ChannelPolicy& policy, std::uint32_t index,
              CommandBus& bus);

  bool room(bool write) const { return queue_.room(write); }
  std::uint32_t room_for(bool write) const { return queue_.room_for(write); }
  bool idle() const { return queue_.empty(); }
  std::uint32_t queued(bool write) const { return queue_.count(write); }

  /// A burst enters at `clock`. There must be room.
  void push(std::uint32_t bank, bool write, const QueuedBurst& burst) {
    if (queue_.empty()) work_since_ = burst.accepted;
    const RequestQueue::Index index = queue_.push(bank, write, burst);
    if (write != writing_) return;
    const std::uint64_t bit = std::uint64_t{1} << bank;
    if (queue_.head(bank, write) == index ||
        ((close_banks_ & bit) != 0 && timing_.row(bank) == burst.row))
      choose_request(bank);
  }

  /// Finds the next command, not before `now`. Idempotent.
  void plan(std::uint64_t now);
  /// The clock of the planned command, or `never`.
  std::uint64_t planned() const { return plan_.clock; }
  void forget_plan() { plan_.clock = never; }
  /// Whether another channel has meanwhile taken the bus that the plan counted on.
  bool plan_lost_bus() const { return plan_.row_bank != no_bank && plan_.clock < bus_->free; }

  /// Gives the planned command or commands. `served(burst)` is called for a column command.
  template <class Served>
  void execute(Served&& served) {
    const Plan plan = plan_;
    if (plan.column_bank != no_bank) served(give_column(plan.column_bank, plan.clock));
    if (plan.row_bank != no_bank) give_row_command(plan);
  }
  bool plans_column() const { return plan_.column_bank != no_bank; }

  /// Commands that will follow each other unchanged from the planned one on, all before `until`:
  /// hits of one row every tCCD_L, nothing else being queued and every place taken; if each place
  /// that they free is filled in the next clock by another hit of `owner`. 0 when that is not so.
  std::uint64_t repeats(std::uint64_t until) const;
  /// Whether all that is queued belongs to `owner` and hits the row of the planned command.
  bool queued_alike(std::uint32_t owner) const;
  std::uint32_t planned_bank() const { return plan_.column_bank; }
  std::uint64_t planned_row() const { return timing_.row(plan_.column_bank); }
  bool writing() const { return writing_; }
  /// Gives the planned command and count - 1 more like it, each place being filled anew; returns
  /// the clock of the last. The result is that of giving them one by one.
  std::uint64_t repeat(std::uint64_t count, std::uint32_t owner, std::uint32_t stream);

  /// Whether no request that comes next in its bank needs a row command.
  bool chooses_hits() const { return (open_banks_ | close_banks_) == 0; }
  /// Gives the planned column command and those that follow it before `until`, each place but the
  /// last being filled from `source` (hit_stream.hpp), as long as all are row hits; returns how
  /// many, and the clock of the last. Then the place that is free must be filled, and a new plan be
  /// made. 0, and nothing is done, if something else is queued.
  template <class Source>
  std::uint64_t give_hits(std::uint64_t until, Source& source, std::uint64_t& last);

  /// Gives at once the refreshes before `until` of a channel that stays idle, but for the last few.
  void skip_idle_refreshes(std::uint64_t until);

  const DramStats& counters() const { return stats_; }
  /// The counters with the data bus accounted for up to `now`.
  DramStats stats(std::uint64_t now) const;
  std::uint64_t last_data_end() const { return last_data_end_; }
  const TimingRules& rules() const { return timing_.rules(); }
  void log_to(std::vector<DramCommand>* log) { log_ = log; }
  /// Makes this copy of another channel the channel `index` on `bus`.
  void move_to(std::uint32_t index, CommandBus& bus) { index_ = index, bus_ = &bus; }

 private:
  friend class DramStateWriter;

  static constexpr std::uint32_t no_bank = ~std::uint32_t{0};
  enum class RowCommand : std::uint8_t { activate, precharge, precharge_all, refresh_all, refresh };
  struct Plan {
    std::uint64_t clock = never;
    std::uint32_t column_bank = no_bank;
    std::uint32_t row_bank = no_bank;
    RowCommand row_command{};
  };
  struct Choice {
    std::uint64_t clock = never;
    std::uint64_t order = never;
    std::uint32_t bank = no_bank;
    void offer(std::uint64_t other_clock, std::uint64_t other_order, std::uint32_t other_bank) {
      // Without branches: which bank is first is as good as random.
      const bool better = (other_clock < clock) | ((other_clock == clock) & (other_order < order));
      clock = better ? other_clock : clock;
      order = better ? other_order : order;
      bank = better ? other_bank : bank;
    }
    bool before(const Choice& other) const {
      return clock < other.clock || (clock == other.clock && order < other.order);
    }
  };
  /// The best of the banks that wait for a command, kept while it holds: it does until its bank
  /// leaves, or a clock later than its own is the earliest for all.
  struct Kept {
    Choice best;
    std::uint64_t floor = 0;
    bool holds = false;
    bool holds_from(std::uint64_t clock) const { return holds && clock <= best.clock; }
    void forget(std::uint32_t bank) { holds = holds && best.bank != bank; }
    void offer(std::uint64_t ready, std::uint64_t order, std::uint32_t bank) {
      if (holds) best.offer(ready > floor ? ready : floor, order, bank);
    }
  };
  /// What a bank remembers beside its timing.
  struct BankState {
    std::uint64_t faw_wait = 0;  ///< clocks that its last ACT waited for tRRD or tFAW
    std::uint32_t passed = 0;    ///< hits that passed an older request since the row was opened
    std::uint32_t stream = 0;    ///< of the request that opened the row
    RequestQueue::Index chosen = 0, before = 0;  ///< the chosen request, and the one before it
    bool fresh = false;                          ///< the row was opened and not yet accessed
    bool conflict = false;                       ///< closed for the sake of another row
  };

  void choose_request(std::uint32_t bank) { choose_request(bank, RequestQueue::none); }
  void choose_request(std::uint32_t bank, RequestQueue::Index after);
  void choose_all();
  void choose_direction();
  Choice best_column(std::uint64_t now, std::uint64_t banks) const;
  Choice best_activate(std::uint64_t floor, std::uint64_t banks) const;
  Choice best_precharge(std::uint64_t floor, std::uint64_t banks) const;
  Choice best_row_command(std::uint64_t now, std::uint64_t banks, RowCommand& command);
  std::uint64_t eligible_banks() const;
  void plan_around_refresh_of_all(std::uint64_t now, Choice& column, Choice& row,
                                  RowCommand& command) const;
  void plan_refresh_of_bank(std::uint64_t now, Choice& row, RowCommand& command) const;
  bool collect_hits(HitWindow& window) const;
  void restore_hits(const HitWindow& window);
  void count_hits(std::uint64_t back_to_back);
  void move_data(std::uint32_t bank, std::uint64_t clock);
  ServedBurst give_column(std::uint32_t bank, std::uint64_t clock);
  bool closes_after_access(std::uint32_t bank, std::uint64_t row) const;
  void give_row_command(const Plan& plan);
  void give_activate(std::uint32_t bank, std::uint64_t clock);
  void count_access(BankState& state, bool write) {
    ++(write ? stats_.writes : stats_.reads);
    (write ? stats_.bytes_written : stats_.bytes_read) += timing_.rules().burst_bytes;
    if (!state.fresh) {
      ++stats_.row_hits;
      return;
    }
    ++(state.conflict ? stats_.row_conflicts : stats_.row_misses);
    state.fresh = state.conflict = false;
  }
  void attribute_gap(std::uint32_t bank, std::uint64_t clock, std::uint64_t gap);
  void log(std::uint64_t clock, DramCommandKind kind, std::uint32_t bank, std::uint64_t row) {
    if (log_ != nullptr) log_->push_back({clock, kind, index_, bank, row});
  }

  ChannelTiming timing_;
  ChannelPolicy policy_;
  RequestQueue queue_;
  CommandBus* bus_;
  std::uint32_t index_;
  bool writing_ = false;     ///< the direction served at present
  bool last_write_ = false;  ///< direction of the last column command
  std::uint64_t column_banks_ = 0, open_banks_ = 0, close_banks_ = 0;  ///< next: RD/WR, ACT, PRE
  Plan plan_;
  Kept activate_, precharge_;
  std::vector<BankState> banks_;
  std::array<std::uint64_t, ChannelTiming::max_banks> order_{};  ///< age of each chosen request
  /// The clock from which on requests wait for the next refresh of all banks.
  std::uint64_t refresh_limit() const {
    return refresh_due_ == never ? never : refresh_due_ + policy_.refresh_put_off;
  }
  /// The first clock at which a channel without requests refreshes all banks.
  std::uint64_t refresh_from() const {
    return refresh_due_ - std::min(refresh_due_, policy_.refresh_ahead);
  }
  std::uint64_t refresh_due_ = never;  ///< of a refresh that is neither late nor early
  std::uint32_t refresh_bank_ = 0;
  std::uint64_t refresh_begin_ = 0, refresh_end_ = 0;  ///< the last refresh of all banks
  std::uint64_t work_since_ = 0;                       ///< the queue has not been empty since
  std::uint64_t last_data_end_ = 0;
  DramStats stats_;
  std::vector<DramCommand>* log_ = nullptr;
};

/// The data of a column command, and what it makes others wait for.
inline void DramChannel::move_data(std::uint32_t bank, std::uint64_t clock) {
  const TimingRules& rules = timing_.rules();
  const bool write = writing_;
  const std::uint64_t data_begin = clock + (write ? rules.cwl : rules.cl);
  const std::uint64_t gap = data_begin - last_data_end_;
  if (gap != 0) attribute_gap(bank, clock, gap);
  last_data_end_ = data_begin + rules.burst;
  last_write_ = write;
  stats_.data += rules.burst;
  stats_.clocks += gap + rules.burst;
  count_access(banks_[bank], write);
  timing_.column(bank, write, clock);
  if (!policy_.split_bus) bus_->free = clock + rules.column_slots;
}

}  // namespace sluice
