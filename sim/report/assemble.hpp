// SPDX-License-Identifier: Apache-2.0
// From what the simulators counted to the report: layers from tasks, stalls by cause, energy by
// price. Nothing is simulated here.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "arch/energy.hpp"
#include "mapper/mapping.hpp"
#include "sim/experiment.hpp"
#include "sim/report/report.hpp"

namespace sluice {

/// What a task took, whichever fidelity says so. busy + stalls = cycles.
struct TaskTiming {
  std::string unit;
  std::uint64_t cycles = 0;
  std::uint64_t busy = 0;
  std::vector<Stall> stalls;
  std::uint64_t overlapped_cycles = 0;  ///< in which the unit worked on it before
  /// Of its DRAM traffic, at most so much passes outside the cycles of its layer.
  std::uint64_t overlapped_bytes = 0;
};

/// Counts of one task, by SystolicAction.
using TaskActions = std::vector<std::uint64_t>;

/// Everything that a report is made of.
struct ReportParts {
  std::vector<TaskTiming> tasks;     ///< by Mapping::tasks
  std::vector<TaskActions> actions;  ///< by Mapping::tasks
  std::vector<UnitReport> units;
  std::vector<Counter> dram_counters;
  std::uint64_t cycles = 0;
};

/// How much a report holds of what the same numbers say.
enum class ReportDetail : std::uint8_t {
  full,
  total,  ///< the total and the machine alone: no layers, units, memories, names and provenance
};

/// `energy` may be null: timing only.
Report assemble_report(const Experiment& experiment, const Architecture& architecture,
                       const Mapping& mapping, const ReportParts& parts, const EnergyModel* energy,
                       ReportDetail detail = ReportDetail::full);

}  // namespace sluice
