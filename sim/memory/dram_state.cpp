// SPDX-License-Identifier: Apache-2.0
// The canonical state of a DramSystem, and its shift in time and addresses, for fast-forward. What
// lies so far in the past that no decision and no counter can depend on it is clipped.
#include <algorithm>
#include <tuple>

#include "base/assert.hpp"
#include "sim/memory/dram_system.hpp"

namespace sluice {

class DramStateWriter {
 public:
  DramStateWriter(const AddressMap& map, std::uint64_t now, std::span<const std::uint64_t> base,
                  std::vector<std::uint64_t>& out)
      : map_(map), now_(now), base_(base), out_(out) {}

  void bases() {
    for (const std::uint64_t base : base_)
      put(map_.period_bytes() == 0 ? base : base % map_.period_bytes());
  }
  void bus(const CommandBus& bus) { put(since(bus.free, now_)), put(bus.last_user); }

  void port(const Port<TransferFeed>& port) {
    number_lanes(port.feed_);
    channel(port.channel_);
    feed(port.feed_);
    clock(port.fill_at_);
  }

  static void shift(Port<TransferFeed>& port, std::uint64_t clocks, const AddressMap& map,
                    std::span<const std::int64_t> delta);

 private:
  void put(std::uint64_t value) { out_.push_back(value); }
  void clock(std::uint64_t value) { put(value == DramChannel::never ? value : value - now_); }
  static std::uint64_t since(std::uint64_t clock, std::uint64_t floor) {
    return clock > floor ? clock - floor : 0;
  }
  std::uint64_t relative_row(std::uint64_t row, std::uint32_t stream) const {
    if (map_.row_span_bytes() == 0 || stream >= base_.size()) return row;
    return row - base_[stream] / map_.row_span_bytes();
  }

  void number_lanes(const TransferFeed& feed);
  void channel(const DramChannel& channel);
  void queue(const DramChannel& channel);
  void feed(const TransferFeed& feed);

  const AddressMap& map_;
  std::uint64_t now_;
  std::span<const std::uint64_t> base_;
  std::vector<std::uint64_t>& out_;
  std::vector<std::uint64_t> lane_number_;  ///< by index; lanes count in the order of submission
  std::vector<std::uint32_t> lane_order_;
};

void DramStateWriter::number_lanes(const TransferFeed& feed) {
  lane_order_.clear();
  for (std::uint32_t i = 0; i < feed.lanes_.size(); ++i)
    if (feed.lanes_[i].unserved != 0) lane_order_.push_back(i);
  std::ranges::sort(lane_order_, {}, [&](std::uint32_t i) { return feed.lanes_[i].serial; });
  lane_number_.assign(feed.lanes_.size(), 0);
  for (std::uint64_t n = 0; n < lane_order_.size(); ++n) lane_number_[lane_order_[n]] = n;
}

void DramStateWriter::queue(const DramChannel& channel) {
  struct Item {
    const QueuedBurst* burst;
    std::uint32_t bank;
    bool write;
  };
  std::vector<Item> items;
  for (std::uint32_t bank = 0; bank < channel.banks_.size(); ++bank)
    for (const bool write : {false, true})
      for (auto i = channel.queue_.head(bank, write); i != RequestQueue::none;
           i = channel.queue_.next(i))
        items.push_back({&channel.queue_[i], bank, write});
  std::ranges::sort(items, {}, [](const Item& item) { return item.burst->order; });
  put(items.size());
  for (const Item& item : items) {
    put(item.bank * 2 + (item.write ? 1 : 0));
    put(lane_number_[item.burst->owner]);
    put(item.burst->stream);
    put(relative_row(item.burst->row, item.burst->stream));
    put(now_ - item.burst->accepted);
  }
}

void DramStateWriter::channel(const DramChannel& channel) {
  queue(channel);
  // Gaps on the data bus are explained from the last data on; no clock before matters to them, nor
  // to the wait of an ACT for its rank, which counts from when its request came.
  const TimingRules& rules = channel.timing_.rules();
  std::uint64_t floor = since(channel.last_data_end_, std::max(rules.cl, rules.cwl));
  floor = std::min(floor, now_);
  for (std::uint32_t bank = 0; bank < channel.banks_.size(); ++bank)
    for (const bool write : {false, true})
      if (const auto head = channel.queue_.head(bank, write); head != RequestQueue::none)
        floor = std::min(floor, channel.queue_[head].accepted);
  auto timing = channel.timing_;
  timing.each_clock([&](std::uint64_t clock) { put(since(clock, floor)); });
  for (const std::uint64_t clock :
       {channel.work_since_, channel.refresh_begin_, channel.refresh_end_})
    put(since(clock, floor));
  put(channel.last_data_end_ - now_);
  clock(channel.refresh_due_);
  put(channel.refresh_bank_);
  put(channel.writing_ * 2u + channel.last_write_);
  for (std::uint32_t bank = 0; bank < channel.banks_.size(); ++bank) {
    const DramChannel::BankState& state = channel.banks_[bank];
    const bool open = timing.is_open(bank);
    put(open * 4u + state.fresh * 2u + state.conflict);
    if (!open) continue;
    put(state.stream);
    put(relative_row(timing.row(bank), state.stream));
    put(state.passed);
    if (state.fresh) put(state.faw_wait);
  }
}

void DramStateWriter::feed(const TransferFeed& feed) {
  for (const std::uint32_t index : lane_order_) {
    const TransferFeed::Lane& lane = feed.lanes_[index];
    put(lane.remaining), put(lane.unserved), put(lane.stream), put(lane.write);
    put(lane.remaining != 0 || !lane.write ? lane.transfer : 0);
    if (lane.remaining == 0) continue;
    put(since(lane.arrival, now_)), put(lane.limited ? lane.credits : 0), put(lane.limited);
    put(lane.cursor.run_left());
    const std::uint64_t base = lane.stream < base_.size() ? base_[lane.stream] : 0;
    put(lane.cursor.walk().address() - base);
    lane.cursor.walk().each_extent([&](std::uint64_t value) { put(value); });
  }
  put(feed.turns_.size());
  for (std::size_t i = 0; i < feed.turns_.size(); ++i)
    put(lane_number_[feed.turns_[(feed.turn_ + i) % feed.turns_.size()]]);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < feed.returns_count_; ++i) {
    const auto& back = feed.returns_[(feed.returns_begin_ + i) % feed.returns_.size()];
    if (feed.lanes_[back.lane].serial != back.serial || feed.lanes_[back.lane].remaining == 0)
      continue;
    ++kept, put(lane_number_[back.lane]), put(since(back.clock, now_));
  }
  put(kept);
}

