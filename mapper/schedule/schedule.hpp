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

/// The schedule of an interval of fewest stages, then registers, that the search finds. Every
/// choice of strides of the operations with several elements is built, operations in order of
/// dependence at their earliest places, and those whose results wait for another operand at their
/// latest. Strides are 1, 2, 3 and wherever there is room; where that finds nothing, and of
/// pipelines with more than 1024 elements a tile always, 1, evenly over the interval and wherever
/// there is room. The work is bounded, in slots for which room is looked for: an operation is given
/// up after 32 for each slot it needs, a kind of strides after 250,000 and 256 for each slot of the
/// pipeline; the best until then is the answer.
std::optional<ModuloSchedule> find_schedule(const Pipeline& pipeline, std::uint64_t interval);

/// The most that an operation needs in one cycle, whatever the schedule: words that it hands on to
/// a neighbour, and rows that it writes in the loop.
struct NeedsAtOnce {
  std::uint64_t words = 0, rows = 0;
};
NeedsAtOnce needs_at_once(const Pipeline& pipeline);

/// Intervals are multiples of this above the bound: of 1 and a 512th of the bound, or a
/// thirty-second of it for more than 1024 elements a tile.
std::uint64_t interval_step(const Pipeline& pipeline);

struct ScheduleSearch {
  ModuloSchedule schedule;
  std::uint64_t bound = 0;  ///< the largest lower bound: the interval is the least when it is equal
};

/// Places every operation that may be elsewhere and leaves sums to columns where that helps; the
/// least interval, then the fewest changes against the published placement, then the most lanes. Of
/// twice as many lanes as columns or more some may be left idle: wide bursts of rows are harder to
/// place. Intervals are tried from the bounds upwards, so that one equal to the bound is the least
/// there is; a larger one may not be: after 16 steps they are an eighth of the way from the bound
/// apart, and where that finds a schedule, those between are halved until two are next to each
/// other.
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
