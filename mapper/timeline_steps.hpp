// SPDX-License-Identifier: Apache-2.0
// Steps of the timeline that all kinds of tasks take: loops of which a part is left out, and ports.
// Internal to this folder.
#pragma once

#include <algorithm>
#include <array>
#include <utility>

#include "mapper/timeline.hpp"

namespace sluice {

/// Values by a number, of which only the last few are asked for again: the tiles of a loop nest
/// differ at its ends alone.
template <class Value, std::size_t size>
class Recent {
 public:
  template <class Make>
  const Value& operator()(std::uint64_t key, Make make) {
    if (known_ > 0 && keys_[last_] == key) return values_[last_];
    for (std::size_t i = 0; i < known_; ++i)
      if (keys_[i] == key) return values_[last_ = i];
    last_ = next_;
    next_ = (next_ + 1) % size;
    known_ = std::max(known_, last_ + 1);
    keys_[last_] = key;
    return values_[last_] = make();
  }

 private:
  std::array<std::uint64_t, size> keys_;  // the first `known_` of them count
  std::array<Value, size> values_;
  std::size_t known_ = 0, next_ = 0, last_ = 0;
};

/// The first iterations and the last; what is left out moves all clocks that move as far as the
/// unit that computes moved in the two iterations before. Two tiles may have been fetched before
/// the loop began, and the third while the first was used. Since two buffers take turns, it takes
/// two iterations to come into the same state.
template <class Body>
void Timeline::repeat(std::uint64_t count, Clock unit, Body body) {
  constexpr std::uint64_t settling = 4, buffers = 2;
  if (count <= settling + 1) {
    for (std::uint64_t i = 0; i < count; ++i) body(i);
    return;
  }
  for (std::uint64_t i = 0; i < settling - buffers; ++i) body(i);
  std::array<double, clocks> before;
  for (std::size_t i = 0; i < clocks; ++i) before[i] = state_.at[i].time;
  const TimelineBus bus = state_.bus;
  const double worked = state_.worked;
  for (std::uint64_t i = settling - buffers; i < settling; ++i) body(i);
  const double times = static_cast<double>(count - settling - 1) / buffers;
  const double shift = times * (clock(unit).time - before[unit]) + state_.bus.slowed(bus, times);
  const double idle = times * state_.bus.idle_since(bus);
  for (std::size_t i = 0; i < clocks; ++i) {
    const bool moved = state_.at[i].time != before[i];
    state_.at[i].time += moved ? shift : 0;
    state_.at[i].idle += moved ? idle : 0;
  }
  state_.bus.repeat(bus, times, shift);
  state_.worked += times * (state_.worked - worked);
  body(count - 1);
}

/// Cycles of the port that a firing with these uses waits for longest.
template <std::size_t N>
double Timeline::take_ports(const std::array<PortBytes, N>& uses) {
  double longest = 0;
  if (!rates_.has_ports) return longest;
  for (const PortBytes& use : uses) occupy(use);
  for (const PortBytes& use : uses) {
    const int number = rates_.port[static_cast<std::size_t>(use.role)][use.write];
    if (number < 0) continue;
    longest = std::max(longest, std::exchange(state_.owed[static_cast<std::size_t>(number)], 0));
  }
  return longest;
}

}  // namespace sluice
