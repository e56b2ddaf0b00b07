// SPDX-License-Identifier: Apache-2.0
// One line a layer and one for the total, for spreadsheets and data frames (RFC 4180).
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text_lines.hpp"
#include "sim/writers/writers.hpp"

namespace sluice {
namespace {

// The columns of these causes are always there, in this order.
constexpr std::array<std::string_view, 5> fixed_causes = {"fill", "drain", "memory_bandwidth",
                                                          "memory_latency", "port_conflict"};

constexpr std::string_view leading_columns =
    "scope,name,operator,unit,cycles,seconds,macs,vector_operations,utilization,"
    "mapping_efficiency,busy_cycles,overlapped_cycles,traffic_bytes,arithmetic_intensity,"
    "overlapped_bytes,roofline_utilization,energy_pj";

// The fixed causes, then all others in the report by name: input_starved:*, output_blocked:*.
std::vector<std::string> causes_of(const Report& report) {
  std::vector<std::string> others;
  const auto collect = [&](const LayerReport& layer) {
    for (const Stall& stall : layer.stalls)
      if (std::find(fixed_causes.begin(), fixed_causes.end(), stall.cause) == fixed_causes.end())
        others.push_back(stall.cause);
  };
  collect(report.total);
  std::for_each(report.layers.begin(), report.layers.end(), collect);
  std::sort(others.begin(), others.end());
  others.erase(std::unique(others.begin(), others.end()), others.end());
  std::vector<std::string> causes(fixed_causes.begin(), fixed_causes.end());
  causes.insert(causes.end(), others.begin(), others.end());
  return causes;
}

std::uint64_t cycles_of(const LayerReport& layer, std::string_view cause) {
  std::uint64_t cycles = 0;
  for (const Stall& stall : layer.stalls)
    if (stall.cause == cause) cycles += stall.cycles;
  return cycles;
}

void append_line(std::string& text, std::string_view scope, const LayerReport& layer,
                 const std::vector<std::string>& causes) {
  text += fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}", scope,
                      csv_field(layer.name), csv_field(layer.operator_name), csv_field(layer.unit),
                      layer.cycles, layer.seconds, layer.macs, layer.vector_operations,
                      layer.utilization, layer.mapping_efficiency, layer.busy_cycles,
                      layer.overlapped_cycles, layer.traffic_bytes, layer.arithmetic_intensity,
                      layer.overlapped_bytes, layer.roofline_utilization, layer.energy_pj);
  for (const std::string& cause : causes) text += fmt::format(",{}", cycles_of(layer, cause));
  text += fmt::format(",{},{}\r\n", csv_field(layer.tiling), csv_field(layer.bottleneck));
}

}  // namespace

std::string write_csv(const Report& report) {
  const std::vector<std::string> causes = causes_of(report);
  std::string text(leading_columns);
  for (const std::string& cause : causes) text += "," + csv_field("stall_cycles:" + cause);
  text += ",tiling,bottleneck\r\n";
  for (const LayerReport& layer : report.layers) append_line(text, "layer", layer, causes);
  append_line(text, "total", report.total, causes);
  return text;
}

Descriptor describe_csv() {
  return {
      "csv", "one line a layer and the total, for spreadsheets and data frames", "RFC 4180", {}};
}

}  // namespace sluice
