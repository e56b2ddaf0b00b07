// SPDX-License-Identifier: Apache-2.0
#include "sim/memory/transfer_table.hpp"

#include <algorithm>
#include <tuple>

#include "base/assert.hpp"

namespace sluice {
namespace {

/// Heap order: the earliest first; of one clock, what frees an engine first, then by number.
bool later(const TransferEvent& a, const TransferEvent& b) {
  return std::tuple(a.clock, a.done, a.id) > std::tuple(b.clock, b.done, b.id);
}

}  // namespace

std::uint32_t TransferTable::open(bool write, std::uint32_t channels, std::uint64_t arrival) {
  const auto free = std::ranges::find(transfers_, false, &Active::live);
  const auto id = static_cast<std::uint32_t>(free - transfers_.begin());
  if (free == transfers_.end()) transfers_.emplace_back();
  transfers_[id] = {channels, write ? 0 : channels, arrival, arrival, write, true};
  ++live_;
  if (channels == 0) {
    push_event({TransferId{id}, arrival, false});
    push_event({TransferId{id}, arrival, true});
  }
  return id;
}

void TransferTable::push_event(TransferEvent event) {
  events_.push_back(event);
  std::push_heap(events_.begin(), events_.end(), later);
}

void TransferTable::entered(std::uint32_t transfer, std::uint64_t clock, std::uint32_t channels) {
  Active& t = transfers_[transfer];
  t.accepted_clock = std::max(t.accepted_clock, clock);
  if ((t.channels_entering -= channels) != 0) return;
  push_event({TransferId{transfer}, t.accepted_clock, false});
  if (t.write) push_event({TransferId{transfer}, t.accepted_clock, true});
}

void TransferTable::served(std::uint32_t transfer, std::uint64_t clock, std::uint32_t channels) {
  Active& t = transfers_[transfer];
  t.done_clock = std::max(t.done_clock, clock);
  if ((t.channels_serving -= channels) == 0) push_event({TransferId{transfer}, t.done_clock, true});
}

TransferEvent TransferTable::take_event() {
  SLUICE_ASSERT(!events_.empty(), "an event was taken where there is none");
  std::pop_heap(events_.begin(), events_.end(), later);
  const TransferEvent event = events_.back();
  events_.pop_back();
  if (event.done) transfers_[static_cast<std::uint32_t>(event.id)].live = false, --live_;
  return event;
}

void TransferTable::shift(std::uint64_t clocks) {
  for (TransferEvent& event : events_) event.clock += clocks;
  for (Active& t : transfers_) t.accepted_clock += clocks, t.done_clock += clocks;
}

void TransferTable::append_state(std::uint64_t now, std::vector<std::uint64_t>& out) const {
  for (std::size_t id = 0; id < transfers_.size(); ++id) {
    const Active& t = transfers_[id];
    if (!t.live) continue;
    out.insert(out.end(), {id, t.channels_entering, t.channels_serving, t.write ? 1u : 0u});
    if (t.channels_entering != 0) out.push_back(t.accepted_clock - now);
    if (t.channels_serving != 0) out.push_back(t.done_clock - now);
  }
  out.push_back(~std::uint64_t{0});
  std::vector<TransferEvent> sorted(events_);
  std::sort(sorted.begin(), sorted.end(), [](auto& a, auto& b) { return later(b, a); });
  for (const TransferEvent& event : sorted)
    out.insert(out.end(),
               {static_cast<std::uint64_t>(event.id), event.clock - now, event.done ? 1u : 0u});
}

}  // namespace sluice
