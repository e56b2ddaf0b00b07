// SPDX-License-Identifier: Apache-2.0
#include "sim/memory/transfer_feed.hpp"

#include <algorithm>

#include "sim/memory/hit_stream.hpp"

namespace sluice {

TransferFeed::TransferFeed(const AddressMap& map, TransferTable& table, std::uint64_t latency)
    : map_(&map), table_(&table), latency_(latency), returns_(64) {}

void TransferFeed::add(const Transfer& transfer, std::uint32_t id, std::uint32_t channel,
                       std::uint64_t bursts, std::uint64_t arrival, std::uint32_t credits,
                       std::uint64_t useful_credits) {
  const Lane lane{TransferCursor(transfer, *map_, channel),
                  bursts,
                  bursts,
                  arrival,
                  serial_++,
                  id,
                  transfer.stream,
                  credits,
                  !transfer.write && credits < std::min(bursts, useful_credits),
                  transfer.write};
  const auto free = std::ranges::find(lanes_, 0, &Lane::unserved);
  const auto index = static_cast<std::uint32_t>(free - lanes_.begin());
  if (free == lanes_.end())
    lanes_.push_back(lane);
  else
    *free = lane;
  // Last in turn: before the one whose turn is next.
  if (turn_ >= turns_.size()) turn_ = 0;
  turns_.insert(turns_.begin() + static_cast<std::ptrdiff_t>(turn_), index);
  turn_ = (turn_ + 1) % turns_.size();
}

void TransferFeed::push_burst(DramChannel& channel, std::uint32_t index, std::uint64_t now) {
  Lane& lane = lanes_[index];
  const DramPlace place = map_->place(lane.cursor.next());
  channel.push(place.bank, lane.write, {place.row, 0, now, index, lane.stream});
  lane.credits -= lane.limited;
  --lane.remaining;
}

/// A run of hits of the only lane that has bursts to enter. The lane's last burst is left out, so
/// that no event falls into the run.
bool TransferFeed::repeat(DramChannel& channel, std::uint64_t until, std::uint64_t& last) {
  constexpr std::uint64_t worthwhile = 8;
  if (map_->longest_row_run() < worthwhile || !may_repeat_ || turns_.size() != 1) return false;
  const std::uint32_t index = turns_[0];
  Lane& lane = lanes_[index];
  if (lane.limited || lane.remaining <= worthwhile || lane.write != channel.writing()) return false;
  std::uint64_t count = std::min(lane.cursor.run_left(), lane.remaining - 1);
  if (count < worthwhile) return false;
  const std::uint64_t local = lane.cursor.peek();
  if (map_->place(local) != DramPlace{channel.planned_bank(), channel.planned_row()}) return false;
  count = std::min({count, map_->row_run(local), channel.repeats(until)});
  if (count < worthwhile || !channel.queued_alike(index)) return false;
  last = channel.repeat(count, index, lane.stream);
  if (observer_ != nullptr) {
    const std::uint64_t spacing = channel.rules().ccd_l;
    (*observer_)({lane.stream, channel.last_data_end() - (count - 1) * spacing, count, spacing});
  }
  lane.cursor.skip(count);
  lane.remaining -= count;
  lane.unserved -= count;
  return true;
}

/// The bursts of one lane as what gives hits wants them.
class TransferFeed::HitSource {
 public:
  HitSource(TransferFeed& feed, std::uint32_t lane)
      : feed_(feed), lane_(feed.lanes_[lane]), index_(lane) {}

  /// The lane's last burst is left out, so that it does not end unnoticed.
  bool next(DramPlace& place) const {
    if (lane_.remaining <= 1) return false;
    if (lane_.cursor.run_left() != 0) {
      place = feed_.map_->place(lane_.cursor.peek());
    } else {
      TransferCursor ahead = lane_.cursor;
      place = feed_.map_->place(ahead.next());
    }
    return true;
  }
  void enter() {
    lane_.cursor.next();
    --lane_.remaining;
    entered_ = true;
  }
  std::uint32_t owner() const { return index_; }
  std::uint32_t stream() const { return lane_.stream; }
  void served(const ServedBurst& burst) {
    if (burst.owner != index_ || feed_.observer_ != nullptr)
      feed_.served(burst);
    else
      ++served_;
  }
  void finish() { lane_.unserved -= served_; }
  bool entered() const { return entered_; }

