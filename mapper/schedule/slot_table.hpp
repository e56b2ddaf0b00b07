// SPDX-License-Identifier: Apache-2.0
// What is taken of each cycle of an interval. Not for users of the room; see schedule.hpp.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "mapper/schedule/schedule.hpp"

namespace sluice {

/// Slots of both arrays and rows of the buffer that a schedule in the making has taken. Cycles are
/// those of the interval, below it.
class SlotTable {
 public:
  /// Holds a reference to the pipeline.
  SlotTable(const Pipeline& pipeline, std::uint64_t interval);

  /// Whether part `k` of an element of operation `o` fits at cycle `at`.
  bool fits(std::uint32_t o, std::uint64_t k, std::uint64_t at) const;
  void take(std::uint32_t o, std::uint64_t k, std::uint64_t at) { change(o, k, at, true); }
  void release(std::uint32_t o, std::uint64_t k, std::uint64_t at) { change(o, k, at, false); }

  /// Cycles in which `unit` has nothing to do.
  std::uint64_t free_cycles(ArrayUnit unit) const { return free_[static_cast<std::size_t>(unit)]; }

  /// Cycles, 1 or 0 each, at which `elements` elements of `o` could begin that are `stride` cycles
  /// apart, the parts of each together, were it not for the rows that they take from each other.
  std::vector<std::uint8_t> open_starts(std::uint32_t o, std::uint64_t elements,
                                        std::uint64_t stride) const;
  /// Cycles at which the first part of an element fits.
  std::vector<std::uint8_t> open_first_parts(std::uint32_t o) const { return open_parts(o, 0); }

 private:
  std::vector<std::uint8_t> open_parts(std::uint32_t o, std::uint64_t k) const;
  bool has_room(std::uint64_t at, std::uint64_t reads, std::uint64_t writes) const;
  void change(std::uint32_t o, std::uint64_t k, std::uint64_t at, bool add);
  std::uint64_t written(const PipelineOp& op, std::uint64_t at) const {
    return (at + op.write_after) % interval_;
  }

  const Pipeline& pipeline_;
  std::uint64_t interval_;
  std::array<std::vector<std::uint8_t>, array_units> taken_;
  std::array<std::uint64_t, array_units> free_{};
  std::vector<std::uint64_t> reads_, writes_;
};

}  // namespace sluice
