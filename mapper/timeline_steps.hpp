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

constexpr std::size_t role_index(TensorRole role) { return static_cast<std::size_t>(role); }

/// Moves bytes over the bus, not before `earliest`; the moment when the last has passed. What lies
/// in a part of the channels takes longer, while the others are free for what else there is.
inline Moment Timeline::transfer(std::size_t queue, const Moment& earliest, const Move& move,
                                 double factor) {
  const double cycles = factor * move.bytes * rates_.cycles_per_byte;
  const Moment passed = state_.bus.pass(queue, earliest, cycles + move.opening, rates_.takes_turns);
  return move.part < 1 ? moment(std::max(passed.time, earliest.time + cycles / move.part)) : passed;
}

/// Leaves the use of a port to be paid for by the next firing of a compute unit that needs it: a
/// port has as many beats in a cycle as it has, whoever takes them first.
inline void Timeline::occupy(const PortBytes& use) {
  if (!rates_.has_ports) return;
  const int number = rates_.port[role_index(use.role)][use.write];
  if (number < 0) return;
  state_.owed[static_cast<std::size_t>(number)] +=
      use.bytes * rates_.port_cycles[role_index(use.role)][use.write];
}

/// When a buffer of this kind is free for a tile: when the tile before the last has been left, or
/// the last where there is room for one only.
inline const Moment& Timeline::buffer_free(Buffer buffer, TensorRole role) {
  return clock(freed, 2 * buffer + (rates_.doubled[role_index(role)] ? 0 : 1));
}

inline void Timeline::leave(Buffer buffer, const Moment& when) {
  clock(freed, 2 * buffer) = std::exchange(clock(freed, 2 * buffer + 1), when);
}

/// Brings a tile; when it is there.
inline Moment Timeline::load(TensorRole role, Buffer buffer, const Move& move) {
  if (!rates_.has_memory) return {};
  Moment& queue = clock(engine, role_index(role));
  Moment start = later(later(queue, buffer_free(buffer, role)), awaited_[role_index(role)]);
  if (rates_.setup[role_index(role)] > 0)
    start = moment(start.time + rates_.setup[role_index(role)]);
  occupy({role, true, move.bytes});
  queue = transfer(role_index(role), start, move);
  return moment(queue.time + rates_.read_latency);
}

/// Brings the unfinished sums of a tile back into its buffer, which is free from `granted` on.
inline Moment Timeline::load_sums(const Moment& granted, const Move& move) {
  if (!rates_.has_memory) return granted;
  Moment& queue = clock(sums_engine);
  Moment start = later(queue, granted);
  if (rates_.setup[role_index(TensorRole::output)] > 0)
    start = moment(start.time + rates_.setup[role_index(TensorRole::output)]);
  occupy({TensorRole::output, true, move.bytes});
  queue = transfer(tensor_role_count, start, move);
  return moment(queue.time + rates_.read_latency);
}

/// Writes a tile that is there from `result` on.
inline void Timeline::store(Buffer buffer, const Moment& result, const Move& move) {
  last_ = result;
  if (!rates_.has_memory) return leave(buffer, result);
  Moment& queue = clock(engine, role_index(TensorRole::output));
  Moment start = later(queue, result);
  if (rates_.setup[role_index(TensorRole::output)] > 0)
    start = moment(start.time + rates_.setup[role_index(TensorRole::output)]);
  occupy({TensorRole::output, false, move.bytes});
  // The bus turns where reads wait for it too.
  const double factor = state_.bus.is_free_at(start.time) ? 1 : rates_.write_factor;
  last_ = queue = transfer(role_index(TensorRole::output), start, move, factor);
  leave(buffer, queue);
}

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
    const int number = rates_.port[role_index(use.role)][use.write];
    if (number < 0) continue;
    longest = std::max(longest, std::exchange(state_.owed[static_cast<std::size_t>(number)], 0));
  }
  return longest;
}

}  // namespace sluice
