// SPDX-License-Identifier: Apache-2.0
#include "sim/memory/trace.hpp"

#include <algorithm>
#include <array>

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

class TraceFeed;
using TracePort = Port<TraceFeed>;

/// The requests of one controller, in their order, and those of its reads that are in flight.
class TraceQueue {
 public:
  struct Item {
    std::uint64_t row;
    std::uint64_t arrival;
    std::uint32_t channel;
    std::uint32_t bank;
    bool write;
  };

  TraceQueue(const Dram& dram, std::uint64_t latency, std::uint32_t outstanding)
      : latency_(latency), outstanding_(outstanding), places_{dram.read_window, dram.write_queue} {}

  void add(const Item& item) { items_.push_back(item); }
  bool waiting() const { return next_ < items_.size(); }
  std::uint64_t left() const { return items_.size() - next_; }
  /// Pushes into the channels of `ports` what may enter; wakes those other than `channel`.
  std::uint64_t fill(std::vector<TracePort>& ports, std::uint32_t channel, std::uint64_t now);
  void served(const ServedBurst& burst);
  const Latencies& latencies() const { return sum_; }

 private:
  std::uint64_t latency_;
  std::uint64_t outstanding_;
  std::array<std::uint64_t, 2> places_;  ///< free, for reads and writes
  std::vector<Item> items_;
  std::size_t next_ = 0;
  std::uint64_t reads_ = 0;             ///< that have entered
  std::vector<std::uint64_t> returns_;  ///< clocks at which reads are done
  std::size_t returned_ = 0;
  Latencies sum_;
};

/// One channel's access to the queue of its controller.
class TraceFeed {
 public:
  TraceFeed(TraceQueue& queue, std::vector<TracePort>& ports, std::uint32_t channel)
      : queue_(&queue), ports_(&ports), channel_(channel) {}

  bool waiting() const { return queue_->waiting(); }
  std::uint64_t fill(DramChannel&, std::uint64_t now) {
    return queue_->fill(*ports_, channel_, now);
  }
  void served(const ServedBurst& burst) { queue_->served(burst); }

 private:
  TraceQueue* queue_;
  std::vector<TracePort>* ports_;
  std::uint32_t channel_;
};

std::uint64_t TraceQueue::fill(std::vector<TracePort>& ports, std::uint32_t channel,
                               std::uint64_t now) {
  while (returned_ < returns_.size() && returns_[returned_] <= now) ++returned_;
  for (; waiting(); ++next_) {
    const Item& item = items_[next_];
    if (item.arrival > now) return item.arrival;
    if (places_[item.write] == 0) return DramChannel::never;
    if (!item.write && reads_ - returned_ >= outstanding_)
      return returned_ < returns_.size() ? returns_[returned_] : DramChannel::never;
    --places_[item.write];
    reads_ += item.write ? 0 : 1;
    TracePort& port = ports[item.channel];
    port.channel().push(item.bank, item.write,
                        {item.row, 0, now, static_cast<std::uint32_t>(next_), 0});
    if (item.channel != channel) port.wake(now);
  }
  return DramChannel::never;
}

void TraceQueue::served(const ServedBurst& burst) {
  ++places_[burst.write];
  if (burst.write) return;
  const std::uint64_t done = burst.data_end + latency_;
  // Two channels of one controller may give their commands in the other order than their data end.
  returns_.insert(std::upper_bound(returns_.begin() + static_cast<std::ptrdiff_t>(returned_),
                                   returns_.end(), done),
                  done);
  ++sum_.count;
  sum_.latency += done - burst.accepted;
  sum_.longest = std::max(sum_.longest, done - burst.accepted);
  sum_.response += done - items_[burst.owner].arrival;
}

/// A memory and the controllers that feed it from a trace.
struct TraceMemory {
  TraceMemory(const Dram& dram, const TraceOptions& options);

  void distribute(std::span<const DramRequest> requests);
  void run();
  void run_controllers(std::size_t bus);

