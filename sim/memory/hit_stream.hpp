// SPDX-License-Identifier: Apache-2.0
// Column commands one after the other while nothing but row hits is queued: DramChannel::give_hits.
// The result is that of plan() and execute() command by command. As long as every request of the
// direction that is served is a hit and each place is filled with another, no row command can come
// and the direction stays, so that neither needs to be looked for.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

#include "sim/memory/address_map.hpp"
#include "sim/memory/channel.hpp"

namespace sluice {

/// The requests of one direction, all of them hits, from the oldest to the youngest. Those served
/// leave gaps, so that `span` places lie between the oldest and the youngest at most.
class HitWindow {
 public:
  static constexpr std::uint32_t span = 64;

  struct Hit {
    std::uint64_t order, accepted;
    std::uint32_t owner, stream, bank;
  };

  bool full() const { return end_ - begin_ == span; }
  const Hit& operator[](std::uint32_t place) const {
    return hits_[(begin_ + place) % hits_.size()];
  }

  void push(const Hit& hit) {
    waiting_ |= std::uint64_t{1} << (end_ - begin_);
    hits_[end_++ % hits_.size()] = hit;
  }
  void remove(std::uint32_t place) {
    waiting_ &= ~(std::uint64_t{1} << place);
    const auto gone = static_cast<std::uint32_t>(
        waiting_ == 0 ? end_ - begin_ : static_cast<std::uint32_t>(std::countr_zero(waiting_)));
    waiting_ = gone == span ? 0 : waiting_ >> gone;
    begin_ += gone;
  }
  /// The oldest of a bank that has any.
  std::uint32_t first_of(std::uint32_t bank) const {
    std::uint32_t first = 0;
    until([&](std::uint32_t place) { return first = place, (*this)[place].bank == bank; });
    return first;
  }
  /// Calls visit(place) from the oldest to the youngest until it returns true.
  template <class Visit>
  void until(Visit&& visit) const {
    for (std::uint64_t left = waiting_; left != 0; left &= left - 1)
      if (visit(static_cast<std::uint32_t>(std::countr_zero(left)))) return;
  }

 private:
  std::array<Hit, 2 * span> hits_;  // only those between begin_ and end_ are set
  std::uint32_t begin_ = 0, end_ = 0;
  std::uint64_t waiting_ = 0;  ///< one bit a place
};

/// The hit that comes next, not before `floor`: the earliest, of these the oldest.
inline std::uint64_t next_hit(const HitWindow& window, const ChannelTiming& timing, bool write,
                              std::uint64_t floor, std::uint32_t& place) {
  std::uint64_t best = ChannelTiming::never, seen = 0;
  window.until([&](std::uint32_t at) {
    const std::uint32_t bank = window[at].bank;
    if ((seen >> bank & 1) != 0) return false;
    seen |= std::uint64_t{1} << bank;
    const std::uint64_t ready = std::max(floor, timing.column_of_bank(bank, write));
    if (ready < best) best = ready, place = at;
    return ready == floor;
  });
  return best;
}

/// A Source has
///   bool next(DramPlace& place)         where the burst lies that enters when a place is free
///   void enter()                        it enters
///   std::uint32_t owner(), stream()     of what enters
///   void served(const ServedBurst&)
template <class Source>
std::uint64_t DramChannel::give_hits(std::uint64_t until, Source& source, std::uint64_t& last) {
  HitWindow window;
  if (!collect_hits(window)) return 0;
  const std::uint64_t end = std::min(until, refresh_limit());
  const TimingRules& rules = timing_.rules();
  const std::uint64_t data_delay = writing_ ? rules.cwl : rules.cl;
  std::uint64_t clock = plan_.clock, given = 0, back_to_back = 0;
  std::uint32_t place = window.first_of(plan_.column_bank);
  while (clock < end) {
    const HitWindow::Hit& hit = window[place];
    if (clock + data_delay == last_data_end_ && last_write_ == writing_ &&
        !banks_[hit.bank].fresh) {
      ++back_to_back;
      last_data_end_ += rules.burst;
      timing_.column(hit.bank, writing_, clock);
    } else {
      move_data(hit.bank, clock);
    }
    log(clock, writing_ ? DramCommandKind::write : DramCommandKind::read, hit.bank,
        timing_.row(hit.bank));
    source.served({hit.owner, writing_, hit.accepted, last_data_end_});
    window.remove(place);
    ++given;
    last = clock;
    DramPlace entering;
    // At `until` others may arrive, and be the next in turn.
    if (clock + 1 >= until || window.full() || !source.next(entering)) break;
    if (!timing_.is_open(entering.bank) || timing_.row(entering.bank) != entering.row) break;
    source.enter();
    window.push({queue_.next_order(), clock + 1, source.owner(), source.stream(), entering.bank});
    // tCCD_S is not less than what the command bus needs.
    clock = next_hit(window, timing_, writing_, clock + rules.ccd_s, place);
  }
  count_hits(back_to_back);
  if (!policy_.split_bus && given != 0) bus_->free = last + rules.column_slots;
  restore_hits(window);
  return given;
}

}  // namespace sluice
