// SPDX-License-Identifier: Apache-2.0
#include "sim/memory/channel.hpp"

#include <algorithm>
#include <cmath>

namespace sluice {
namespace {

constexpr std::uint64_t every_bank = ~std::uint64_t{0};
constexpr int oldest_looked_at = 10;
constexpr std::uint64_t bit(std::uint32_t bank) { return std::uint64_t{1} << bank; }

/// Calls visit(bank) for every bit that is set.
template <class Visit>
[[gnu::always_inline]] inline void for_each_bank(std::uint64_t banks, Visit&& visit) {
  for (; banks != 0; banks &= banks - 1) visit(static_cast<std::uint32_t>(std::countr_zero(banks)));
}

}  // namespace

ChannelPolicy::ChannelPolicy(const Dram& dram)
    : read_window(dram.read_window),
      write_queue(dram.write_queue),
      drain_above(static_cast<std::uint32_t>(std::floor(dram.drain_high * dram.write_queue))),
      serve_reads_below(static_cast<std::uint32_t>(std::ceil(dram.drain_low * dram.write_queue))),
      hit_cap(dram.hit_cap),
      page(dram.page_policy),
      scheduler(dram.scheduler),
      split_bus(false),
      refresh(dram.refresh),
      refresh_interval(0),
      refresh_put_off(0),
      refresh_ahead(0) {
  const DramTiming t = timing_of(dram);
  split_bus = t.row_bus_channels != 0;
  // A queue that is full must drain, whatever the mark.
  drain_above = std::min(drain_above, write_queue - 1);
  refresh_interval =
      refresh == DramRefresh::per_bank ? t.refi / (t.bank_groups * t.banks_per_group) : t.refi;
  refresh_put_off = dram.refresh_postponed * refresh_interval;
  refresh_ahead = dram.refresh_pulled_in * refresh_interval;
}

RequestQueue::RequestQueue(std::uint32_t reads, std::uint32_t writes)
    : capacity_{reads, writes},
      bursts_(reads + writes),
      next_(reads + writes, none),
      age_(reads + writes),
      free_(reads + writes),
      free_count_(reads + writes) {
  for (std::size_t i = 0; i < free_.size(); ++i) free_[i] = static_cast<Index>(i);
}

DramChannel::DramChannel(const TimingRules& rules, const ChannelPolicy& policy, std::uint32_t index,
                         CommandBus& bus)
    : timing_(rules),
      policy_(policy),
      queue_(policy.read_window, policy.write_queue),
      bus_(&bus),
      index_(index),
      banks_(rules.banks) {
  if (policy.refresh != DramRefresh::none) refresh_due_ = policy.refresh_interval;
}

/// Which request of a bank comes next, and by which command: the oldest hit, else the oldest.
/// `after`: requests up to and including this one are known not to be hits.
void DramChannel::choose_request(std::uint32_t bank, RequestQueue::Index after) {
  const std::uint64_t mask = bit(bank);
  column_banks_ &= ~mask, open_banks_ &= ~mask, close_banks_ &= ~mask;
  activate_.forget(bank);
  precharge_.forget(bank);
  const RequestQueue::Index head = queue_.head(bank, writing_);
  if (head == RequestQueue::none) return;
  BankState& state = banks_[bank];
  state.chosen = head;
  state.before = RequestQueue::none;
  order_[bank] = queue_[head].order;
  if (!timing_.is_open(bank)) {
    open_banks_ |= mask;
    activate_.offer(timing_.earliest_activate(bank), order_[bank], bank);
    return;
  }
  const std::uint64_t row = timing_.row(bank);
  if (queue_[head].row == row) {
    column_banks_ |= mask;
    return;
  }
  if (policy_.scheduler == DramScheduler::fr_fcfs && state.passed < policy_.hit_cap) {
    RequestQueue::Index before = after == RequestQueue::none ? head : after;
    for (auto i = queue_.next(before); i != RequestQueue::none; before = i, i = queue_.next(i)) {
      if (queue_[i].row != row) continue;
      state.chosen = i;
      state.before = before;
      order_[bank] = queue_[i].order;
      column_banks_ |= mask;
      return;
    }
  }
  close_banks_ |= mask;
  precharge_.offer(timing_.earliest_precharge(bank), order_[bank], bank);
}

void DramChannel::choose_all() {
  column_banks_ = open_banks_ = close_banks_ = 0;
  activate_.holds = precharge_.holds = false;
  for_each_bank(queue_.banks(writing_), [&](std::uint32_t bank) { choose_request(bank); });
}

/// Writes are drained when there are many, or nothing else to do, until there are few and reads
/// wait.
void DramChannel::choose_direction() {
  const std::uint32_t reads = queue_.count(false), writes = queue_.count(true);
  const bool write = writing_ ? !(writes == 0 || (writes < policy_.serve_reads_below && reads > 0))
                              : writes > policy_.drain_above || (reads == 0 && writes > 0);
  if (write == writing_) return;
  writing_ = write;
  choose_all();
}

DramChannel::Choice DramChannel::best_column(std::uint64_t now, std::uint64_t banks) const {
  Choice best;
  std::uint64_t floor = std::max(now, timing_.rank_column(writing_));
  if (!policy_.split_bus) floor = std::max(floor, bus_->free);
  banks &= column_banks_;
  // The oldest that can go at once is best. In a stream, which has hits in several banks, it is
  // among the oldest few of all.
  const std::uint64_t beyond_one = banks & (banks - 1);
  const bool stream = (beyond_one & (beyond_one - 1)) != 0;
  auto i = stream ? queue_.oldest(writing_) : RequestQueue::none;
  for (int look = 0; look < oldest_looked_at && i != RequestQueue::none; ++look) {
    const std::uint32_t bank = queue_.bank(i);
    if ((banks & bit(bank)) != 0 && banks_[bank].chosen == i &&
        timing_.column_of_bank(bank, writing_) <= floor)
      return {floor, order_[bank], bank};
    i = queue_.younger(i);
  }
  for_each_bank(banks, [&](std::uint32_t bank) {
    best.offer(std::max(floor, timing_.column_of_bank(bank, writing_)), order_[bank], bank);
  });
  return best;
}

DramChannel::Choice DramChannel::best_activate(std::uint64_t floor, std::uint64_t banks) const {
  Choice best;
  for_each_bank(open_banks_ & banks, [&](std::uint32_t bank) {
    best.offer(std::max(floor, timing_.earliest_activate(bank)), order_[bank], bank);
  });
  return best;
}

DramChannel::Choice DramChannel::best_precharge(std::uint64_t floor, std::uint64_t banks) const {
  Choice best;
  for_each_bank(close_banks_ & banks, [&](std::uint32_t bank) {
    best.offer(std::max(floor, timing_.earliest_precharge(bank)), order_[bank], bank);
  });
  return best;
}

/// The ACT or PRE that comes first.
DramChannel::Choice DramChannel::best_row_command(std::uint64_t now, std::uint64_t banks,
                                                  RowCommand& command) {
  const std::uint64_t floor = std::max(now, bus_->free);
  const std::uint64_t rank_floor = std::max(floor, timing_.rank_activate());
  const bool all = banks == every_bank;
  if (!all || !activate_.holds_from(rank_floor))
    activate_ = {best_activate(rank_floor, banks), rank_floor, all};
  if (!all || !precharge_.holds_from(floor))
    precharge_ = {best_precharge(floor, banks), floor, all};
  const bool closes = precharge_.best.before(activate_.best);
  command = closes ? RowCommand::precharge : RowCommand::activate;
  return closes ? precharge_.best : activate_.best;
}

/// The banks whose requests may be served: all, or with fcfs that of the oldest.
std::uint64_t DramChannel::eligible_banks() const {
  if (policy_.scheduler != DramScheduler::fcfs) return every_bank;
  Choice oldest;
  for_each_bank(queue_.banks(writing_),
                [&](std::uint32_t bank) { oldest.offer(0, order_[bank], bank); });
  return oldest.bank == no_bank ? 0 : bit(oldest.bank);
}

void DramChannel::plan(std::uint64_t now) {
  choose_direction();
  std::uint64_t banks = eligible_banks();
  Choice column = best_column(now, banks), row;
  RowCommand command = RowCommand::activate;
  if ((open_banks_ | close_banks_) != 0) row = best_row_command(now, banks, command);
  if (policy_.refresh == DramRefresh::all_bank)
    plan_around_refresh_of_all(now, column, row, command);
  else if (policy_.refresh == DramRefresh::per_bank &&
           std::min(column.clock, row.clock) >= refresh_due_) {
    banks &= ~bit(refresh_bank_);
    column = best_column(now, banks);
    row = best_row_command(now, banks, command);
    plan_refresh_of_bank(now, row, command);
  }
  plan_ = {};
  if (column.clock <= row.clock && column.bank != no_bank) {
    plan_.clock = column.clock;
    plan_.column_bank = column.bank;
    if (!policy_.split_bus || row.clock != column.clock) return;
  }
  plan_.clock = row.clock;
  plan_.row_bank = row.bank;
  plan_.row_command = command;
}

/// Nothing begins at or after the clock at which a refresh can wait no longer; then all banks are
/// closed and refreshed.
void DramChannel::plan_around_refresh_of_all(std::uint64_t now, Choice& column, Choice& row,
                                             RowCommand& command) const {
  const std::uint64_t limit = queue_.empty() ? refresh_from() : refresh_limit();
  if (column.clock >= limit) column = {};
  if (row.clock >= limit) row = {};
  if (column.bank != no_bank || row.bank != no_bank) return;
  const std::uint64_t floor = std::max({now, bus_->free, limit});
  row.bank = 0;
  if (timing_.any_open()) {
    row.clock = std::max(floor, timing_.earliest_precharge_all());
    command = RowCommand::precharge_all;
  } else {
    row.clock = std::max(floor, timing_.earliest_refresh_all());
    command = RowCommand::refresh_all;
  }
}

/// The bank whose turn it is is closed and refreshed, before other row commands of that clock.
void DramChannel::plan_refresh_of_bank(std::uint64_t now, Choice& row, RowCommand& command) const {
  const std::uint64_t floor = std::max({now, bus_->free, refresh_due_});
  const bool open = timing_.is_open(refresh_bank_);
  const std::uint64_t clock = std::max(floor, open ? timing_.earliest_precharge(refresh_bank_)
                                                   : timing_.earliest_refresh(refresh_bank_));
  if (clock > row.clock) return;
  row.clock = clock;
  row.bank = refresh_bank_;
  command = open ? RowCommand::precharge : RowCommand::refresh;
}

/// Whether the controller closes the row with this access, which is no longer queued.
bool DramChannel::closes_after_access(std::uint32_t bank, std::uint64_t row) const {
  if (policy_.page == PagePolicy::open) return false;
  if (policy_.page == PagePolicy::closed_always) return true;
  bool other_row = false;
  for (const bool write : {false, true})
    for (auto i = queue_.head(bank, write); i != RequestQueue::none; i = queue_.next(i)) {
      if (queue_[i].row == row) return false;
      other_row = true;
    }
  return other_row || policy_.page == PagePolicy::closed;
}

ServedBurst DramChannel::give_column(std::uint32_t bank, std::uint64_t clock) {
  const bool write = writing_;
  BankState& state = banks_[bank];
  const QueuedBurst burst = queue_[state.chosen];
  move_data(bank, clock);
  const RequestQueue::Index before = state.before;
  if (before != RequestQueue::none) ++state.passed;
  queue_.remove(bank, write, before);
  bool closes = false;
  if (closes_after_access(bank, burst.row)) {
    timing_.auto_precharge(bank);
    ++stats_.precharges;
    closes = true;
  }
  log(clock,
      write ? (closes ? DramCommandKind::write_precharge : DramCommandKind::write)
            : (closes ? DramCommandKind::read_precharge : DramCommandKind::read),
      bank, burst.row);
  choose_request(bank, before);
  return {burst.owner, write, burst.accepted, last_data_end_};
}

void DramChannel::give_activate(std::uint32_t bank, std::uint64_t clock) {
  BankState& state = banks_[bank];
  const QueuedBurst& burst = queue_[state.chosen];
  const std::uint64_t own = std::max(timing_.bank_activate(bank), burst.accepted);
  const std::uint64_t legal = timing_.earliest_activate(bank);
  state.faw_wait = legal > own ? legal - own : 0;
  state.fresh = true;
  state.passed = 0;
  state.stream = burst.stream;
  timing_.activate(bank, burst.row, clock);
  activate_.holds = false;  // all banks now wait for tRRD and tFAW
  bus_->free = clock + timing_.rules().act_slots;
  ++stats_.activates;
  log(clock, DramCommandKind::activate, bank, burst.row);
  choose_request(bank);
}

void DramChannel::give_row_command(const Plan& plan) {
  const std::uint64_t clock = plan.clock;
  const std::uint32_t bank = plan.row_bank;
  bus_->last_user = index_;
  if (plan.row_command == RowCommand::activate) {
    give_activate(bank, clock);
    return;
  }
  bus_->free = clock + timing_.rules().pre_slots;
  switch (plan.row_command) {
    case RowCommand::activate:
      break;
    case RowCommand::precharge:
      timing_.precharge(bank, clock);
      // Closed for a refresh, the next row is a miss, not a conflict.
      banks_[bank].conflict = !(policy_.refresh == DramRefresh::per_bank && bank == refresh_bank_ &&
                                clock >= refresh_due_);
      ++stats_.precharges;
      log(clock, DramCommandKind::precharge, bank, 0);
      choose_request(bank);
      break;
    case RowCommand::precharge_all:
      for (std::uint32_t b = 0; b < timing_.rules().banks; ++b)
        if (timing_.is_open(b)) ++stats_.precharges, banks_[b].conflict = false;
      timing_.precharge_all(clock);
      log(clock, DramCommandKind::precharge_all, 0, 0);
      choose_all();
      break;
    case RowCommand::refresh_all:
      timing_.refresh_all(clock);
      activate_.holds = false;
      refresh_begin_ = std::min(clock, refresh_limit());
      refresh_end_ = clock + timing_.rules().rfc;
      refresh_due_ += policy_.refresh_interval;
      ++stats_.refreshes;
      log(clock, DramCommandKind::refresh_all, 0, 0);
      break;
    case RowCommand::refresh:
      timing_.refresh(bank, clock);
      activate_.holds = false;
      refresh_bank_ = (refresh_bank_ + 1) % timing_.rules().banks;
      refresh_due_ += policy_.refresh_interval;
      ++stats_.refreshes;
      log(clock, DramCommandKind::refresh_bank, bank, 0);
      break;
  }
}

void DramChannel::skip_idle_refreshes(std::uint64_t until) {
  // The last rounds are given one by one, so that their traces in the timing are the usual ones.
  const bool single = policy_.refresh == DramRefresh::per_bank;
  const std::uint64_t round = single ? timing_.rules().banks : 1;
  const std::uint64_t span = round * policy_.refresh_interval;
  const std::uint64_t next = refresh_from();
  if (log_ != nullptr || timing_.any_open() || next >= until) return;
  if (next <= timing_.earliest_refresh_all() || (until - next) / span < 3) return;
  const std::uint64_t rounds = (until - next) / span - 2;
  stats_.refreshes += rounds * round;
  refresh_due_ += rounds * span;
  refresh_begin_ += rounds * span, refresh_end_ += rounds * span;
}

/// Says why the data bus was idle for `gap` clocks before the data of the column command of
/// `clock`: first what kept all requests away, then what held this one back. What is left is rows.
void DramChannel::attribute_gap(std::uint32_t bank, std::uint64_t clock, std::uint64_t gap) {
  std::uint64_t left = gap;
  const auto take = [&](std::uint64_t amount, std::uint64_t& counter) {
    amount = std::min(amount, left);
    counter += amount;
    left -= amount;
  };
  const auto beyond = [](std::uint64_t end, std::uint64_t begin) {
    return end > begin ? end - begin : 0;
  };
  const std::uint64_t start = beyond(clock, gap);
  const std::uint64_t from = std::max(start, work_since_);
  take(beyond(std::min(clock, work_since_), start) + beyond(gap, clock), stats_.queue_empty);
  take(beyond(std::min(clock, refresh_end_), std::max(from, refresh_begin_)), stats_.refresh);
  const BankState& state = banks_[bank];
  const std::uint64_t row_ready = timing_.row_ready(bank, writing_);
  const std::uint64_t group_ready = timing_.column_of_bank(bank, writing_);
  if (writing_ != last_write_) {
    take(beyond(std::max(timing_.rank_column(writing_), group_ready > row_ready ? group_ready : 0),
                from),
         stats_.turnaround);
  }
  if (state.fresh) take(std::min(state.faw_wait, beyond(row_ready, from)), stats_.faw);
  if (group_ready > row_ready)
    take(beyond(group_ready, std::max(from, row_ready)), stats_.bank_group);
  take(left, stats_.row);
}

DramStats DramChannel::stats(std::uint64_t now) const {
  DramStats stats = stats_;
  if (now <= last_data_end_) return stats;
  stats.queue_empty += now - last_data_end_;
  stats.clocks += now - last_data_end_;
  return stats;
}

}  // namespace sluice
