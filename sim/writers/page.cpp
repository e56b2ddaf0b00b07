// SPDX-License-Identifier: Apache-2.0
// The report as a page for a browser. What can be said without a script is HTML made here; charts
// are drawn by page/run.js from the report's own JSON.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/html.hpp"
#include "sim/report/human.hpp"
#include "sim/writers/page_parts.hpp"
#include "sim/writers/writers.hpp"

extern "C" {
extern const char sluice_run_js[];
extern const std::uint64_t sluice_run_js_size;
}

namespace sluice {
namespace {

std::string figure(std::string_view name, const std::string& value, const std::string& note = {}) {
  return fmt::format("<div><dt>{}</dt><dd>{}</dd>{}</div>\n", name, html_text(value),
                     note.empty() ? "" : "<small>" + html_text(note) + "</small>");
}

std::string bytes_text(std::uint64_t bytes) { return rounded(static_cast<double>(bytes), "B"); }

std::string energy_text(double picojoules) { return rounded(picojoules * 1e-12, "J"); }

/// A memory alone computes nothing: it has no roofline.
bool computes(const Report& report) { return report.total.macs > 0; }

/// Three digits, and all before the point.
std::string area_text(double mm2) {
  return (mm2 < 1000 ? fmt::format("{:.3g}", mm2)
                     : grouped(static_cast<std::uint64_t>(std::llround(mm2)))) +
         " mm²";
}

std::string figures(const Report& report) {
  const LayerReport& total = report.total;
  std::string html = "<dl class=\"figures\">\n";
  html += figure("cycles", grouped(total.cycles), rounded(report.machine.clock_hz, "Hz"));
  html += figure("time", rounded(total.seconds, "s"));
  html += figure("utilization", percent(total.utilization),
                 computes(report) ? fmt::format("at most {} by the roofline",
                                                percent(total.roofline_utilization))
                                  : "of the memory's bandwidth");
  if (total.energy.empty()) {
    html += figure("energy", "not priced", "the machine has no energy table");
  } else {
    html += figure("energy", energy_text(total.energy_pj),
                   total.seconds > 0
                       ? rounded(total.energy_pj * 1e-12 / total.seconds, "W") + " on average"
                       : "");
  }
  html += figure("DRAM traffic", bytes_text(total.traffic_bytes),
                 computes(report) && std::isfinite(total.arithmetic_intensity)
                     ? rounded(total.arithmetic_intensity, "MAC/B")
                     : "");
  if (computes(report))
    html += figure(
        "work", rounded(static_cast<double>(total.macs), "MAC"),
        fmt::format("{} layer{}", report.layers.size(), report.layers.size() == 1 ? "" : "s"));
  if (report.machine.area_um2 > 0) html += figure("area", area_text(report.machine.area_um2 / 1e6));
  return html + "</dl>\n";
}

std::string head(const Report& report) {
  const Provenance& origin = report.provenance;
  return fmt::format("<h1>{} on {}</h1>\n<p class=\"soft\">fidelity {}, sluice {}, input {}</p>\n",
                     html_text(report.network.name), html_text(report.machine.name),
                     html_text(origin.fidelity), html_text(origin.sluice_version),
                     html_text(origin.input_hash)) +
         figures(report) +
         fmt::format("<p class=\"finding\">{}</p>\n", html_text(report.total.bottleneck));
}

std::string drawing(const Experiment& experiment, const Report& report) {
  return fmt::format(
      "<section><h2>The machine</h2>\n<p class=\"soft\">Bars: how many of the cycles a unit works, "
      "and how much of what a memory can move it does move.</p>\n<div class=\"drawing\" "
      "tabindex=\"0\">{}</div></section>\n",
      machine_svg(experiment, report));
}

std::string layer_charts(const Report& report) {
  std::string html =
      "<section><div class=\"controls\"><label for=\"order\">layers in the order of</label>"
      "<select id=\"order\"><option value=\"network\">the network</option>"
      "<option value=\"cycles\">most cycles</option>"
      "<option value=\"energy_pj\">most energy</option>"
      "<option value=\"traffic_bytes\">most DRAM traffic</option></select>"
      "<span class=\"soft\">A click on a layer says more of it.</span></div>"
      "<div id=\"layer\" aria-live=\"polite\"></div></section>\n";
  html += to_text(HtmlChart{"cycles", "Cycles by layer",
                            "From the end of the layer before to its own end: the layers add up to "
                            "the total, and busy and stalls to the layer.",
                            340});
  if (!report.total.energy.empty())
    html += to_text(HtmlChart{"energy", "Energy by layer", "By component.", 300});
  html += to_text(HtmlChart{"traffic", "DRAM traffic by layer", "", 300});
  return html;
}

std::string other_charts(const Report& report) {
  std::string html;
  if (computes(report))
    html += to_text(HtmlChart{
        "roofline", "Roofline",
        "The larger, the more cycles. Layers without MACs, or without traffic, are not shown. A "
        "layer can lie above the slope when some of its bytes move while other layers run.",
        420});
  html += "<div class=\"columns\">\n";
  const auto rows = [](std::size_t count) { return static_cast<unsigned>(70 + 38 * count); };
  if (!report.units.empty())
    html += to_text(HtmlChart{"units", "What the units did",
                              "Busy, stalled and idle cycles of each add up to those of the run.",
                              rows(report.units.size())});
  html += to_text(HtmlChart{"memories", "Traffic by memory", "All bytes read and written at each.",
                            rows(report.memories.size())});
  std::vector<std::string> components;
  for (const EnergyItem& item : report.total.energy)
    if (std::find(components.begin(), components.end(), item.component) == components.end())
      components.push_back(item.component);
  if (!components.empty())
    html += to_text(HtmlChart{"components", "Energy by component", "Of the whole run.",
                              rows(components.size())});
  return html + "</div>\n";
}

std::string timeline_chart(const Report& report, const Trace& trace) {
  std::uint64_t end = 0;
  for (const TraceSlice& slice : trace.slices) end = std::max(end, slice.start + slice.duration);
  return to_text(HtmlChart{
      "timeline", "When the units worked",
      fmt::format("Up to cycle {} of {}; the darker, the larger the share of a step in which "
                  "something is under way. Another window: <code>--trace-start</code> and "
                  "<code>--trace-cycles</code>.",
                  grouped(std::min(end, report.total.cycles)), grouped(report.total.cycles)),
      static_cast<unsigned>(130 + 34 * trace.tracks.size())});
}

std::string main_stall(const std::vector<Stall>& stalls, std::uint64_t cycles) {
  if (stalls.empty() || cycles == 0) return "–";
  return fmt::format(
      "{} {}", stalls.front().cause,
      percent(static_cast<double>(stalls.front().cycles) / static_cast<double>(cycles)));
}

std::string layer_table(const Report& report) {
  const bool priced = !report.total.energy.empty();
  HtmlTable table{fmt::format("By layer: {}. A click on a head sorts.", report.layers.size()),
                  {"#", "layer", "operator", "unit", "cycles", "of all", "utilization",
                   "largest stall", "DRAM traffic"},
                  {},
                  {0, 4, 5, 6, 8, 9},
                  "layers"};
  if (priced) table.head.emplace_back("energy");
  table.head.emplace_back("bottleneck");
  for (std::size_t i = 0; i < report.layers.size(); ++i) {
    const LayerReport& layer = report.layers[i];
    const double share = report.total.cycles == 0 ? 0
                                                  : static_cast<double>(layer.cycles) /
                                                        static_cast<double>(report.total.cycles);
    table.rows.push_back({fmt::format("{}", i + 1), layer.name, layer.operator_name, layer.unit,
                          grouped(layer.cycles), percent(share),
                          layer.macs > 0 ? percent(layer.utilization) : "–",
                          main_stall(layer.stalls, layer.cycles), bytes_text(layer.traffic_bytes)});
    if (priced) table.rows.back().push_back(energy_text(layer.energy_pj));
    table.rows.back().push_back(layer.bottleneck);
  }
  if (!priced) table.numbers.pop_back();
  return "<section><h2>Layers</h2>\n" + to_text(table) + "</section>\n";
}

std::string unit_table(const Report& report) {
  if (report.units.empty()) return {};
  HtmlTable table{"Units, in cycles",
                  {"unit", "firings", "busy", "idle", "stalled", "largest stall"},
                  {},
                  {1, 2, 3, 4},
                  "unit_table"};
  for (const UnitReport& unit : report.units) {
    std::uint64_t stalled = 0;
    for (const Stall& stall : unit.stalls) stalled += stall.cycles;
    table.rows.push_back({unit.name, grouped(unit.firings), grouped(unit.busy_cycles),
                          grouped(unit.idle_cycles), grouped(stalled),
                          main_stall(unit.stalls, report.total.cycles)});
  }
  return to_text(table);
}

std::string memory_table(const Report& report) {
  HtmlTable table{"Memories",
                  {"memory", "capacity", "read", "written", "at most", "used of that"},
                  {},
                  {1, 2, 3, 4, 5},
                  "memory_table"};
  HtmlTable counters{"Counters of memories", {"memory", "counter", "value", "unit"}, {}, {2}, ""};
  for (const MemoryReport& memory : report.memories) {
    const bool limited = memory.peak_bytes_per_cycle > 0;
    table.rows.push_back(
        {memory.name, memory.capacity_bytes > 0 ? bytes_text(memory.capacity_bytes) : "–",
         bytes_text(memory.read_bytes), bytes_text(memory.write_bytes),
         limited ? fmt::format("{:.4g} B/cycle", memory.peak_bytes_per_cycle) : "unlimited",
         limited ? percent(memory.bandwidth_utilization) : "–"});
    for (const Counter& counter : memory.counters)
      counters.rows.push_back({memory.name, counter.name, grouped(counter.value), counter.unit});
  }
  std::string html = to_text(table);
  if (!counters.rows.empty())
    html += "<details><summary>Counters</summary>" + to_text(counters) + "</details>\n";
  return html;
}

std::string provenance(const Report& report) {
  const auto source = [](std::string_view what, const std::string& text) {
    return text.empty() ? "" : fmt::format("<p class=\"soft\">{}: {}</p>\n", what, html_text(text));
  };
  const Provenance& origin = report.provenance;
  return fmt::format(
             "<section><h2>Where this comes from</h2>\n<p class=\"soft\">sluice {}, fidelity {}, "
             "seed {}, input {}. The same input gives the same page.</p>\n",
             html_text(origin.sluice_version), html_text(origin.fidelity), origin.seed,
             html_text(origin.input_hash)) +
         source("Network", report.network.source) + source("Machine", report.machine.source) +
         "</section>\n";
}

}  // namespace

std::string write_page(const Report& report, const PageOptions& options) {
  const bool timed = options.trace != nullptr && !options.trace->slices.empty();
  HtmlPage page;
  page.title = fmt::format("{} on {}", report.network.name, report.machine.name);
  page.body = head(report);
  if (options.experiment != nullptr) page.body += drawing(*options.experiment, report);
  page.body += layer_charts(report) + other_charts(report);
  if (timed) page.body += timeline_chart(report, *options.trace);
  page.body += layer_table(report) + "<section><h2>Units and memories</h2>\n" + unit_table(report) +
               memory_table(report) + "</section>\n" + provenance(report);
  page.data = "{\"report\": " + write_json(report);
  if (timed) page.data += ", \"timeline\": " + timeline_json(*options.trace, report.total.cycles);
  page.data += "}";
  page.script = {sluice_run_js, sluice_run_js_size};
  return to_text(page);
}

Descriptor describe_page() {
  return {"page",
          "charts, a drawing of the machine and tables, for a browser; loads nothing",
          "HTML; Apache ECharts 6.1.0",
          {}};
}

}  // namespace sluice
