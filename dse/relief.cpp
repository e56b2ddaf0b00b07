// SPDX-License-Identifier: Apache-2.0
#include "dse/relief.hpp"

#include <algorithm>
#include <set>

#include "dse/metrics.hpp"

namespace sluice {
namespace {

using enum Change;

/// `field` of `component` bears on `cause`; `*` is any field.
struct Rule {
  std::string_view cause, component, field;
  Change change;
};

/// From the structure of the machine: who moves, holds and uses what (arch/architecture.hpp), and
/// what each cause of stalls waits for (docs/report.md).
constexpr Rule rules[] = {
    // Bytes come too slowly: a faster memory, or larger tiles that use each byte more often.
    {"memory_bandwidth", "dram", "channels", raise},
    {"memory_bandwidth", "dram", "*", any},
    {"memory_bandwidth", "scratchpads", "capacity", raise},
    {"memory_bandwidth", "array", "rows", raise},
    {"memory_bandwidth", "array", "columns", raise},
    {"memory_bandwidth", "array", "dataflow", any},
    // The first byte comes late: more requests in flight, loads that run further ahead.
    {"memory_latency", "dma", "outstanding", raise},
    {"memory_latency", "scratchpads", "double_buffered", raise},
    {"memory_latency", "scratchpads", "capacity", raise},
    {"memory_latency", "dram", "*", any},
    {"dma_setup", "dma", "setup_cycles", lower},
    {"dma_setup", "scratchpads", "double_buffered", raise},
    {"dma_setup", "scratchpads", "capacity", raise},
    {"port_conflict", "scratchpads", "banks", raise},
    {"port_conflict", "scratchpads", "read_ports", raise},
    {"port_conflict", "scratchpads", "write_ports", raise},
    {"port_conflict", "scratchpads", "width", raise},
    {"port_conflict", "scratchpads", "shared_ports", lower},
    // The pipeline fills and empties once a fold, in time with the array's edges; also before the
    // first tile is there.
    {"fill", "array", "rows", lower},
    {"fill", "array", "columns", lower},
    {"fill", "array", "overlap_folds", raise},
    {"fill", "array", "double_buffered_stationary", raise},
    {"fill", "array", "double_buffered_output", raise},
    {"fill", "array", "*", any},
    {"fill", "dram", "*", any},
    {"drain", "array", "rows", lower},
    {"drain", "array", "columns", lower},
    {"drain", "array", "overlap_folds", raise},
    {"drain", "array", "double_buffered_output", raise},
    {"drain", "array", "*", any},
    {"drain", "vector", "lanes", raise},
    {"drain", "dram", "*", any},
    // Folds that do not fill the array.
    {"mapping", "array", "rows", any},
    {"mapping", "array", "columns", any},
    {"mapping", "array", "dataflow", any},
    {"mapping", "scratchpads", "capacity", raise},
    {"mapping", "mapping", "*", any},
    {"work:array", "array", "rows", raise},
    {"work:array", "array", "columns", raise},
    {"work:array", "array", "*", any},
    {"work:array", "clock", "*", raise},
    {"work:vector", "vector", "lanes", raise},
    {"work:vector", "vector", "exp_cycles", lower},
    {"work:vector", "vector", "divide_cycles", lower},
    {"work:vector", "vector", "*", any},
    {"work:vector", "clock", "*", raise},
    // Of a memory alone.
    {"queue_empty", "outstanding", "*", raise},
    {"queue_empty", "buffer", "*", any},
    {"queue_empty", "responses", "*", any},
    {"queue_empty", "dram", "read_window", raise},
    {"refresh", "dram", "refresh", any},
    {"refresh", "dram", "refresh_postponed", raise},
    {"refresh", "dram", "refresh_pulled_in", any},
    {"row", "dram", "page_policy", any},
    {"row", "dram", "scheduler", any},
    {"row", "dram", "read_window", raise},
    {"row", "buffer", "*", any},
    {"row", "outstanding", "*", raise},
    {"faw", "dram", "*", any},
    {"bank_group", "dram", "*", any},
    {"turnaround", "dram", "*", any},
    // What is there is paid for, used or not.
    {"area_mm2", "array", "rows", lower},
    {"area_mm2", "array", "columns", lower},
    {"area_mm2", "array", "*", any},
    {"area_mm2", "vector", "lanes", lower},
    {"area_mm2", "scratchpads", "capacity", lower},
    {"area_mm2", "scratchpads", "*", any},
    {"pes", "array", "rows", lower},
    {"pes", "array", "columns", lower},
    {"dram_bytes", "scratchpads", "capacity", raise},
    {"dram_bytes", "array", "*", any},
    {"dram_bytes", "mapping", "*", any},
    // Larger memories cost more an access and save some; so do larger arrays.
    {"energy_j", "scratchpads", "capacity", any},
    {"energy_j", "array", "*", any},
    {"energy_j", "dram", "*", any},
    {"energy_j", "mapping", "*", any},
    {"power_w", "array", "*", any},
    {"power_w", "vector", "lanes", lower},
    {"power_w", "dram", "channels", lower},
    {"power_w", "clock", "*", lower},
};

/// The component and the field that a path of the experiment ends in: `architecture.array.rows` is
/// `rows` of `array`, `architecture.scratchpads.2.capacity` is `capacity` of `scratchpads`.
struct Place {
  std::string_view component, field;
};

Place place_of(std::string_view path) {
  constexpr std::string_view machine = "architecture.";
  if (path.starts_with(machine)) path.remove_prefix(machine.size());
  const std::size_t last = path.rfind('.');
  return {path.substr(0, path.find('.')),
          last == path.npos ? std::string_view("") : path.substr(last + 1)};
}

/// Whether a word between dots is this one: units that a machine names and no rule knows.
bool names(std::string_view path, std::string_view word) {
  for (std::size_t at = path.find(word); at != path.npos; at = path.find(word, at + 1)) {
    const bool begins = at == 0 || path[at - 1] == '.';
    const std::size_t end = at + word.size();
    if (begins && (end == path.size() || path[end] == '.')) return true;
  }
  return false;
}

void apply_rules(const DesignSpace& space, std::string_view cause, std::set<Relief>& found) {
  for (std::size_t p = 0; p < space.parameters.size(); ++p)
    for (const std::string& path : space.parameters[p].paths) {
      const Place place = place_of(path);
      const auto rule = std::ranges::find_if(rules, [&](const Rule& r) {
        return r.cause == cause && r.component == place.component &&
               (r.field == "*" || r.field == place.field);
      });
      if (rule != std::end(rules)) found.insert({p, rule->change});
    }
}

/// A wait for another unit is relieved by what makes that unit faster: its own parts, and of one
/// that moves data the memory.
void relieve_unit(const DesignSpace& space, std::string_view unit, std::set<Relief>& found) {
  apply_rules(space, "work:" + std::string(unit), found);
  for (std::size_t p = 0; p < space.parameters.size() && found.empty(); ++p)
    for (const std::string& path : space.parameters[p].paths)
      if (names(path, unit)) found.insert({p, any});
  if (!found.empty()) return;
  for (const char* cause : {"memory_bandwidth", "memory_latency", "dma_setup"})
    apply_rules(space, cause, found);
}

double metric_of(const Result& result, std::string_view name) {
  for (std::size_t m = 0; m < metrics().size() && m < result.metrics.size(); ++m)
    if (metrics()[m].name == name) return result.metrics[m];
  return 0;
}

}  // namespace

/// PEs that do no work while the array is busy are what its utilization lacks of its busy cycles.
std::vector<Loss> losses_of(const Result& result) {
  std::vector<Loss> losses;
  const double cycles = metric_of(result, "cycles");
  if (!(cycles > 0)) return losses;
  double busy = 1;
  for (const Stall& stall : result.stalls) {
    losses.push_back({stall.cause, static_cast<double>(stall.cycles) / cycles});
    busy -= losses.back().share;
  }
  const double useful = std::min(std::max(busy, 0.0), metric_of(result, "utilization"));
  losses.push_back({"work:array", useful});
  losses.push_back({"mapping", std::max(0.0, busy - useful)});
  std::ranges::stable_sort(losses, [](const Loss& a, const Loss& b) { return a.share > b.share; });
  return losses;
}

std::vector<Relief> reliefs_of(const DesignSpace& space, std::string_view cause) {
  std::set<Relief> found;
  apply_rules(space, cause, found);
  const std::size_t colon = cause.find(':');
  if (colon != cause.npos && found.empty()) relieve_unit(space, cause.substr(colon + 1), found);
  return {found.begin(), found.end()};
}

}  // namespace sluice
