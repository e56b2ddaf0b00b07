// SPDX-License-Identifier: Apache-2.0
#include "dse/metrics.hpp"

#include <cmath>

namespace sluice {
namespace {

bool has_prices(const Report& report) { return !report.total.energy.empty(); }

double joules(const Report& report) { return report.total.energy_pj * 1e-12; }

constexpr Metric table[] = {
    {"cycles", "cycles", "from the first to the last", false,
     [](const Report& r) { return static_cast<double>(r.total.cycles); }},
    {"latency_s", "s", "time of one inference of the batch", false,
     [](const Report& r) { return r.total.seconds; }},
    {"energy_j", "J", "of one inference of the batch", true, joules},
    {"edp_js", "J s", "energy times latency", true,
     [](const Report& r) { return joules(r) * r.total.seconds; }},
    {"power_w", "W", "energy over latency", true,
     [](const Report& r) { return joules(r) / r.total.seconds; }},
    {"area_mm2", "mm2", "of what the energy table gives an area", true,
     [](const Report& r) { return r.machine.area_um2 * 1e-6; }},
    {"utilization", "", "of the array's peak", false,
     [](const Report& r) { return r.total.utilization; }},
    {"dram_bytes", "B", "moved at the main memory, both ways", false,
     [](const Report& r) { return static_cast<double>(r.total.traffic_bytes); }},
    {"pes", "", "processing elements", false,
     [](const Report& r) { return static_cast<double>(r.machine.pes); }},
};

}  // namespace

std::span<const Metric> metrics() { return table; }

std::vector<double> metrics_of(const Report& report) {
  std::vector<double> values;
  values.reserve(std::size(table));
  for (const Metric& metric : table)
    values.push_back(metric.needs_prices && !has_prices(report) ? std::nan("") : metric.of(report));
  return values;
}

std::vector<ExpressionName> metric_names() {
  std::vector<ExpressionName> names;
  for (const Metric& metric : table) names.push_back({std::string(metric.name), {}, {}, {}});
  return names;
}

}  // namespace sluice
