// SPDX-License-Identifier: Apache-2.0
// A main memory of several DRAM channels, as DMA engines see it: transfers go in, events come out.
// Driven by transactions; cost is proportional to the bursts moved, not to the clocks that pass.
//
// What it assumes: one rank a channel; channels interact only where they share a bus for row
// commands; a transfer's reads in flight are divided evenly among the channels it touches (at least
// one each); writes are posted, and reads are not checked against writes that are still queued;
// all channels refresh at once, but for refreshes that are postponed or pulled in.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "sim/memory/dram_stats.hpp"
#include "sim/memory/port.hpp"
#include "sim/memory/transfer_feed.hpp"

namespace sluice {

/// Bytes that a stream moved, in whole bursts.
struct StreamBytes {
  std::uint64_t read = 0;
  std::uint64_t written = 0;
  bool operator==(const StreamBytes&) const = default;
};

/// All times are DRAM clocks (tCK) from the beginning.
class DramSystem {
 public:
  /// `dram` must pass check() and not be ideal.
  explicit DramSystem(const Dram& dram);
  DramSystem(const DramSystem&) = delete;
  DramSystem& operator=(const DramSystem&) = delete;

  /// A transfer that arrives at `arrival` >= now(). Its events come out of advance().
  TransferId submit(const Transfer& transfer, std::uint64_t arrival);

  /// Decides what happens strictly before `horizon`, in the order of time, up to the next event and
  /// no further: who reacts to the event at its clock finds nothing decided at or after that clock.
  /// Nothing when there is no event up to `horizon`; then now() is `horizon`.
  std::optional<TransferEvent> advance(std::uint64_t horizon);

  /// A clock before which advance() will find no event, whatever is not submitted; ~0 for never.
  std::uint64_t earliest_event() const;

  /// Everything before this clock is decided.
  std::uint64_t now() const { return now_; }
  /// Whether a transfer still owes an event.
  bool busy() const { return table_.live() != 0; }
  /// Runs until all posted writes are in the DRAM, and returns the clock after the last data of
  /// all.
  std::uint64_t drain();

  std::uint64_t latency() const { return latency_; }
  /// From an idle memory's read command queue to the data, of a closed bank, with controller and
  /// PHY.
  std::uint64_t unloaded_latency() const;
  const AddressMap& map() const { return map_; }
  const Dram& dram() const { return dram_; }

  std::size_t channels() const { return ports_.size(); }
  /// Counters of a channel; between equal states of append_state() they grow by equal amounts.
  const DramStats& counters(std::size_t channel) const {
    return port_of(channel).channel().counters();
  }
  /// With the idle time up to now() accounted for.
  DramStats stats(std::size_t channel) const { return port_of(channel).channel().stats(now_); }
  DramStats total() const;
  const std::vector<StreamBytes>& streams() const { return streams_; }

  /// Appends a canonical state: where two are equal, the future is the same but for a common shift
  /// in time and a shift of the addresses of each stream. `now` must be now(). `base[s]` is an
  /// address that moves with stream s. Streams that use the same rows must move together.
  void append_state(std::uint64_t now, std::span<const std::uint64_t> base,
                    std::vector<std::uint64_t>& out) const;
  /// Moves the state by `clocks`, and what belongs to stream s by `delta[s]` bytes, a multiple of
  /// map().period_bytes(). Counters stay as they are.
  void shift(std::uint64_t clocks, std::span<const std::int64_t> delta);

  /// Every command from here on is appended to `log` (nullptr: none), channel by channel in order.
  void log_to(std::vector<DramCommand>* log);
  /// Tells `observer` of all data that passes from here on.
  void observe_data(DataObserver observer);
  /// Whether runs of row hits that nothing can interrupt are timed at once (the default) or one by
  /// one. The results are the same; for tests and benchmarks.
  void allow_runs(bool allowed);
  /// From here on every channel is timed by itself, also where others go through the same.
  void part_all();

 private:
  void run(std::uint64_t until);
  bool leads(std::size_t bus) const { return leader_[bus] == bus; }
  const Port<TransferFeed>& port_of(std::size_t channel) const {
    return ports_[leader_[channel / bus_channels_] * bus_channels_ + channel % bus_channels_];
  }
  void group_all();
  void regroup(const Transfer& transfer);
  bool alike(std::size_t bus, std::size_t other) const;
  void part(std::size_t bus);
  void count_groups();

  Dram dram_;
  AddressMap map_;
  std::uint64_t latency_ = 0;
  std::uint64_t useful_credits_ = 0;  ///< reads of a channel that can be in flight at all
  std::uint64_t now_ = 0;
  std::size_t bus_channels_ = 1;  ///< channels on one command bus
  TransferTable table_;
  std::vector<CommandBus> buses_;
  std::vector<Port<TransferFeed>> ports_;
  /// By bus: the first bus whose channels have gone through exactly the same so far. Only these are
  /// timed; the ports of the others are out of date.
  std::vector<std::size_t> leader_;
  bool parted_ = false;  ///< every bus leads itself for good
  std::vector<StreamBytes> streams_;
  DataObserver observer_;
  std::vector<std::uint64_t> counts_;          ///< scratch: bursts by channel
  std::vector<std::uint32_t> credits_;         ///< scratch: by channel
  std::vector<BurstRange> runs_;               ///< scratch: of a transfer
  mutable std::vector<std::uint64_t> bounds_;  ///< scratch: by transfer
};

/// Clocks of `time`, rounded up.
std::uint64_t to_clocks(Seconds time, const DramTiming& timing);

}  // namespace sluice
