// SPDX-License-Identifier: Apache-2.0
// A channel while it is simulated: a ring of time stamps. See docs/time.md for the rules.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace sluice::tile {

/// Stamp of a token whose transfer is not done yet.
inline constexpr std::uint64_t pending = ~std::uint64_t{0};

struct ChannelState {
  struct Slot {
    std::uint64_t ready = 0;   ///< token: earliest dequeue; `pending` while it is being transferred
    std::uint64_t begun = 0;   ///< token: when the firing began that brings it
    std::uint64_t asked = 0;   ///< token: when it asked the memory for it; else as `begun`
    std::uint64_t space = 0;   ///< free slot: earliest enqueue
    bool after_drain = false;  ///< token: its firing waited for results to be stored
  };

  std::vector<Slot> slots;
  std::uint32_t head = 0, tail = 0;  ///< slot of the oldest token, of the next token
  std::uint64_t size = 0, pushed = 0, popped = 0;
  std::uint64_t starved = 0, blocked = 0, last_dequeue = 0;
  std::uint32_t producer = 0, consumer = 0;
  std::uint8_t producer_peer = 0, consumer_peer = 0;  ///< place of the one in the other's peers
  bool from_load = false, order = false, from_compute = false;
  std::uint64_t reader_needs = 0, writer_needs = 0;  ///< tokens or room waited for; 0: nobody waits

  std::uint32_t next(std::uint32_t slot) const { return slot + 1 == slots.size() ? 0 : slot + 1; }
  std::uint64_t room() const { return slots.size() - size; }

  /// Earliest dequeue of the `tokens` oldest tokens, which must be there; `pending` if unknown.
  std::uint64_t ready_time(std::uint32_t tokens) const {
    std::uint64_t time = 0;
    for (std::uint32_t i = 0, slot = head; i < tokens; ++i, slot = next(slot))
      time = std::max(time, slots[slot].ready);
    return time;
  }
  /// Earliest enqueue of `tokens` more tokens, for which there must be room.
  std::uint64_t space_time(std::uint32_t tokens) const {
    std::uint64_t time = 0;
    for (std::uint32_t i = 0, slot = tail; i < tokens; ++i, slot = next(slot))
      time = std::max(time, slots[slot].space);
    return time;
  }
  void push(std::uint32_t tokens, std::uint64_t enqueue, std::uint64_t ready) {
    for (std::uint32_t i = 0; i < tokens; ++i) {
      slots[tail] = {std::max(ready, enqueue + 1), enqueue, enqueue, 0, false};
      tail = next(tail);
    }
    size += tokens;
    pushed += tokens;
  }
  /// Tokens that a transfer brings, which asks the memory for them at `asked`.
  void push_pending(std::uint32_t tokens, std::uint64_t enqueue, std::uint64_t asked,
                    bool after_drain) {
    for (std::uint32_t i = 0; i < tokens; ++i) {
      slots[tail] = {pending, enqueue, asked, 0, after_drain};
      tail = next(tail);
    }
    size += tokens;
    pushed += tokens;
  }
  void pop(std::uint32_t tokens, std::uint64_t dequeue) {
    for (std::uint32_t i = 0; i < tokens; ++i) {
      slots[head].space = dequeue + 1;
      head = next(head);
    }
    size -= tokens;
    popped += tokens;
    last_dequeue = dequeue;
  }
};

}  // namespace sluice::tile