 private:
  TransferFeed& feed_;
  Lane& lane_;
  std::uint32_t index_;
  std::uint64_t served_ = 0;  ///< of this lane, not yet counted there
  bool entered_ = false;
};

/// Hits one after the other while one lane alone fills the places that they free: no other has
/// bursts of the direction that is served, and for those of the other direction there is no room.
std::uint64_t TransferFeed::give_hits(DramChannel& channel, std::uint64_t until,
                                      std::uint64_t& last) {
  constexpr std::uint64_t worthwhile = 16;
  if (!may_repeat_ || channel.room(channel.writing())) return 0;
  if (pause_ != 0) return --pause_, 0;
  std::size_t turn = turns_.size();
  for (std::size_t i = 0; i < turns_.size(); ++i) {
    const bool same = lanes_[turns_[i]].write == channel.writing();
    if (same ? turn != turns_.size() : channel.room(!channel.writing())) return 0;
    if (same) turn = i;
  }
  if (turn == turns_.size()) return 0;
  const Lane& lane = lanes_[turns_[turn]];
  if (lane.limited || lane.remaining <= worthwhile) return 0;
  HitSource source(*this, turns_[turn]);
  const std::uint64_t given = channel.give_hits(until, source, last);
  source.finish();
  if (given < worthwhile) pause_ = worthwhile;
  if (source.entered()) turn_ = turn + 1;  // where fill() leaves it after that lane
  return given;
}

void TransferFeed::take_returns(std::uint64_t now) {
  while (returns_count_ != 0 && returns_[returns_begin_].clock <= now) {
    const Return& back = returns_[returns_begin_];
    Lane& lane = lanes_[back.lane];
    if (lane.serial == back.serial) ++lane.credits;
    returns_begin_ = (returns_begin_ + 1) % returns_.size();
    --returns_count_;
  }
}

std::uint64_t TransferFeed::fill(DramChannel& channel, std::uint64_t now) {
  take_returns(now);
  std::size_t misses = 0;
  while (misses < turns_.size()) {
    if (turn_ >= turns_.size()) turn_ = 0;
    const std::uint32_t index = turns_[turn_];
    if (!may_enter(channel, lanes_[index], now)) {
      ++misses, ++turn_;
      continue;
    }
    misses = 0;
    push_burst(channel, index, now);
    if (lanes_[index].remaining != 0) {
      ++turn_;
      continue;
    }
    turns_.erase(turns_.begin() + static_cast<std::ptrdiff_t>(turn_));
    table_->entered(lanes_[index].transfer, now + 1, channels_);
  }
  return next_chance(channel, now);
}

/// When more may enter although no place is freed: a transfer arrives, or a read returns.
std::uint64_t TransferFeed::next_chance(const DramChannel& channel, std::uint64_t now) const {
  std::uint64_t next = DramChannel::never;
  for (const std::uint32_t index : turns_) {
    const Lane& lane = lanes_[index];
    if (lane.arrival > now)
      next = std::min(next, lane.arrival);
    else if (lane.limited && lane.credits == 0 && channel.room(false) && returns_count_ != 0)
      next = std::min(next, returns_[returns_begin_].clock);
  }
  return next;
}

/// A read of a lane that may have so many in flight comes back at `done`.
void TransferFeed::return_credit(std::uint32_t lane, std::uint64_t done) {
  if (returns_count_ == returns_.size()) {
    std::rotate(returns_.begin(), returns_.begin() + static_cast<std::ptrdiff_t>(returns_begin_),
                returns_.end());
    returns_begin_ = 0;
    returns_.resize(2 * returns_.size());
  }
  returns_[(returns_begin_ + returns_count_++) % returns_.size()] = {done, lanes_[lane].serial,
                                                                     lane};
}

}  // namespace sluice
