// SPDX-License-Identifier: Apache-2.0
// The answer: what the machine did with the network, and what held it back. Plain values; the
// writers in sim/writers turn them into text. docs/report.md documents every field.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "mapper/mapping.hpp"

namespace sluice {

/// Cycles lost to one cause: `fill`, `drain`, `dma_setup`, `memory_bandwidth`, `memory_latency`,
/// `port_conflict`, `bank_conflict`, `input_starved:<unit>`, `output_blocked:<unit>`.
struct Stall {
  std::string cause;
  std::uint64_t cycles = 0;
  bool operator==(const Stall&) const = default;
};

/// Bytes moved at one memory for one tensor (input, weight, output).
struct Traffic {
  std::string memory;
  std::string tensor;
  std::uint64_t read_bytes = 0;
  std::uint64_t write_bytes = 0;
  bool operator==(const Traffic&) const = default;
};

/// `count` actions of a component and their price.
struct EnergyItem {
  std::string component;
  std::string action;
  std::uint64_t count = 0;
  double picojoules = 0;
  bool operator==(const EnergyItem&) const = default;
};

/// A layer, or the whole network. For a layer, `cycles` is the time from the end of the layer
/// before to its own end, so that layers add up to the total; busy + stalls = cycles, exactly.
struct LayerReport {
  std::string name;
  std::string operator_name;
  std::string unit;  ///< the unit that does its main work
  std::uint64_t cycles = 0;
  double seconds = 0;
  std::uint64_t macs = 0;
  std::uint64_t vector_operations = 0;  ///< lane cycles on the vector unit
  double utilization = 0;               ///< macs / ((cycles + overlapped_cycles) * PEs)
  double mapping_efficiency = 0;        ///< mean share of PEs used over the folds
  std::uint64_t busy_cycles = 0;
  /// In which the unit worked on the layer before its `cycles` began: an earlier layer still ran on
  /// another unit.
  std::uint64_t overlapped_cycles = 0;
  std::vector<Stall> stalls;  ///< largest first
  std::vector<Traffic> traffic;
  std::uint64_t traffic_bytes = 0;  ///< at the DRAM, both ways
  double arithmetic_intensity = 0;  ///< macs per DRAM byte
  /// Of `traffic_bytes`, at most so many pass while other layers run: fetched ahead, stored behind.
  std::uint64_t overlapped_bytes = 0;
  /// The most that `utilization` can be while the rest passes within `cycles`, 0..1.
  double roofline_utilization = 0;
  std::vector<EnergyItem> energy;
  double energy_pj = 0;
  std::string tiling;      ///< as text, such as "m 3136 of 12544, n 64, k 147 (n, m, k)"
  std::string bottleneck;  ///< one sentence: what held it back and what would relieve it
  bool operator==(const LayerReport&) const = default;
};

/// busy + stalls + idle = total cycles, exactly. Idle: before its first and after its last firing.
struct UnitReport {
  std::string name;
  std::uint64_t firings = 0;
  std::uint64_t busy_cycles = 0;
  std::uint64_t idle_cycles = 0;
  std::vector<Stall> stalls;
  bool operator==(const UnitReport&) const = default;
};

/// A named count of a memory (row_hits, activates, peak_bytes, ...) or of a model.
struct Counter {
  std::string name;
  std::uint64_t value = 0;
  std::string unit;
  bool operator==(const Counter&) const = default;
};

struct MemoryReport {
  std::string name;
  std::uint64_t capacity_bytes = 0;
  std::uint64_t read_bytes = 0;
  std::uint64_t write_bytes = 0;
  double peak_bytes_per_cycle = 0;   ///< reads and writes together; 0: unlimited
  double bandwidth_utilization = 0;  ///< of peak over the whole run, 0..1; 0 when unlimited
  std::vector<Counter> counters;
  bool operator==(const MemoryReport&) const = default;
};

struct AreaItem {
  std::string component;
  double square_micrometres = 0;
  bool operator==(const AreaItem&) const = default;
};

/// Where a report comes from; no wall time and no host, so that equal inputs give equal bytes.
struct Provenance {
  std::string sluice_version;
  std::string fidelity;
  std::uint64_t seed = 0;
  std::string input_hash;  ///< 16 hex digits over the resolved experiment
  bool operator==(const Provenance&) const = default;
};

struct MachineSummary {
  std::string name;
  std::string source;
  double clock_hz = 0;
  std::uint64_t pes = 0;
  double peak_macs_per_second = 0;
  double peak_dram_bytes_per_second = 0;  ///< 0: unlimited
  std::vector<AreaItem> area;
  double area_um2 = 0;
  bool operator==(const MachineSummary&) const = default;
};

struct NetworkSummary {
  std::string name;
  std::string source;
  std::uint64_t layers = 0;
  std::uint64_t macs = 0;
  std::uint64_t parameters = 0;
  bool operator==(const NetworkSummary&) const = default;
};

struct Report {
  std::uint32_t version = 1;  ///< of this format
  Provenance provenance;
  MachineSummary machine;
  NetworkSummary network;
  LayerReport total;
  std::vector<LayerReport> layers;
  std::vector<UnitReport> units;
  std::vector<MemoryReport> memories;
  std::vector<Counter>
      counters;  ///< what the model counts beside the above, such as other accounts
  bool operator==(const Report&) const = default;
};

/// An infeasible design is an answer, not an exception.
using Outcome = std::variant<Report, Infeasible>;

/// What happened when, for the trace writer. Times in cycles.
struct TraceSlice {
  std::uint32_t track = 0;
  std::uint32_t name = 0;  ///< index in Trace::names
  std::uint64_t start = 0;
  std::uint64_t duration = 0;
  std::uint64_t flow_in = 0;  ///< id shared with the producer's flow_out; 0: none
  std::uint64_t flow_out = 0;
};

struct TraceSample {
  std::uint32_t counter = 0;  ///< index in Trace::counters
  std::uint64_t cycle = 0;
  double value = 0;
};

struct TraceCounter {
  std::string name;
  std::string unit;
};

struct Trace {
  double clock_hz = 1e9;
  std::vector<std::string> tracks;  ///< one a unit
  std::vector<std::string> names;
  std::vector<TraceCounter> counters;
  std::vector<TraceSlice> slices;  ///< by track, in order of time
  std::vector<TraceSample> samples;
  bool truncated = false;  ///< the window or the size limit cut something off
};

}  // namespace sluice
