// SPDX-License-Identifier: Apache-2.0
// The requests that a channel's controller holds: reads in its window, writes in its queue, each in
// a list by bank from oldest to youngest, and all of a direction in a list of their own. Fixed
// storage: nothing is allocated per burst.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "sim/memory/channel_timing.hpp"

namespace sluice {

struct QueuedBurst {
  std::uint64_t row = 0;
  std::uint64_t order = 0;     ///< age: lower is older
  std::uint64_t accepted = 0;  ///< clock at which it entered
  std::uint32_t owner = 0;     ///< the feed's own number for who waits for it
  std::uint32_t stream = 0;
};

class RequestQueue {
 public:
  using Index = std::uint16_t;
  static constexpr Index none = 0xffff;

  RequestQueue(std::uint32_t reads, std::uint32_t writes);

  bool room(bool write) const { return count_[write] < capacity_[write]; }
  std::uint32_t room_for(bool write) const { return capacity_[write] - count_[write]; }
  std::uint32_t count(bool write) const { return count_[write]; }
  bool empty() const { return count_[0] + count_[1] == 0; }
  /// Banks that have requests of a direction, one bit each.
  std::uint64_t banks(bool write) const { return banks_[write]; }

  Index head(std::uint32_t bank, bool write) const { return lists_[write][bank].head; }
  Index next(Index index) const { return next_[index]; }
  /// The oldest of all banks, and the next younger one.
  Index oldest(bool write) const { return ages_[write].head; }
  Index younger(Index index) const { return age_[index].younger; }
  std::uint32_t bank(Index index) const { return age_[index].bank; }
  const QueuedBurst& operator[](Index index) const { return bursts_[index]; }
  QueuedBurst& operator[](Index index) { return bursts_[index]; }

  Index push(std::uint32_t bank, bool write, QueuedBurst burst) {
    burst.order = next_order();
    return insert(bank, write, burst);
  }
  /// The age of the next burst that enters.
  std::uint64_t next_order() { return order_++; }

  /// Puts in a burst that knows its age and is the youngest of its direction.
  Index insert(std::uint32_t bank, bool write, const QueuedBurst& burst) {
    const Index index = free_[--free_count_];
    bursts_[index] = burst;
    next_[index] = none;
    List& list = lists_[write][bank];
    if (list.head == none) {
      list.head = index;
      banks_[write] |= std::uint64_t{1} << bank;
    } else {
      next_[list.tail] = index;
    }
    list.tail = index;
    List& ages = ages_[write];
    age_[index] = {ages.tail, none, bank};
    (ages.tail == none ? ages.head : age_[ages.tail].younger) = index;
    ages.tail = index;
    ++count_[write];
    return index;
  }

  /// Removes the burst after `before` (none: the head) of a bank's list.
  void remove(std::uint32_t bank, bool write, Index before) {
    List& list = lists_[write][bank];
    const Index index = before == none ? list.head : next_[before];
    const Index after = next_[index];
    (before == none ? list.head : next_[before]) = after;
    if (list.tail == index) list.tail = before;
    if (list.head == none) banks_[write] &= ~(std::uint64_t{1} << bank);
    const Age age = age_[index];
    (age.older == none ? ages_[write].head : age_[age.older].younger) = age.younger;
    (age.younger == none ? ages_[write].tail : age_[age.younger].older) = age.older;
    free_[free_count_++] = index;
    --count_[write];
  }

  /// Removes all bursts of a direction.
  void clear(bool write) {
    for (Index i = ages_[write].head; i != none; i = age_[i].younger) {
      lists_[write][age_[i].bank] = {};
      free_[free_count_++] = i;
    }
    ages_[write] = {};
    banks_[write] = 0;
    count_[write] = 0;
  }

 private:
  struct List {
    Index head = none, tail = none;
  };
  struct Age {
    Index older = none, younger = none;
    std::uint32_t bank = 0;
  };
  std::array<std::uint32_t, 2> capacity_, count_{};
  std::array<std::uint64_t, 2> banks_{};
  std::array<std::array<List, ChannelTiming::max_banks>, 2> lists_;
  std::vector<QueuedBurst> bursts_;
  std::vector<Index> next_;
  std::array<List, 2> ages_;
  std::vector<Age> age_;
  std::vector<Index> free_;
  std::size_t free_count_ = 0;
  std::uint64_t order_ = 0;
};

}  // namespace sluice
