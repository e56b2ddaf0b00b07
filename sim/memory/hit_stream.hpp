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
    std::uint64_t order = 0, accepted = 0;
    std::uint32_t owner = 0, stream = 0, bank = 0;
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
  /// Calls visit(place) from the oldest to the youngest until it returns true.
  template <class Visit>
  void until(Visit&& visit) const {
    for (std::uint64_t left = waiting_; left != 0; left &= left - 1)
      if (visit(static_cast<std::uint32_t>(std::countr_zero(left)))) return;
  }

 private:
  std::array<Hit, 2 * span> hits_;
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
///   HitWindow::Hit enter()              it enters; order and clock are ours
///   void served(const ServedBurst&)
template <class Source>
std::uint64_t DramChannel::give_hits(std::uint64_t until, Source& source, std::uint64_t& last) {
  HitWindow window;
  if (!collect_hits(window)) return 0;
  const std::uint64_t end = std::min(until, refresh_due_);
  std::uint64_t clock = plan_.clock, given = 0;
  std::uint32_t place = 0;
  window.until([&](std::uint32_t at) {
    place = at;
    return window[at].bank == plan_.column_bank;
  });
  while (clock < end) {
    const HitWindow::Hit hit = window[place];
    move_data(hit.bank, clock);
    log(clock, writing_ ? DramCommandKind::write : DramCommandKind::read, hit.bank,
        timing_.row(hit.bank));
    window.remove(place);
    source.served({hit.owner, writing_, hit.accepted, last_data_end_});
    ++given;
    last = clock;
    DramPlace entering;
    // At `until` others may arrive, and be the next in turn.
    if (clock + 1 >= until || window.full() || !source.next(entering)) break;
    if (!timing_.is_open(entering.bank) || timing_.row(entering.bank) != entering.row) break;
    HitWindow::Hit next = source.enter();
    next.order = queue_.next_order();
    next.accepted = clock + 1;
    next.bank = entering.bank;
    window.push(next);
    std::uint64_t floor = std::max(clock + 1, timing_.rank_column(writing_));
    if (!policy_.split_bus) floor = std::max(floor, bus_->free);
    clock = next_hit(window, timing_, writing_, floor, place);
  }
  restore_hits(window);
  return given;
}

}  // namespace sluice
