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
    std::uint64_t entered = 0;
    std::uint64_t done = 0;  ///< when the data of a read are there; 0: they are not yet
  };

  TraceQueue(const Dram& dram, std::uint64_t latency, const TraceOptions& options);

  void add(const Item& item) { items_.push_back(item); }
  bool waiting() const { return next_ < items_.size(); }
  std::uint64_t left() const { return items_.size() - next_; }
  /// Pushes into the channels of `ports` what may enter; wakes those other than `channel`.
  std::uint64_t fill(std::vector<TracePort>& ports, std::uint32_t channel, std::uint64_t now);
  void served(const ServedBurst& burst);
  const Latencies& latencies() const { return sum_; }

 private:
  std::uint64_t& places_for(const Item& item) {
    if (buffer_ == DramBuffer::bankwise) return places_[item.bank];
    return places_[buffer_ == DramBuffer::read_write && item.write ? 1 : 0];
  }
  void give_back(const Item& item, std::uint64_t clock);

  std::uint64_t latency_;
  std::uint64_t outstanding_;
  DramBuffer buffer_;
  bool in_order_;
  std::vector<std::uint64_t> places_;  ///< free: for reads and for writes, for both, or by bank
  std::vector<Item> items_;
  std::size_t given_back_ = 0;  ///< in order: items before it have gone back
  std::uint64_t last_back_ = 0;
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
    Item& item = items_[next_];
    if (item.arrival > now) return item.arrival;
    if (places_for(item) == 0) return DramChannel::never;
    if (!item.write && reads_ - returned_ >= outstanding_)
      return returned_ < returns_.size() ? returns_[returned_] : DramChannel::never;
    --places_for(item);
    reads_ += item.write ? 0 : 1;
    item.entered = now;
    TracePort& port = ports[item.channel];
    port.channel().push(item.bank, item.write,
                        {item.row, 0, now, static_cast<std::uint32_t>(next_), 0});
    if (item.channel != channel) port.wake(now);
  }
  return DramChannel::never;
}

void TraceQueue::served(const ServedBurst& burst) {
  Item& served = items_[burst.owner];
  ++places_for(served);
  served.done = burst.data_end + latency_;
  if (!in_order_ && !burst.write) give_back(served, served.done);
  if (!in_order_) return;
  for (; given_back_ < next_; ++given_back_) {
    const Item& item = items_[given_back_];
    if (item.write) continue;  // is posted
    if (item.done == 0) return;
    last_back_ = std::max(last_back_, item.done);
    give_back(item, last_back_);
  }
}

/// The read leaves the controller at `clock`.
void TraceQueue::give_back(const Item& item, std::uint64_t clock) {
  // Two channels of one controller may give their commands in the other order than their data end.
  returns_.insert(std::upper_bound(returns_.begin() + static_cast<std::ptrdiff_t>(returned_),
                                   returns_.end(), clock),
                  clock);
  ++sum_.count;
  sum_.latency += clock - item.entered;
  sum_.longest = std::max(sum_.longest, clock - item.entered);
  sum_.response += clock - item.arrival;
}

/// A memory whose channels can hold all that `options.buffer` lets in.
Dram with_queues(Dram dram, const TraceOptions& options) {
  if (options.buffer == DramBuffer::read_write) return dram;
  const DramTiming timing = timing_of(dram);
  if (options.buffer == DramBuffer::bankwise)
    dram.read_window *= timing.bank_groups * timing.banks_per_group;
  dram.write_queue = dram.read_window;
  return dram;
}

TraceQueue::TraceQueue(const Dram& dram, std::uint64_t latency, const TraceOptions& options)
    : latency_(latency),
      outstanding_(options.outstanding),
      buffer_(options.buffer),
      in_order_(options.responses == DramResponses::in_order),
      places_{dram.read_window, dram.write_queue} {
  const DramTiming timing = timing_of(dram);
  if (buffer_ == DramBuffer::bankwise)
    places_.assign(timing.bank_groups * timing.banks_per_group, dram.read_window);
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
  ChannelPolicy policy(with_queues(dram, options));
  // The marks of a queue that several channels share are reached by all of them together.
  policy.drain_above /= static_cast<std::uint32_t>(queue_channels);
  policy.serve_reads_below /= static_cast<std::uint32_t>(queue_channels);
  buses.resize(ceil_div(dram.channels, bus_channels));
  queues.assign(ceil_div(dram.channels, queue_channels),
                TraceQueue(dram, to_clocks(dram.controller_latency, timing), options));
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
        {place.row, request.arrival, channel, place.bank, request.write, 0, 0});
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
