// SPDX-License-Identifier: Apache-2.0
// A channel together with the feed that fills its queue, and how both move through time. The order
// within one clock: first bursts enter the queue, then a command is given. A place freed by a
// command is filled from the next clock on. Whatever `until` a run is cut at, the result is the
// same.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "sim/memory/channel.hpp"

namespace sluice {

/// A Feed has
///   std::uint64_t fill(DramChannel&, std::uint64_t now)  pushes what may enter at `now`, and
///   returns the
///       next clock at which more may enter although no command frees a place (or
///       DramChannel::never)
///   bool waiting() const                             whether bursts are left that have not entered
///   void served(const ServedBurst&)
/// and may have
///   static fills_one_channel    if it pushes into one channel only, so that its port may fill it
///       before the other ports have come up to that clock
///   bool repeat(DramChannel&, std::uint64_t until, std::uint64_t& last)  gives a run of like
///       commands at once if it can, with their refills, and the clock of the last
///   std::uint64_t give_hits(DramChannel&, std::uint64_t until, std::uint64_t& last)  the same for
///       row hits of any banks; the place that the last one frees is not filled. Both are asked for
///       only while all banks that are waited for have a hit
template <class Feed>
class Port {
 public:
  Port(const TimingRules& rules, const ChannelPolicy& policy, std::uint32_t index, CommandBus& bus,
       Feed feed)
      : channel_(rules, policy, index, bus), feed_(std::move(feed)) {
    channel_.plan(0);
    next_ = channel_.planned();
  }

  DramChannel& channel() { return channel_; }
  const DramChannel& channel() const { return channel_; }
  Feed& feed() { return feed_; }
  const Feed& feed() const { return feed_; }

  /// The clock of what happens next; nothing happens before.
  std::uint64_t next() const { return next_; }

  /// The feed may have something to push at `clock`.
  void wake(std::uint64_t clock) {
    fill_at_ = std::min(fill_at_, clock);
    next_ = std::min(next_, clock);
  }

  /// What happens next; in a run of like commands also what follows, but nothing at or after
  /// `until`.
  void step(std::uint64_t until) {
    if (fill_at_ == DramChannel::never && channel_.plans_column() && channel_.chooses_hits() &&
        (repeat(until) || give_hits(until)))
      return;
    if (fill_at_ <= channel_.planned()) return fill();
    const bool frees_place = channel_.plans_column();
    now_ = channel_.planned() + 1;
    channel_.execute([&](const ServedBurst& burst) { feed_.served(burst); });
    if (frees_place && feed_.waiting()) fill_at_ = std::min(fill_at_, now_);
    if (fill_at_ > now_) {
      channel_.plan(now_);
    } else {
      channel_.forget_plan();
      // At `until` others may arrive, and be the next in turn.
      if (fills_alone && now_ < until) return fill();
    }
    next_ = std::min(fill_at_, channel_.planned());
  }

  /// Plans again if another channel took the command bus.
  void yield_bus() {
    if (!channel_.plan_lost_bus()) return;
    channel_.plan(now_);
    next_ = std::min(fill_at_, channel_.planned());
  }

  /// Whether nothing but refreshes happens before something enters.
  bool idle() const { return channel_.idle(); }
  std::uint64_t fill_at() const { return fill_at_; }
  void skip_idle_refreshes(std::uint64_t until) {
    channel_.skip_idle_refreshes(until);
    channel_.plan(now_);
    next_ = std::min(fill_at_, channel_.planned());
  }

 private:
  friend class DramStateWriter;

  static constexpr bool fills_alone = requires { Feed::fills_one_channel; };

  void fill() {
    now_ = std::max(now_, fill_at_);
    fill_at_ = feed_.fill(channel_, now_);
    channel_.plan(now_);
    next_ = std::min(fill_at_, channel_.planned());
  }

  bool repeat(std::uint64_t until) {
    if constexpr (requires(std::uint64_t last) { feed_.repeat(channel_, until, last); }) {
      std::uint64_t last = 0;
      if (!feed_.repeat(channel_, until, last)) return false;
      now_ = last + 1;
      channel_.plan(now_);
      next_ = channel_.planned();
      return true;
    }
    return false;
  }

  bool give_hits(std::uint64_t until) {
    if constexpr (requires(std::uint64_t last) { feed_.give_hits(channel_, until, last); }) {
      std::uint64_t last = 0;
      if (feed_.give_hits(channel_, until, last) == 0) return false;
      next_ = fill_at_ = now_ = last + 1;
      channel_.forget_plan();
      return true;
    }
    return false;
  }

  DramChannel channel_;
  Feed feed_;
  std::uint64_t now_ = 0;  ///< no command is given before
  std::uint64_t fill_at_ = DramChannel::never;
  std::uint64_t next_ = 0;
};

/// Runs ports that share a command bus over all clocks before `until`.
template <class Feed>
void run_ports(std::span<Port<Feed>> ports, const CommandBus& bus, std::uint64_t first_index,
               std::uint64_t until) {
  if (ports.size() == 1) {
    Port<Feed>& port = ports[0];
    while (port.next() < until) {
      if (port.idle()) port.skip_idle_refreshes(std::min(until, port.fill_at()));
      if (port.next() < until) port.step(until);
    }
    return;
  }
  while (true) {
    std::size_t chosen = 0;
    bool all_idle = true;
    std::uint64_t fill_at = until;
    for (std::size_t i = 0; i < ports.size(); ++i) {
      const std::uint64_t next = ports[i].next(), best = ports[chosen].next();
      // Of two that want the same clock, the one that had the bus last goes second.
      if (next < best || (next == best && bus.last_user == first_index + chosen)) chosen = i;
      all_idle = all_idle && ports[i].idle();
      fill_at = std::min(fill_at, ports[i].fill_at());
    }
    if (ports[chosen].next() >= until) return;
    if (all_idle)
      for (Port<Feed>& port : ports) port.skip_idle_refreshes(fill_at);
    ports[chosen].step(until);
    for (std::size_t i = 0; i < ports.size(); ++i)
      if (i != chosen) ports[i].yield_bus();
  }
}

}  // namespace sluice
