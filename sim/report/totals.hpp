// SPDX-License-Identifier: Apache-2.0
// What the reports of all machines have in common: sums over layers, and what follows from counts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "arch/dram.hpp"
#include "base/quantity.hpp"
#include "sim/experiment.hpp"
#include "sim/report/report.hpp"

namespace sluice {

/// A report with its provenance and network filled in.
Report report_of(const Experiment& experiment);

/// The array of `rows` x `columns` PEs at this clock, and its memory; without prices.
MachineSummary machine_summary(const std::string& name, const std::string& source, Hertz clock,
                               std::uint64_t rows, std::uint64_t columns, const Dram& dram);

/// Adds to the stall of the same cause, or a new one.
void add_stall(std::vector<Stall>& stalls, const Stall& stall);
/// Largest first; those with equal cycles stay in order.
void sort_stalls(std::vector<Stall>& stalls);
/// Adds to the traffic of the same memory and tensor, or new ones.
void add_traffic(std::vector<Traffic>& into, const std::vector<Traffic>& more);
void add_traffic(std::vector<Traffic>& into, std::string_view memory, std::string_view tensor,
                 std::uint64_t read_bytes, std::uint64_t write_bytes);
/// Adds to the actions of the same component and kind, or a new item.
void add_energy(std::vector<EnergyItem>& into, const EnergyItem& item);
void add_energy(std::vector<EnergyItem>& into, std::string_view component, std::string_view action,
                std::uint64_t count, double picojoules);

/// From cycles, MACs, stalls and traffic of a layer or of the total what follows from them:
/// seconds, utilization and its roofline, bytes at the DRAM, intensity; stalls largest first.
void derive(LayerReport& layer, const MachineSummary& machine);

/// A memory with its share of the total's traffic; `peak` in bytes a cycle.
MemoryReport& add_memory(Report& report, const std::string& name, Bytes capacity, double peak);

}  // namespace sluice