  AddressMap map;
  std::size_t bus_channels;
  std::size_t queue_channels;
  std::vector<CommandBus> buses;
  std::vector<TraceQueue> queues;
  std::vector<TracePort> ports;
};

TraceMemory::TraceMemory(const Dram& dram, const TraceOptions& options) : map(dram) {
  const DramTiming timing = timing_of(dram);
  const TimingRules rules(timing);
  bus_channels = std::max(1u, timing.row_bus_channels);
  queue_channels = options.one_controller ? bus_channels : 1;
  ChannelPolicy policy(dram);
  // The marks of a queue that several channels share are reached by all of them together.
  policy.drain_above /= static_cast<std::uint32_t>(queue_channels);
  policy.serve_reads_below /= static_cast<std::uint32_t>(queue_channels);
  buses.resize(ceil_div(dram.channels, bus_channels));
  queues.assign(ceil_div(dram.channels, queue_channels),
                TraceQueue(dram, to_clocks(dram.controller_latency, timing), options.outstanding));
  ports.reserve(dram.channels);
  for (std::uint32_t c = 0; c < dram.channels; ++c) {
    ports.emplace_back(rules, policy, c, buses[c / bus_channels],
                       TraceFeed(queues[c / queue_channels], ports, c));
    ports.back().channel().log_to(options.log);
  }
}

void TraceMemory::distribute(std::span<const DramRequest> requests) {
  std::uint64_t last = 0;
  for (const DramRequest& request : requests) {
    SLUICE_ASSERT(request.arrival >= last, "a trace is not ordered by arrival");
    last = request.arrival;
    const std::uint64_t burst = map.burst_of(request.address);
    const std::uint32_t channel = map.channel_of(burst);
    const DramPlace place = map.place(map.local_before(burst, channel));
    queues[channel / queue_channels].add(
        {place.row, request.arrival, channel, place.bank, request.write});
  }
}

/// Runs until nothing is queued, and not further, for refreshes go on for ever: as far as the
/// requests left must take, again and again.
void TraceMemory::run_controllers(std::size_t bus) {
  const std::size_t first = bus * bus_channels;
  const auto group = std::span(ports).subspan(first, std::min(bus_channels, ports.size() - first));
  const std::uint64_t spacing = ports[0].channel().rules().ccd_s;
  while (std::ranges::any_of(group, [](const TracePort& port) {
    return port.feed().waiting() || !port.channel().idle();
  })) {
    std::uint64_t left = 0;
    for (std::size_t c = first; c < first + group.size(); c += queue_channels)
      left += queues[c / queue_channels].left();
    const auto next = std::ranges::min_element(group, {}, &TracePort::next)->next();
    run_ports(group, buses[bus], first, next + left / group.size() * spacing + 1);
  }
}

void TraceMemory::run() {
  for (TracePort& port : ports)
    if (port.feed().waiting()) port.wake(0);
  for (std::size_t bus = 0; bus < buses.size(); ++bus) run_controllers(bus);
}

}  // namespace

TraceResult run_trace(const Dram& dram, std::span<const DramRequest> requests,
                      const TraceOptions& options) {
  SLUICE_ASSERT(check(dram).empty(), "a DRAM is simulated that does not pass its check");
  TraceMemory memory(dram, options);
  memory.distribute(requests);
  memory.run();

  TraceResult result;
  Latencies sum;
  for (const TracePort& port : memory.ports) {
    result.channels.push_back(port.channel().counters());
    result.total += port.channel().counters();
    result.clocks = std::max(result.clocks, port.channel().last_data_end());
  }
  for (const TraceQueue& queue : memory.queues) {
    const Latencies& own = queue.latencies();
    sum.count += own.count, sum.latency += own.latency, sum.response += own.response;
    sum.longest = std::max(sum.longest, own.longest);
  }
  const double clock_ns = timing_of(dram).tck_ps * 1e-3;
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
