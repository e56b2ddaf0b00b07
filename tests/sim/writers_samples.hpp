// SPDX-License-Identifier: Apache-2.0
// Reports and traces that the tests of the writers share. The numbers are made up but add up:
// layers to the total, busy and stalls to cycles, traffic to traffic_bytes.
#pragma once

#include <cmath>
#include <iterator>
#include <limits>
#include <random>
#include <string>

#include "sim/report/bottleneck.hpp"
#include "sim/report/report.hpp"

namespace sluice::samples {

inline MachineSummary machine() {
  return {.name = "edge_16x16",
          .source = "made up",
          .clock_hz = 1e9,
          .pes = 256,
          .peak_macs_per_second = 256e9,
          .peak_dram_bytes_per_second = 16e9,
          .area = {{"array", 300000.5}, {"glb", 700000}},
          .area_um2 = 1000000.5};
}

/// 1000 cycles: 600 busy, 400 of stalls.
inline LayerReport conv() {
  return {.name = "conv1",
          .operator_name = "conv2d",
          .unit = "array",
          .cycles = 1000,
          .seconds = 1e-6,
          .macs = 115200,  // 0.45 * 1000 * 256
          .vector_operations = 64,
          .utilization = 0.45,
          .mapping_efficiency = 0.75,
          .busy_cycles = 600,
          .stalls = {{"memory_bandwidth", 300}, {"fill", 60}, {"input_starved:vector", 40}},
          .traffic = {{"dram", "input", 2000, 0},
                      {"dram", "weight", 6000, 0},
                      {"dram", "output", 0, 1600},
                      {"glb", "input", 16000, 2000}},
          .traffic_bytes = 9600,
          .arithmetic_intensity = 12,
          .roofline_utilization = 0.75,  // 12 MAC/B * 16 GB/s / 256 GMAC/s
          .energy = {{"array", "mac", 115200, 23040.0}, {"dram", "read", 8000, 80000.0}},
          .energy_pj = 103040.0,
          .tiling = "m 49 of 196, n 16, k 147 (n, m, k)",
          .bottleneck = ""};
}

/// 250 cycles: 200 busy, 50 of stalls.
inline LayerReport softmax() {
  return {.name = "attention \"0\", softmax",
          .operator_name = "softmax",
          .unit = "vector",
          .cycles = 250,
          .seconds = 2.5e-7,
          .vector_operations = 3200,
          .busy_cycles = 200,
          .stalls = {{"memory_latency", 50}},
          .traffic = {{"dram", "input", 200, 0}, {"dram", "output", 0, 200}},
          .traffic_bytes = 400,
          .energy = {{"vector", "lane", 3200, 1600.0}, {"dram", "read", 200, 2000.0}},
          .energy_pj = 3600.0,
          .tiling = "elements 256 of 1024",
          .bottleneck = ""};
}

inline LayerReport total() {
  return {.name = "total",
          .operator_name = "",
          .unit = "array",
          .cycles = 1250,
          .seconds = 1.25e-6,
          .macs = 115200,
          .vector_operations = 3264,
          .utilization = 0.36,  // 115200 / (1250 * 256)
          .mapping_efficiency = 0.75,
          .busy_cycles = 800,
          .stalls = {{"memory_bandwidth", 300},
                     {"fill", 60},
                     {"memory_latency", 50},
                     {"input_starved:vector", 40}},
          .traffic = {{"dram", "input", 2200, 0},
                      {"dram", "weight", 6000, 0},
                      {"dram", "output", 0, 1800}},
          .traffic_bytes = 10000,
          .arithmetic_intensity = 11.52,
          .roofline_utilization = 0.72,
          .energy = {{"array", "mac", 115200, 23040.0},
                     {"dram", "read", 8200, 82000.0},
                     {"vector", "lane", 3200, 1600.0}},
          .energy_pj = 106640.0,
          .tiling = "",
          .bottleneck = ""};
}

inline Report report() {
  Report report{
      .version = 1,
      .provenance = {"0.1.0", "tile", 7, "0123456789abcdef"},
      .machine = machine(),
      .network = {"tiny", "made up", 2, 115200, 2352},
      .total = total(),
      .layers = {conv(), softmax()},
      .units = {{"array", 16, 600, 290, {{"memory_bandwidth", 300}, {"fill", 60}}},
                {"vector", 4, 200, 1000, {{"memory_latency", 50}}}},
      .memories =
          {{"dram", 1ull << 30, 8200, 1800, 16, 0.5, {{"row_hits", 120, ""}, {"activates", 9, ""}}},
           {"glb", 65536, 16000, 2000, 36, 0.4, {{"peak_bytes", 30000, "B"}}}},
      .counters = {{"other_cycles", 1300, "cycles"}, {"left_out", 1, ""}}};
  for (LayerReport& layer : report.layers)
    layer.bottleneck = bottleneck_sentence(layer, report.machine);
  report.total.bottleneck = bottleneck_sentence(report.total, report.machine);
  return report;
}

/// Values of every kind: whole numbers up to 64 bits, reals of all magnitudes, odd text.
class RandomReport {
 public:
  explicit RandomReport(std::uint64_t seed) : random_(seed) {}
  Report report() {
    Report r;
    r.provenance = {text(), text(), whole(), text()};
    r.machine = {text(), text(), real(), whole(), real(), real(), {}, real()};
    for (std::size_t i = count(); i > 0; --i) r.machine.area.push_back({text(), real()});
    r.network = {text(), text(), whole(), whole(), whole()};
    r.total = layer();
    for (std::size_t i = count(); i > 0; --i) r.layers.push_back(layer());
    for (std::size_t i = count(); i > 0; --i)
      r.units.push_back({text(), whole(), whole(), whole(), stalls()});
    for (std::size_t i = count(); i > 0; --i) {
      r.memories.push_back({text(), whole(), whole(), whole(), real(), real(), {}});
      for (std::size_t j = count(); j > 0; --j)
        r.memories.back().counters.push_back({text(), whole(), text()});
    }
    for (std::size_t i = count(); i > 0; --i) r.counters.push_back({text(), whole(), text()});
    return r;
  }

