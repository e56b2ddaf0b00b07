// SPDX-License-Identifier: Apache-2.0
// Runs of row hits that nothing can interrupt, given at once. What this computes is exactly what
// DramChannel does one by one; it only saves looking for the next command again and again.
#include <algorithm>

#include "sim/memory/hit_stream.hpp"

namespace sluice {

std::uint64_t DramChannel::repeats(std::uint64_t until) const {
  const std::uint32_t bank = plan_.column_bank;
  if (bank == no_bank || plan_.row_bank != no_bank) return 0;
  const bool alone = column_banks_ == std::uint64_t{1} << bank && (open_banks_ | close_banks_) == 0;
  if (!alone || writing_ != last_write_ || queue_.room(writing_) || queue_.count(!writing_) != 0)
    return 0;
  const BankState& state = banks_[bank];
  if (policy_.page == PagePolicy::closed_always) return 0;
  if (queue_.count(writing_) < 2 || state.before != RequestQueue::none || state.fresh) return 0;
  // The planned command must itself be one of the run: a tCCD_L after its like.
  const TimingRules& rules = timing_.rules();
  const std::uint64_t data_begin = plan_.clock + (writing_ ? rules.cwl : rules.cl);
  const std::uint64_t gap = rules.ccd_l - rules.burst;
  if (data_begin - last_data_end_ != gap || plan_.clock < gap) return 0;
  const std::uint64_t start = plan_.clock - gap;
  if (std::max({work_since_, refresh_end_, timing_.row_ready(bank, writing_)}) > start) return 0;
  if (timing_.column_of_bank(bank, writing_) != plan_.clock) return 0;
  const std::uint64_t end = std::min(until - 1, refresh_limit());
  return end <= plan_.clock ? 0 : (end - plan_.clock - 1) / rules.ccd_l + 1;
}

bool DramChannel::queued_alike(std::uint32_t owner) const {
  const std::uint32_t bank = plan_.column_bank;
  const std::uint64_t row = timing_.row(bank);
  for (auto i = queue_.head(bank, writing_); i != RequestQueue::none; i = queue_.next(i))
    if (queue_[i].row != row || queue_[i].owner != owner) return false;
  return true;
}

std::uint64_t DramChannel::repeat(std::uint64_t count, std::uint32_t owner, std::uint32_t stream) {
  const TimingRules& rules = timing_.rules();
  const std::uint32_t bank = plan_.column_bank;
  const std::uint64_t row = timing_.row(bank);
  std::uint64_t clock = plan_.clock;
  for (std::uint64_t i = 0; i < count; ++i, clock += rules.ccd_l) {
    log(clock, writing_ ? DramCommandKind::write : DramCommandKind::read, bank, row);
    queue_.remove(bank, writing_, RequestQueue::none);
    queue_.push(bank, writing_, {row, 0, clock + 1, owner, stream});
  }
  clock -= rules.ccd_l;
  timing_.column(bank, writing_, clock);
  if (!policy_.split_bus) bus_->free = clock + rules.column_slots;
  last_data_end_ = clock + (writing_ ? rules.cwl : rules.cl) + rules.burst;
  count_hits(count);
  stats_.bank_group += count * (rules.ccd_l - rules.burst);
  stats_.clocks += count * (rules.ccd_l - rules.burst);
  choose_request(bank);
  return clock;
}

/// Counts `hits` whose data follow each other without a gap.
void DramChannel::count_hits(std::uint64_t hits) {
  const TimingRules& rules = timing_.rules();
  stats_.data += hits * rules.burst;
  stats_.clocks += hits * rules.burst;
  stats_.row_hits += hits;
  (writing_ ? stats_.writes : stats_.reads) += hits;
  (writing_ ? stats_.bytes_written : stats_.bytes_read) += hits * rules.burst_bytes;
}

bool DramChannel::collect_hits(HitWindow& window) const {
  if (policy_.page != PagePolicy::open || policy_.scheduler == DramScheduler::fcfs) return false;
  if (!chooses_hits()) return false;
  if (plan_.row_bank != no_bank || queue_.count(writing_) >= HitWindow::span) return false;
  for (auto i = queue_.oldest(writing_); i != RequestQueue::none; i = queue_.younger(i)) {
    const QueuedBurst& burst = queue_[i];
    const std::uint32_t bank = queue_.bank(i);
    if (timing_.row(bank) != burst.row) return false;
    window.push({burst.order, burst.accepted, burst.owner, burst.stream, bank});
  }
  return true;
}

void DramChannel::restore_hits(const HitWindow& window) {
  queue_.clear(writing_);
  window.until([&](std::uint32_t place) {
    const HitWindow::Hit& hit = window[place];
    queue_.insert(hit.bank, writing_,
                  {timing_.row(hit.bank), hit.order, hit.accepted, hit.owner, hit.stream});
    return false;
  });
  choose_all();
}

}  // namespace sluice
