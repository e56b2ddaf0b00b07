// SPDX-License-Identifier: Apache-2.0
// Channels that go through the same are timed once. A tile of many bursts gives every channel the
// same share, at the same places within the channel: as long as that is so for all transfers, their
// commands are the same at the same clocks. The first transfer that treats two buses differently
// parts them, and from there on each is timed by itself.
#include <algorithm>
#include <bit>

#include "sim/memory/dram_system.hpp"

namespace sluice {

/// At the beginning all are alike, but for the first of several buses with more channels than one:
/// to it alone, its first channel has had the bus last. So has the last one if it has fewer
/// channels.
void DramSystem::group_all() {
  const std::size_t first = bus_channels_ == 1 ? 0 : 1;
  leader_.assign(buses_.size(), first);
  leader_[0] = 0;
  if (ports_.size() % bus_channels_ != 0) leader_.back() = leader_.size() - 1;
  count_groups();
}

void DramSystem::count_groups() {
  for (std::size_t c = 0; c < ports_.size(); ++c)
    ports_[c].feed().stand_for(
        static_cast<std::uint32_t>(std::ranges::count(leader_, c / bus_channels_)));
}

/// Makes the channels of `bus` what those of its leader are now.
void DramSystem::part(std::size_t bus) {
  const std::size_t from = leader_[bus] * bus_channels_, to = bus * bus_channels_;
  buses_[bus] = buses_[leader_[bus]];
  buses_[bus].last_user += static_cast<std::uint32_t>(to - from);
  for (std::size_t i = 0; i < bus_channels_; ++i) {
    ports_[to + i] = ports_[from + i];
    ports_[to + i].channel().move_to(static_cast<std::uint32_t>(to + i), buses_[bus]);
  }
}

void DramSystem::part_all() {
  for (std::size_t b = 0; b < leader_.size(); ++b)
    if (!leads(b)) part(b);
  for (std::size_t b = 0; b < leader_.size(); ++b) leader_[b] = b;
  parted_ = true;
  count_groups();
}

/// Whether the transfer of counts_, credits_ and runs_ is the same to the channels of two buses.
bool DramSystem::alike(std::size_t bus, std::size_t other) const {
  for (std::size_t i = 0; i < bus_channels_; ++i) {
    const std::size_t a = bus * bus_channels_ + i, b = other * bus_channels_ + i;
    if (counts_[a] != counts_[b] || credits_[a] != credits_[b]) return false;
    const auto same = [&](std::uint64_t burst) {
      return map_.local_before(burst, static_cast<std::uint32_t>(a)) ==
             map_.local_before(burst, static_cast<std::uint32_t>(b));
    };
    if (!std::ranges::all_of(runs_,
                             [&](BurstRange run) { return same(run.first) && same(run.last); }))
      return false;
  }
  return true;
}

/// Parts the buses to which a new transfer is not the same.
void DramSystem::regroup(const Transfer& transfer) {
  constexpr std::size_t most_runs = 64;  // more are rarely alike, and take long to compare
  if (parted_) return;
  runs_.clear();
  RunWalk walk(transfer, static_cast<std::uint32_t>(std::countr_zero(map_.burst_bytes())));
  for (BurstRange run; walk.next(run);) {
    if (runs_.size() == most_runs) return part_all();
    runs_.push_back(run);
  }
  std::vector<std::size_t> next = leader_;
  for (std::size_t b = 0; b < next.size(); ++b) {
    if (leads(b)) continue;
    std::size_t first = leader_[b];
    while (first < b && (leader_[first] != leader_[b] || next[first] != first || !alike(b, first)))
      ++first;
    next[b] = first;
    if (first == b) part(b);
  }
  if (next == leader_) return;
  leader_ = std::move(next);
  count_groups();
}

}  // namespace sluice
