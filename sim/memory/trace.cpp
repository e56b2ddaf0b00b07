// SPDX-License-Identifier: Apache-2.0
#include "sim/memory/trace.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "base/checked.hpp"
#include "sim/memory/address_map.hpp"
#include "sim/memory/dram_system.hpp"
#include "sim/memory/port.hpp"

namespace sluice {
namespace {

struct Latencies {
  std::uint64_t count = 0, latency = 0, longest = 0, response = 0;
};

/// The requests of one channel, in their order.
class TraceFeed {
 public:
  struct Item {
    std::uint64_t row;
    std::uint64_t arrival;
    std::uint32_t bank;
    bool write;
  };

  TraceFeed(std::uint64_t latency, std::uint32_t outstanding)
      : latency_(latency), outstanding_(outstanding) {}

  void add(const Item& item) { items_.push_back(item); }
  bool waiting() const { return next_ < items_.size(); }

  std::uint64_t fill(DramChannel& channel, std::uint64_t now) {
    while (returned_ < returns_.size() && returns_[returned_] <= now) ++returned_;
    while (waiting()) {
      const Item& item = items_[next_];
      if (item.arrival > now) return item.arrival;
      if (!channel.room(item.write)) return DramChannel::never;
      if (!item.write && reads_ - returned_ == outstanding_)
        return returned_ < returns_.size() ? returns_[returned_] : DramChannel::never;
      reads_ += item.write ? 0 : 1;
      channel.push(item.bank, item.write,
                   {item.row, 0, now, static_cast<std::uint32_t>(next_++), 0});
    }
    return DramChannel::never;
  }

  void served(const ServedBurst& burst) {
    if (burst.write) return;
    const std::uint64_t done = burst.data_end + latency_;
    returns_.push_back(done);
    ++sum_.count;
    sum_.latency += done - burst.accepted;
    sum_.longest = std::max(sum_.longest, done - burst.accepted);
    sum_.response += done - items_[burst.owner].arrival;
  }

  const Latencies& latencies() const { return sum_; }

 private:
  std::uint64_t latency_;
  std::uint64_t outstanding_;
  std::vector<Item> items_;
  std::size_t next_ = 0;
  std::uint64_t reads_ = 0;             ///< that have entered
  std::vector<std::uint64_t> returns_;  ///< clocks at which reads are done, in order
  std::size_t returned_ = 0;
  Latencies sum_;
};

using TracePorts = std::vector<Port<TraceFeed>>;

void distribute(std::span<const DramRequest> requests, const AddressMap& map, TracePorts& ports) {
  std::uint64_t last = 0;
  for (const DramRequest& request : requests) {
    SLUICE_ASSERT(request.arrival >= last, "a trace is not ordered by arrival");
    last = request.arrival;
    const std::uint64_t burst = map.burst_of(request.address);
    const std::uint32_t channel = map.channel_of(burst);
    const DramPlace place = map.place(map.local_before(burst, channel));
    ports[channel].feed().add({place.row, request.arrival, place.bank, request.write});
  }
}

/// Runs until nothing is queued; refreshes go on for ever, so the end is looked for in steps.
void run_to_end(TracePorts& ports, std::vector<CommandBus>& buses, std::size_t bus_channels) {
  for (Port<TraceFeed>& port : ports)
    if (port.feed().waiting()) port.wake(0);
  for (std::size_t b = 0; b < buses.size(); ++b) {
    const std::size_t first = b * bus_channels;
    const auto group =
        std::span(ports).subspan(first, std::min(bus_channels, ports.size() - first));
    const auto waits = [](const Port<TraceFeed>& port) {
      return port.feed().waiting() || !port.channel().idle();
    };
    for (std::uint64_t until = 4096; std::ranges::any_of(group, waits); until += 4096)
      run_ports(group, buses[b], first, until);
  }
}

}  // namespace

TraceResult run_trace(const Dram& dram, std::span<const DramRequest> requests,
                      const TraceOptions& options) {
  SLUICE_ASSERT(check(dram).empty(), "a DRAM is simulated that does not pass its check");
  const DramTiming timing = timing_of(dram);
  const TimingRules rules(timing);
  const ChannelPolicy policy(dram);
  const AddressMap map(dram);
  const std::size_t bus_channels = std::max(1u, timing.row_bus_channels);
  std::vector<CommandBus> buses(ceil_div(dram.channels, bus_channels));
  TracePorts ports;
  ports.reserve(dram.channels);
  for (std::uint32_t c = 0; c < dram.channels; ++c) {
    ports.emplace_back(rules, policy, c, buses[c / bus_channels],
                       TraceFeed(to_clocks(dram.controller_latency, timing), options.outstanding));
    ports.back().channel().log_to(options.log);
  }
  distribute(requests, map, ports);
  run_to_end(ports, buses, bus_channels);

  TraceResult result;
  Latencies sum;
  for (const Port<TraceFeed>& port : ports) {
    result.channels.push_back(port.channel().counters());
    result.total += port.channel().counters();
    result.clocks = std::max(result.clocks, port.channel().last_data_end());
    const Latencies& own = port.feed().latencies();
    sum.count += own.count, sum.latency += own.latency, sum.response += own.response;
    sum.longest = std::max(sum.longest, own.longest);
  }
  const double clock_ns = timing.tck_ps * 1e-3;
  const double reads = static_cast<double>(std::max<std::uint64_t>(1, sum.count));
  result.mean_latency_ns = static_cast<double>(sum.latency) / reads * clock_ns;
  result.mean_response_ns = static_cast<double>(sum.response) / reads * clock_ns;
  result.max_latency_ns = static_cast<double>(sum.longest) * clock_ns;
  if (result.clocks == 0) return result;
  result.bytes_per_second =
      static_cast<double>(result.total.bytes_read + result.total.bytes_written) /
      (static_cast<double>(result.clocks) * clock_ns * 1e-9);
  result.share_of_peak = result.bytes_per_second / peak_bytes_per_second(dram);
  return result;
}

}  // namespace sluice
