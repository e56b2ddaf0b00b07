// SPDX-License-Identifier: Apache-2.0
// How the bursts of transfers enter a channel: in turn, one burst each, in the order of each
// transfer's addresses, limited by the places in the queue and by the reads it may have in flight.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "sim/memory/channel.hpp"
#include "sim/memory/transfer.hpp"
#include "sim/memory/transfer_table.hpp"

namespace sluice {

/// Data on a channel's bus: `count` bursts of a stream, the first ending at the clock `first_end`,
/// the others `spacing` clocks apart.
struct DataRun {
  std::uint32_t stream = 0;
  std::uint64_t first_end = 0, count = 1, spacing = 0;
};
using DataObserver = std::function<void(const DataRun&)>;

class TransferFeed {
 public:
  static constexpr bool fills_one_channel = true;

  /// `latency`: clocks of controller and PHY, added to the last data.
  TransferFeed(const AddressMap& map, TransferTable& table, std::uint64_t latency);

  /// The channel's part of a transfer: `bursts` > 0 of it, `credits` reads of them in flight at
  /// most.
  void add(const Transfer& transfer, std::uint32_t id, std::uint32_t channel, std::uint64_t bursts,
           std::uint64_t arrival, std::uint32_t credits, std::uint64_t useful_credits);

  std::uint64_t fill(DramChannel& channel, std::uint64_t now);
  bool waiting() const { return !turns_.empty(); }
  void served(const ServedBurst& burst);
  bool repeat(DramChannel& channel, std::uint64_t until, std::uint64_t& last);
  std::uint64_t give_hits(DramChannel& channel, std::uint64_t until, std::uint64_t& last);
  /// Whether repeat() and give_hits() may be used; the results are the same. For tests and
  /// benchmarks.
  void allow_repeat(bool allowed) { may_repeat_ = allowed; }

  /// So many channels go through the same as this one; what happens here happens in all of them.
  void stand_for(std::uint32_t channels) { channels_ = channels; }

  /// Who is told of all data from here on (nullptr: no one).
  void observe(const DataObserver* observer) { observer_ = observer; }

  /// A clock before which the part of each transfer in this channel has no event, given to
  /// visit(transfer, entering, clock). `now`: nothing before it is undecided.
  template <class Visit>
  void bounds(const DramChannel& channel, std::uint64_t now, Visit&& visit) const {
    const TimingRules& rules = channel.rules();
    for (const Lane& lane : lanes_) {
      if (lane.unserved == 0) continue;
      const std::uint64_t start = std::max(now, lane.arrival);
      if (lane.remaining != 0) {
        const std::uint64_t room =
            lane.arrival > now ? lane.remaining : channel.room_for(lane.write);
        const std::uint64_t wait =
            lane.remaining > room ? (lane.remaining - room - 1) * rules.ccd_s + 1 : 0;
        visit(lane.transfer, true, start + wait + 1);
      } else if (!lane.write) {
        visit(lane.transfer, false,
              start + (lane.unserved - 1) * rules.ccd_s + rules.cl + rules.burst + latency_);
      }
    }
  }

 private:
  friend class DramStateWriter;
  class HitSource;

  /// One transfer's part in this channel.
  struct Lane {
    TransferCursor cursor;
    std::uint64_t remaining = 0;  ///< bursts that have not entered
    std::uint64_t unserved = 0;  ///< bursts whose column command was not given; 0: the lane is free
    std::uint64_t arrival = 0;
    std::uint64_t serial = 0;  ///< lanes are numbered in the order of submission
    std::uint32_t transfer = 0;
    std::uint32_t stream = 0;
    std::uint32_t credits = 0;  ///< reads that may enter before one returns
    bool limited = false;       ///< credits can run out
    bool write = false;
  };
  struct Return {
    std::uint64_t clock = 0;
    std::uint64_t serial = 0;
    std::uint32_t lane = 0;
  };

  void push_burst(DramChannel& channel, std::uint32_t index, std::uint64_t now);
  bool may_enter(const DramChannel& channel, const Lane& lane, std::uint64_t now) const {
    return lane.arrival <= now && channel.room(lane.write) && (lane.credits != 0 || !lane.limited);
  }
  void return_credit(std::uint32_t lane, std::uint64_t done);
  void take_returns(std::uint64_t now);
  std::uint64_t next_chance(const DramChannel& channel, std::uint64_t now) const;

  const AddressMap* map_;
  TransferTable* table_;
  std::uint64_t latency_;
  std::vector<Lane> lanes_;
  std::vector<std::uint32_t> turns_;  ///< lanes with bursts to enter, in the order of their turns
  std::size_t turn_ = 0;
  std::uint32_t channels_ = 1;  ///< that this one stands for
  std::uint64_t serial_ = 0;
  bool may_repeat_ = true;
  std::uint32_t pause_ = 0;  ///< column commands until give_hits() is tried again
  const DataObserver* observer_ = nullptr;
  std::vector<Return> returns_;  ///< a ring: credits on their way back, in order of time
  std::size_t returns_begin_ = 0, returns_count_ = 0;
};

inline void TransferFeed::served(const ServedBurst& burst) {
  Lane& lane = lanes_[burst.owner];
  if (observer_ != nullptr) (*observer_)({lane.stream, burst.data_end});
  const std::uint64_t done = burst.data_end + latency_;
  if (lane.limited && lane.remaining != 0) return_credit(burst.owner, done);
  if (--lane.unserved == 0 && !lane.write) table_->served(lane.transfer, done, channels_);
}

}  // namespace sluice
