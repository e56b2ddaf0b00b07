// SPDX-License-Identifier: Apache-2.0
// The bus to main memory on the timeline: when it is free, and the time for which it has idled,
// which a transfer that is found out about late may still have used. Internal to this folder.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

namespace sluice {

/// A point in time, the cycles for which the bus has idled until then, and what then stood in line
/// for it.
struct Moment {
  double time = 0, idle = 0, queue = 0;
};

/// One of them: it lives no longer.
inline const Moment& later(const Moment& a, const Moment& b) { return a.time < b.time ? b : a; }

class TimelineBus {
 public:
  static constexpr std::size_t queues = 4;

  bool is_free_at(double time) const { return time >= free_; }
  Moment moment(double time) const {
    return {time, idle_ + std::max(0.0, time - free_), std::max(0.0, free_ - time)};
  }

  /// A transfer of `cycles` by one of the queues, not before `earliest`; the moment when its last
  /// byte has passed. What could have gone earlier takes time that was idle since, before it goes
  /// on the end. `takes_turns`: bursts of several transfers alternate, so that it then shares the
  /// bus with all that passed since; else who came first is served first.
  Moment pass(std::size_t queue, const Moment& earliest, double cycles, bool takes_turns) {
    if (is_free_at(earliest.time)) {
      idle_ += earliest.time - free_;
      free_ = earliest.time + cycles;
      return {free_, idle_, 0};
    }
    const double since = free_ - earliest.time;
    const double from = std::max(earliest.idle, used_to_[queue]);
    const double left = idle_ - from;
    const double spare =
        left > 0 ? std::clamp(left - taken_by_others(queue, from), 0.0, since) : 0.0;
    taken_[queue] += std::min(spare, cycles);
    seen_[queue] = taken_;
    if (spare <= cycles) {
      used_to_[queue] = idle_;
      free_ += cycles - spare;
      return {free_, idle_, 0};
    }
    used_to_[queue] = from + cycles;
    const double served = takes_turns ? since * cycles / spare : earliest.queue + cycles;
    return {std::min(free_, earliest.time + served), used_to_[queue], 0};
  }

  /// What `times` more repetitions of the time since `before` would take longer than that, because
  /// they use up what had been idle before.
  double slowed(const TimelineBus& before, double times) const {
    double taken = 0;
    for (std::size_t q = 0; q < queues; ++q) taken += taken_[q] - before.taken_[q];
    const double lost = taken - idle_since(before);
    const double spare = idle_ - *std::max_element(used_to_.begin(), used_to_.end());
    return std::max(0.0, lost <= 0 ? 0 : times * lost - spare);
  }
  double idle_since(const TimelineBus& before) const { return idle_ - before.idle_; }

  /// `times` more repetitions of the time since `before`, which end `shift` later.
  void repeat(const TimelineBus& before, double times, double shift) {
    const double idle = times * idle_since(before);
    free_ += shift;
    idle_ += idle;
    for (std::size_t q = 0; q < queues; ++q) {
      if (used_to_[q] > before.used_to_[q]) used_to_[q] = std::min(idle_, used_to_[q] + idle);
      const double taken = times * (taken_[q] - before.taken_[q]);
      taken_[q] += taken;
      for (std::size_t other = 0; other < queues; ++other)
        if (seen_[other][q] > before.seen_[other][q]) seen_[other][q] += taken;
    }
  }

 private:
  using ByQueue = std::array<double, queues>;

  /// Of the idle time from `from` on, what other queues have taken since this one last did.
  double taken_by_others(std::size_t queue, double from) const {
    double sum = 0;
    for (std::size_t other = 0; other < queues; ++other)
      if (other != queue)
        sum += std::min(taken_[other] - seen_[queue][other], std::max(0.0, used_to_[other] - from));
    return sum;
  }

  double free_ = 0;  ///< when it is
  double idle_ = 0;  ///< cycles that it has idled until then
  /// By queue: up to which idle cycle its transfers have looked, and how many they have taken.
  ByQueue used_to_{}, taken_{};
  std::array<ByQueue, queues> seen_{};  ///< `taken_` when this queue last looked
};

}  // namespace sluice
