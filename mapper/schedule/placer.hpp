// SPDX-License-Identifier: Apache-2.0
// Placing of operations into a modulo schedule, one by one, and taking them out again. Not for
// users of the room; see schedule.hpp.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "mapper/schedule/schedule.hpp"
#include "mapper/schedule/slot_table.hpp"

namespace sluice {

/// A stride: each element at the next cycle with room.
inline constexpr std::uint64_t anywhere = 0;

/// An operation of a pipeline to be placed; with a user, whose other operand decides when the
/// results of `op` are used, `op` is placed after it, as late as it allows.
struct PlacingStep {
  std::uint32_t op = 0;
  std::optional<std::uint32_t> user;
  /// The operation whose elements a stride puts in their places.
  std::uint32_t strided() const { return user ? *user : op; }
};

/// All operations of the loop, in order of dependence; as they stand where that leaves it open.
std::vector<PlacingStep> placing_steps(const Pipeline& pipeline);

/// A schedule in the making. Each operation takes the earliest place that those placed before
/// leave.
class Placer {
 public:
  /// `together`: the slots of an element follow each other without a gap. `not_before`: by
  /// operation, its first cycle at the earliest. Holds references.
  Placer(const Pipeline& pipeline, std::uint64_t interval, bool together,
         const std::vector<std::uint64_t>& not_before);

  /// Whether a place was found, with elements of step.strided() `stride` cycles apart.
  bool place(const PlacingStep& step, std::uint64_t stride);
  /// Takes the operations of a step out again.
  void remove(const PlacingStep& step);

  const ModuloSchedule& schedule() const { return schedule_; }
  /// Slots for which room has been looked for, so far.
  std::uint64_t work() const { return work_; }

 private:
  struct Starts;
  /// Part `part` of an element at a cycle.
  struct Slot {
    std::uint64_t part = 0, cycle = 0;
  };
  std::uint64_t earliest(std::uint32_t o, std::uint64_t element) const;
  Starts starts_of(std::uint32_t o, std::uint64_t stride) const;
  bool may_begin(Starts& starts, std::uint64_t t);
  bool place_early(Starts& starts, std::uint64_t not_before);
  bool place_at(const Starts& starts, std::uint64_t start);
  bool place_with_user(std::uint32_t o, std::uint32_t user, std::uint64_t stride);
  bool place_late(std::uint32_t o, std::uint32_t user);
  void remove(std::uint32_t o);
  void take(std::uint32_t o, std::uint64_t k, std::uint64_t t);
  void keep(std::uint32_t o);
  bool give_up(std::uint32_t o);
  std::uint64_t slots_of(std::uint32_t o) const {
    return pipeline_.ops[o].elements * pipeline_.ops[o].slots;
  }
  bool fits(std::uint32_t o, std::uint64_t k, std::uint64_t t) {
    ++work_;
    return table_.fits(o, k, t % schedule_.interval);
  }

  const Pipeline& pipeline_;
  const std::vector<std::uint64_t>& not_before_;
  std::vector<std::vector<PipelineEdge>> into_;  ///< edges by the operation that they lead to
  bool together_ = false;
  SlotTable table_;
  ModuloSchedule schedule_;
  std::vector<Slot> taken_;  ///< by the operation that is being placed
  std::uint64_t work_ = 0;
  std::uint64_t stop_ = 0;  ///< a step gives up when `work_` is more
};

}  // namespace sluice
