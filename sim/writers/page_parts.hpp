// SPDX-License-Identifier: Apache-2.0
// The parts of the page of a run that take more than a few lines. Internal to the writers.
#pragma once

#include <string>

#include "sim/experiment.hpp"
#include "sim/report/report.hpp"

namespace sluice {

/// The machine as an inline SVG drawing: main memory, what moves data, memories on the chip,
/// compute units; how busy each was, and which of them held the run back.
std::string machine_svg(const Experiment& experiment, const Report& report);

/// What every unit did when, as JSON: `start` and `cycles_per_step` in cycles, `names`, `units`
/// with `name`, for each step the share `busy` in percent and the name of the first `firing` (-1:
/// none). The window of the trace in at most 600 steps of whole cycles.
std::string timeline_json(const Trace& trace, std::uint64_t cycles);

}  // namespace sluice
