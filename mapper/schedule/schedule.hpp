// SPDX-License-Identifier: Apache-2.0
// Modulo schedules of a pipeline of tiles: every tile does the same at the same times after it has
// begun, and a new one begins every `interval` cycles. docs/spatial.md explains model and search.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "mapper/schedule/pipeline.hpp"

namespace sluice {

/// A lower bound on the interval: what asks for so many cycles of every tile.
struct IntervalBound {
  std::string what;  ///< spatial_array, vector_array, read ports, recurrence of RM, ...
  std::uint64_t cycles = 0;
  bool operator==(const IntervalBound&) const = default;
};

/// All bounds, the largest first.
std::vector<IntervalBound> interval_bounds(const Pipeline& pipeline);

struct ModuloSchedule {
  std::uint64_t interval = 1;
  /// By operation of the pipeline: the cycle of every slot, element by element, after the tile has
  /// begun. Empty for what comes after the loop.
  std::vector<std::vector<std::uint64_t>> times;
  bool operator==(const ModuloSchedule&) const = default;
};

/// What a schedule takes.
struct ScheduleUse {
  std::uint64_t busy[array_units] = {0, 0};  ///< slots of an interval
  std::uint64_t length = 0;                  ///< cycles from a tile's begin to its last result
  std::uint64_t stages = 0;  ///< tiles in flight: intervals in which slots of one tile lie
  std::uint64_t spatial_registers = 0, vector_registers = 0;  ///< at most, of one PE
  std::uint64_t reads = 0, writes = 0;  ///< rows of the buffer, of an interval
  std::uint64_t most_reads = 0, most_writes = 0, most_accesses = 0;  ///< in one cycle
  bool operator==(const ScheduleUse&) const = default;
};
ScheduleUse use_of(const Pipeline& pipeline, const ModuloSchedule& schedule);

/// The stage in which an operation's slot lies, and the slots of `unit` that each stage has.
std::vector<std::uint64_t> busy_by_stage(const Pipeline& pipeline, const ModuloSchedule& schedule,
                                         ArrayUnit unit);

/// Everything that is wrong with a schedule, whoever made it; both numbers in every message.
std::vector<std::string> verify(const Pipeline& pipeline, const ModuloSchedule& schedule);

struct ScheduleSearch {
  ModuloSchedule schedule;
  std::uint64_t bound = 0;  ///< the largest lower bound: the interval is the least when it is equal
  std::uint64_t tried = 0;  ///< schedules that were built
};

/// The schedule of least interval that the search finds, of fewest stages and registers among
/// those; nothing when there is none of at most `most` cycles. Intervals are tried from the bound
/// upwards. For each, every choice of strides of the operations with several elements (1, 2, 3, and
/// wherever there is room) is built, operations in order of dependence at their earliest places,
/// and those whose results wait for another operand at their latest. So an interval equal to the
/// bound is the least there is; a larger one may not be. Of pipelines with more than 1024 elements
/// a tile fewer strides are built, and intervals a thirty-second of the bound apart.
std::optional<ScheduleSearch> find_schedule(const Pipeline& pipeline, std::uint64_t most);

/// Places every operation that may be elsewhere and leaves sums to columns where that helps; the
/// least interval, then the fewest changes against the published placement.
struct PlacedSchedule {
  Placement placement;
  Pipeline pipeline;
  ScheduleSearch found;
};

/// With `free` false, the published placement only.
std::optional<PlacedSchedule> place_and_schedule(const TileWork& work,
                                                 const SpatialMachine& machine,
                                                 const PipelineOptions& options, bool free);

/// Units x cycles, the interval and what bounds it.
std::string to_table(const Pipeline& pipeline, const ModuloSchedule& schedule);

}  // namespace sluice
