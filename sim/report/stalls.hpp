// SPDX-License-Identifier: Apache-2.0
// Which cycles of a run belong to which task, and why its main unit did not work in the rest.
#pragma once

#include <vector>

#include "mapper/mapping.hpp"
#include "sim/models/systolic.hpp"
#include "sim/report/assemble.hpp"
#include "sim/tile/tile.hpp"

namespace sluice {

/// Cuts the run into one span a task: from the end of the span before to the last firing of the
/// task's main unit (the array, or the vector unit for what is not a matrix product); the last span
/// ends with the run. Within a span, the cycles in which the main unit was busy, and its stalls.
std::vector<TaskTiming> attribute_cycles(const Mapping& mapping, const SystolicGraph& machine,
                                         const TileResult& result);

/// One task's span [begin, end) of the run, by what its main unit did for it, given when that unit
/// was last busy before.
TaskTiming span_of(const Graph& graph, const UnitStats& unit, const UnitLayerStats& row,
                   std::uint64_t unit_before, std::uint64_t begin, std::uint64_t end);

/// busy + stalls + idle = total, for each unit; idle is what remains after its last firing.
std::vector<UnitReport> unit_reports(const Graph& graph, const TileResult& result);
/// The same from bounds, which tell busy cycles alone: all others are idle.
std::vector<UnitReport> unit_reports(const Graph& graph, const std::vector<std::uint64_t>& busy,
                                     std::uint64_t cycles);

}  // namespace sluice
