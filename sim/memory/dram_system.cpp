// SPDX-License-Identifier: Apache-2.0
#include "sim/memory/dram_system.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "base/assert.hpp"
#include "base/checked.hpp"

namespace sluice {

std::uint64_t to_clocks(Seconds time, const DramTiming& timing) {
  return static_cast<std::uint64_t>(std::ceil(time.value * 1e12 / timing.tck_ps - 1e-9));
}

DramSystem::DramSystem(const Dram& dram) : dram_(dram), map_(dram) {
  SLUICE_ASSERT(check(dram).empty(), "a DRAM is simulated that does not pass its check");
  const DramTiming timing = timing_of(dram);
  const TimingRules rules(timing);
  const ChannelPolicy policy(dram);
  latency_ = to_clocks(dram.controller_latency, timing);
  // The window, and what is on its way from it: one read every tCCD_S.
  useful_credits_ = dram.read_window + (rules.cl + rules.burst + latency_) / rules.ccd_s + 2;
  bus_channels_ = std::max(1u, timing.row_bus_channels);
  buses_.resize(ceil_div(dram.channels, bus_channels_));
  ports_.reserve(dram.channels);
  for (std::uint32_t c = 0; c < dram.channels; ++c)
    ports_.emplace_back(rules, policy, c, buses_[c / bus_channels_],
                        TransferFeed(map_, table_, latency_));
  counts_.resize(dram.channels);
  credits_.resize(dram.channels);
  group_all();
}

TransferId DramSystem::submit(const Transfer& transfer, std::uint64_t arrival) {
  SLUICE_ASSERT(arrival >= now_, "a transfer arrives at a clock that is already decided");
  SLUICE_ASSERT(transfer.outstanding != 0, "a transfer may have no burst in flight");
  const std::uint64_t bursts = count_bursts(transfer, map_, counts_);
  const auto touched = static_cast<std::uint32_t>(
      std::ranges::count_if(counts_, [](std::uint64_t count) { return count != 0; }));
  if (transfer.stream >= streams_.size()) streams_.resize(transfer.stream + 1);
  StreamBytes& stream = streams_[transfer.stream];
  (transfer.write ? stream.written : stream.read) += bursts * map_.burst_bytes();

  std::uint32_t part = 0;  // of the channels touched: the first few take what does not divide
  for (std::uint32_t c = 0; c < counts_.size(); ++c)
    credits_[c] = counts_[c] == 0
                      ? 0
                      : std::max(1u, transfer.outstanding / touched +
                                         (part++ < transfer.outstanding % touched ? 1 : 0));
  regroup(transfer);
  const std::uint32_t id = table_.open(transfer.write, touched, arrival);
  for (std::uint32_t c = 0; c < counts_.size(); ++c) {
    if (counts_[c] == 0 || !leads(c / bus_channels_)) continue;
    ports_[c].feed().add(transfer, id, c, counts_[c], arrival, credits_[c], useful_credits_);
    ports_[c].wake(arrival);
  }
  return TransferId{id};
}

void DramSystem::run(std::uint64_t until) {
  for (std::size_t b = 0; b < buses_.size(); ++b) {
    if (!leads(b)) continue;
    const std::size_t first = b * bus_channels_;
    const std::size_t count = std::min(bus_channels_, ports_.size() - first);
    run_ports(std::span(ports_).subspan(first, count), buses_[b], first, until);
  }
  now_ = until;
}

std::uint64_t DramSystem::earliest_event() const {
  std::uint64_t earliest = table_.has_event() ? table_.event_clock() : DramChannel::never;
  if (!busy()) return earliest;
  const auto& transfers = table_.transfers();
  bounds_.assign(transfers.size(), 0);
  for (std::size_t c = 0; c < ports_.size(); ++c)
    if (leads(c / bus_channels_))
      ports_[c].feed().bounds(ports_[c].channel(), now_,
                              [&](std::uint32_t transfer, bool entering, std::uint64_t clock) {
                                if (entering == (transfers[transfer].channels_entering != 0))
                                  bounds_[transfer] = std::max(bounds_[transfer], clock);
                              });
  for (std::size_t t = 0; t < transfers.size(); ++t)
    if (bounds_[t] != 0) earliest = std::min(earliest, bounds_[t]);
  return earliest;
}

std::optional<TransferEvent> DramSystem::advance(std::uint64_t horizon) {
  while (true) {
    if (table_.has_event() && table_.event_clock() <= now_) return table_.take_event();
    if (now_ >= horizon) return std::nullopt;
    const std::uint64_t earliest = earliest_event();
    if (std::min(earliest, horizon) == DramChannel::never) return std::nullopt;
    run(std::min(earliest, horizon));
  }
}

std::uint64_t DramSystem::drain() {
  std::uint64_t end = 0;
  for (bool waits = true; waits;) {
    waits = false;
    for (std::size_t c = 0; c < ports_.size(); ++c) {
      waits = waits || port_of(c).channel().queued(true) != 0;
      end = std::max(end, port_of(c).channel().last_data_end());
    }
    if (waits) run(now_ + 64);
  }
  return end;
}

std::uint64_t DramSystem::unloaded_latency() const {
  const TimingRules& rules = ports_[0].channel().rules();
  return rules.rcd_rd + rules.cl + rules.burst + latency_;
}

DramStats DramSystem::total() const {
  DramStats sum;
  for (std::size_t c = 0; c < ports_.size(); ++c) sum += stats(c);
  return sum;
}

void DramSystem::observe_data(DataObserver observer) {
  part_all();
  observer_ = std::move(observer);
  for (Port<TransferFeed>& port : ports_) port.feed().observe(&observer_);
}

void DramSystem::allow_runs(bool allowed) {
  for (Port<TransferFeed>& port : ports_) port.feed().allow_repeat(allowed);
}

void DramSystem::log_to(std::vector<DramCommand>* log) {
  part_all();
  for (Port<TransferFeed>& port : ports_) port.channel().log_to(log);
}

}  // namespace sluice