 private:
  std::size_t count() { return random_() % 4; }
  std::uint64_t whole() { return random_() >> (random_() % 64); }
  double real() {
    const double mantissa = static_cast<double>(random_() >> 11) * 0x1p-53;
    switch (random_() % 8) {
      case 0:
        return 0;
      case 1:
        return static_cast<double>(random_() % 100);
      case 2:
        return std::numeric_limits<double>::infinity();
      default:
        return std::ldexp(mantissa, static_cast<int>(random_() % 600) - 300);
    }
  }
  std::string text() {
    static const char* const pieces[] = {"conv", " ", "\"", "\\", ",", "\n",
                                         "\t",   "ä", "□",  "𝛼",  "0"};
    std::string result;
    for (std::size_t i = random_() % 6; i > 0; --i) result += pieces[random_() % std::size(pieces)];
    return result;
  }
  std::vector<Stall> stalls() {
    std::vector<Stall> result;
    for (std::size_t i = count(); i > 0; --i)
      result.push_back({text() + std::to_string(i), whole()});
    return result;
  }
  LayerReport layer() {
    LayerReport l;
    l.name = text();
    l.operator_name = text();
    l.unit = text();
    l.cycles = whole();
    l.seconds = real();
    l.macs = whole();
    l.vector_operations = whole();
    l.utilization = real();
    l.mapping_efficiency = real();
    l.busy_cycles = whole();
    l.overlapped_cycles = whole();
    l.stalls = stalls();
    for (std::size_t i = count(); i > 0; --i)
      l.traffic.push_back({text(), text(), whole(), whole()});
    for (std::size_t i = count(); i > 0; --i) l.energy.push_back({text(), text(), whole(), real()});
    l.traffic_bytes = whole();
    l.arithmetic_intensity = real();
    l.overlapped_bytes = whole();
    l.roofline_utilization = real();
    l.energy_pj = real();
    l.tiling = text();
    l.bottleneck = text();
    return l;
  }
  std::mt19937_64 random_;
};

/// Three units, one of which has overlapping slices and one none; a flow through two of them; a
/// flow whose producer is missing; two counters; a name that is used twice.
inline Trace trace() {
  Trace trace;
  trace.clock_hz = 940e6;
  trace.tracks = {"dma", "array", "vector", "unused"};
  trace.names = {"fetch conv1 0", "conv1", "relu", "inner"};
  trace.counters = {{"glb", "B"}, {"dram", "B/cycle"}};
  trace.slices = {{0, 0, 0, 10, 0, 101},   {0, 0, 10, 20, 0, 102},   {1, 1, 10, 40, 101, 0},
                  {1, 3, 15, 5, 0, 0},     {1, 1, 30, 40, 102, 103}, {2, 2, 70, 0, 103, 0},
                  {2, 2, 70, 9, 999, 104}, {2, 2, 79, 1, 104, 0}};
  trace.samples = {{1, 40, 0.5}, {0, 0, 0}, {0, 10, 4096}, {1, 10, 16}, {0, 79, 0}};
  return trace;
}

}  // namespace sluice::samples
