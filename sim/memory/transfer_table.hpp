// SPDX-License-Identifier: Apache-2.0
// The transfers that are under way in all channels together, and the events they owe to whoever
// submitted them.
#pragma once

#include <cstdint>
#include <vector>

namespace sluice {

/// Names a transfer from its submission to its last event; then the number is used again.
enum class TransferId : std::uint32_t {};

/// A transfer is *accepted* when its last burst has entered the controllers: the engine is then
/// free for its next one. It is *done* when its last data has arrived (reads), or at once when
/// accepted (writes: they are posted). Every transfer has both events, accepted first.
struct TransferEvent {
  TransferId id{};
  std::uint64_t clock = 0;
  bool done = false;
  bool operator==(const TransferEvent&) const = default;
};

class TransferTable {
 public:
  struct Active {
    std::uint32_t channels_entering = 0;  ///< with bursts that have not entered
    std::uint32_t channels_serving = 0;   ///< with reads that have not been served
    std::uint64_t accepted_clock = 0, done_clock = 0;
    bool write = false;
    bool live = false;
  };

  /// The lowest number that is free.
  std::uint32_t open(bool write, std::uint32_t channels, std::uint64_t arrival);
  /// The last burst in each of `channels` channels has entered, as of `clock`.
  void entered(std::uint32_t transfer, std::uint64_t clock, std::uint32_t channels = 1);
  /// The last read of each of `channels` channels is served; its data are there at `clock`.
  void served(std::uint32_t transfer, std::uint64_t clock, std::uint32_t channels = 1);

  bool has_event() const { return !events_.empty(); }
  std::uint64_t event_clock() const { return events_.front().clock; }
  TransferEvent take_event();
  /// Transfers that still owe an event.
  std::size_t live() const { return live_; }
  const std::vector<Active>& transfers() const { return transfers_; }

  void shift(std::uint64_t clocks);
  void append_state(std::uint64_t now, std::vector<std::uint64_t>& out) const;

 private:
  void push_event(TransferEvent event);

  std::vector<Active> transfers_;
  std::vector<TransferEvent> events_;  ///< a heap
  std::size_t live_ = 0;
};

}  // namespace sluice