void DramStateWriter::shift(Port<TransferFeed>& port, std::uint64_t clocks, const AddressMap& map,
                            std::span<const std::int64_t> delta) {
  const auto move = [&](std::uint64_t& clock) {
    if (clock != DramChannel::never) clock += clocks;
  };
  const auto bytes = [&](std::uint32_t stream) {
    return stream < delta.size() ? delta[stream] : std::int64_t{0};
  };
  const auto rows = [&](std::uint32_t stream) {
    if (bytes(stream) == 0) return std::uint64_t{0};
    return static_cast<std::uint64_t>(bytes(stream) /
                                      static_cast<std::int64_t>(map.row_span_bytes()));
  };
  move(port.now_), move(port.fill_at_), move(port.next_);
  DramChannel& channel = port.channel_;
  channel.timing_.each_clock(move);
  channel.activate_.holds = channel.precharge_.holds = false;
  for (std::uint64_t* clock :
       {&channel.plan_.clock, &channel.refresh_due_, &channel.refresh_begin_, &channel.refresh_end_,
        &channel.work_since_, &channel.last_data_end_})
    move(*clock);
  for (std::uint32_t bank = 0; bank < channel.banks_.size(); ++bank) {
    if (channel.timing_.is_open(bank))
      channel.timing_.shift_row(bank, rows(channel.banks_[bank].stream));
    for (const bool write : {false, true})
      for (auto i = channel.queue_.head(bank, write); i != RequestQueue::none;
           i = channel.queue_.next(i)) {
        QueuedBurst& burst = channel.queue_[i];
        move(burst.accepted);
        burst.row += rows(burst.stream);
      }
  }
  const auto local_bytes = static_cast<std::int64_t>(map.burst_bytes() * map.channels());
  for (TransferFeed::Lane& lane : port.feed_.lanes_) {
    move(lane.arrival);
    lane.cursor.shift(static_cast<std::uint64_t>(bytes(lane.stream)),
                      static_cast<std::uint64_t>(bytes(lane.stream) / local_bytes));
  }
  for (TransferFeed::Return& back : port.feed_.returns_) move(back.clock);
}

void DramSystem::append_state(std::uint64_t now, std::span<const std::uint64_t> base,
                              std::vector<std::uint64_t>& out) const {
  DramStateWriter writer(map_, now, base, out);
  out.push_back(now - now_);
  writer.bases();
  out.insert(out.end(), leader_.begin(), leader_.end());
  for (std::size_t b = 0; b < buses_.size(); ++b)
    if (leads(b)) writer.bus(buses_[b]);
  for (std::size_t c = 0; c < ports_.size(); ++c)
    if (leads(c / bus_channels_)) writer.port(ports_[c]);
  table_.append_state(now, out);
}

void DramSystem::shift(std::uint64_t clocks, std::span<const std::int64_t> delta) {
  for (const std::int64_t bytes : delta)
    SLUICE_ASSERT(bytes == 0 || (map_.period_bytes() != 0 &&
                                 bytes % static_cast<std::int64_t>(map_.period_bytes()) == 0),
                  "a stream is shifted by bytes that change more than its rows");
  now_ += clocks;
  for (CommandBus& bus : buses_) bus.free += clocks;
  table_.shift(clocks);
  for (std::size_t c = 0; c < ports_.size(); ++c)
    if (leads(c / bus_channels_)) DramStateWriter::shift(ports_[c], clocks, map_, delta);
}

}  // namespace sluice
