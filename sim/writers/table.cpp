// SPDX-License-Identifier: Apache-2.0
// The answer for a terminal. What is rounded says so by its unit; JSON and CSV have every digit.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "base/utf8.hpp"
#include "sim/report/human.hpp"
#include "sim/writers/text_table.hpp"
#include "sim/writers/writers.hpp"

namespace sluice {
namespace {

constexpr std::size_t narrowest_page = 60;
constexpr std::size_t bar_width = 24;

double ratio(double part, double whole) {
  return whole > 0 && std::isfinite(whole) ? part / whole : 0;
}
double ratio(std::uint64_t part, std::uint64_t whole) {
  return ratio(static_cast<double>(part), static_cast<double>(whole));
}

class Page {
 public:
  explicit Page(const TableOptions& options)
      : options_(options), width_(std::max<std::size_t>(options.width, narrowest_page)) {
    if (!options.unicode) marks_ = {"-", ".."};
  }

  void line(std::string text = {}) {
    text.erase(text.find_last_not_of(' ') + 1);
    // Escapes have no width; a line that has any was clipped in its parts.
    const bool plain = text.find('\x1b') == std::string::npos;
    text_ += (plain ? clipped(text, width_, marks_) : text) + '\n';
  }
  void heading(const std::string& text) {
    line();
    line(options_.color ? "\x1b[1m" + text + "\x1b[0m" : text);
  }
  /// `label` in a column of its own, the sentence wrapped beside it.
  void note(const std::string& label, const std::string& sentence) {
    constexpr std::size_t indent = 10;
    std::string lead = label;
    for (const std::string& part : wrapped(printable(sentence), width_ - indent, marks_)) {
      line(lead + std::string(indent - lead.size(), ' ') + part);
      lead.clear();
    }
  }
  void left_and_right(const std::string& left, const std::string& right) {
    const std::string end = clipped(printable(right), width_ / 2, marks_);
    const std::string begin = clipped(printable(left), width_ - utf8_count(end) - 2, marks_);
    const std::string blanks(width_ - utf8_count(begin) - utf8_count(end), ' ');
    line((options_.color ? "\x1b[1m" + begin + "\x1b[0m" : begin) + blanks + end);
  }
  void table(const std::vector<TextColumn>& columns, std::vector<std::vector<std::string>> rows) {
    for (auto& row : rows)
      for (std::string& cell : row) cell = printable(cell);
    for (const std::string& text : lay_out(columns, rows, width_, marks_)) line(text);
  }
  /// One line an amount: its name, its share of the whole, a bar, and the amount.
  void bars(const std::vector<std::array<std::string, 2>>& names,
            const std::vector<double>& shares);
  const TextMarks& marks() const { return marks_; }
  std::string take() { return std::move(text_); }

 private:
  std::string bar(double share) const;

  const TableOptions& options_;
  std::size_t width_;
  TextMarks marks_;
  std::string text_;
};

// Unicode has eighths of a block; ASCII rounds to whole characters.
std::string Page::bar(double share) const {
  const double length = std::clamp(share, 0.0, 1.0) * bar_width;
  std::string text;
  if (!options_.unicode) {
    text.assign(static_cast<std::size_t>(length + 0.5), '#');
  } else {
    constexpr std::array<std::string_view, 8> eighths = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    const auto count = static_cast<std::size_t>(length * 8 + 0.5);
    for (std::size_t i = 0; i < count / 8; ++i) text += "█";
    text += eighths[count % 8];
  }
  if (text.empty() && share > 0) text = options_.unicode ? "▏" : "|";
  text += std::string(bar_width - std::min(bar_width, utf8_count(text)), ' ');
  return options_.color ? "\x1b[36m" + text + "\x1b[0m" : text;
}

void Page::bars(const std::vector<std::array<std::string, 2>>& names,
                const std::vector<double>& shares) {
  std::size_t label = 0, amount = 0;
  for (const auto& name : names) {
    label = std::max(label, utf8_count(printable(name[0])));
    amount = std::max(amount, utf8_count(name[1]));
  }
  label = std::min(label, width_ - bar_width - amount - 14);
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string name = clipped(printable(names[i][0]), label, marks_);
    const std::string blanks(label - utf8_count(name), ' ');
    const std::string before(amount - utf8_count(names[i][1]), ' ');
    line(fmt::format("  {}{}  {:>7}  {} {}{}", name, blanks, percent(shares[i]), bar(shares[i]),
                     before, names[i][1]));
  }
}

// ---- the parts of the page

void header(Page& page, const Report& report) {
  const MachineSummary& machine = report.machine;
  const NetworkSummary& network = report.network;
  const LayerReport& total = report.total;
  page.left_and_right(
      fmt::format("{} on {}", network.name, machine.name),
      fmt::format("{}, sluice {}", report.provenance.fidelity, report.provenance.sluice_version));
  const std::string dram = machine.peak_dram_bytes_per_second > 0
                               ? rounded(machine.peak_dram_bytes_per_second, "B/s")
                               : "unlimited";
  const std::string area =
      machine.area_um2 > 0 ? fmt::format("; {:.3g} mm2", machine.area_um2 / 1e6) : "";
  page.note("machine", fmt::format("{} PEs at {}, {}; DRAM {}{}", grouped(machine.pes),
                                   rounded(machine.clock_hz, "Hz"),
                                   rounded(machine.peak_macs_per_second, "MAC/s"), dram, area));
  page.note("network", fmt::format("{} layers, {}, {} parameters", network.layers,
                                   rounded(static_cast<double>(network.macs), "MAC"),
                                   rounded(static_cast<double>(network.parameters), "")));
  const std::string energy =
      total.energy_pj > 0 ? fmt::format("; {}", rounded(total.energy_pj * 1e-12, "J")) : "";
  page.note("total",
            fmt::format("{} cycles, {}; utilization {}; DRAM traffic {}{}", grouped(total.cycles),
                        rounded(total.seconds, "s"), percent(total.utilization),
                        rounded(static_cast<double>(total.traffic_bytes), "B"), energy));
}

// The cause as the tables show it, where room is dear: `bandwidth`, `starved:dma`.
std::string short_cause(const std::string& cause) {
  for (const std::string_view prefix : {"memory_", "input_", "output_"})
    if (cause.starts_with(prefix)) return cause.substr(prefix.size());
  return cause;
}

std::string main_stall(const std::vector<Stall>& stalls, std::uint64_t cycles) {
  const auto most =
      std::max_element(stalls.begin(), stalls.end(),
                       [](const Stall& a, const Stall& b) { return a.cycles < b.cycles; });
  if (most == stalls.end() || most->cycles == 0) return "-";
  return fmt::format("{} {}", short_cause(most->cause), percent(ratio(most->cycles, cycles)));
}

std::vector<std::string> layer_row(const LayerReport& layer, std::uint64_t all_cycles) {
  return {layer.name,
          layer.unit,
          grouped(layer.cycles),
          percent(ratio(layer.cycles, all_cycles)),
          layer.macs > 0 ? percent(layer.utilization) : "-",
          layer.macs > 0 ? percent(layer.mapping_efficiency) : "-",
          fmt::format("{:.2f}", static_cast<double>(layer.traffic_bytes) / 1e6),
          main_stall(layer.stalls, layer.cycles)};
}

// Indices of the layers that are shown, in order of execution: those with the most cycles.
std::vector<std::size_t> shown_layers(const std::vector<LayerReport>& layers, std::size_t limit) {
  std::vector<std::size_t> order(layers.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (order.size() <= limit) return order;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return layers[a].cycles > layers[b].cycles;
  });
  order.resize(limit);
  std::sort(order.begin(), order.end());
  return order;
}

void layers(Page& page, const Report& report, std::size_t limit) {
  const std::vector<std::size_t> shown = shown_layers(report.layers, limit);
  const std::uint64_t cycles = report.total.cycles;
  std::vector<std::vector<std::string>> rows;
  std::uint64_t hidden_cycles = 0, hidden_bytes = 0;
  for (const LayerReport& layer : report.layers)
    hidden_cycles += layer.cycles, hidden_bytes += layer.traffic_bytes;
  for (const std::size_t i : shown) {
    rows.push_back(layer_row(report.layers[i], cycles));
    hidden_cycles -= report.layers[i].cycles;
    hidden_bytes -= report.layers[i].traffic_bytes;
  }
  if (const std::size_t hidden = report.layers.size() - shown.size(); hidden > 0)
    rows.push_back({fmt::format("{} and {} more", page.marks().ellipsis, hidden), "",
                    grouped(hidden_cycles), percent(ratio(hidden_cycles, cycles)), "", "",
                    fmt::format("{:.2f}", static_cast<double>(hidden_bytes) / 1e6), ""});
  rows.emplace_back();
  rows.push_back(layer_row(report.total, cycles));
  page.line();
  page.table({{"layer", false, 14},
              {"unit", false, 5},
              {"cycles", true},
              {"share", true},
              {"util.", true},
              {"PEs", true},
              {"DRAM MB", true},
              {"main stall", false, 10}},
             std::move(rows));
}

void stalls(Page& page, const LayerReport& total) {
  if (total.cycles == 0) return;
  page.heading("where the cycles go");
  std::vector<std::array<std::string, 2>> names = {{"busy", grouped(total.busy_cycles)}};
  std::vector<double> shares = {ratio(total.busy_cycles, total.cycles)};
  for (const Stall& stall : total.stalls) {
    names.push_back({stall.cause, grouped(stall.cycles)});
    shares.push_back(ratio(stall.cycles, total.cycles));
  }
  page.bars(names, shares);
}

void energy(Page& page, const LayerReport& total) {
  if (total.energy_pj <= 0) return;
  std::vector<std::pair<std::string, double>> components;  // in order of first mention
  for (const EnergyItem& item : total.energy) {
    auto entry = std::find_if(components.begin(), components.end(),
                              [&](const auto& c) { return c.first == item.component; });
    if (entry == components.end()) entry = components.insert(entry, {item.component, 0.0});
    entry->second += item.picojoules;
  }
  std::stable_sort(components.begin(), components.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  page.heading("energy");
  std::vector<std::array<std::string, 2>> names;
  std::vector<double> shares;
  for (const auto& [name, picojoules] : components) {
    names.push_back({name, rounded(picojoules * 1e-12, "J")});
    shares.push_back(ratio(picojoules, total.energy_pj));
  }
  page.bars(names, shares);
}

void units(Page& page, const Report& report) {
  if (report.units.empty()) return;
  std::vector<std::vector<std::string>> rows;
  const std::uint64_t cycles = report.total.cycles;
  for (const UnitReport& unit : report.units)
    rows.push_back({unit.name, grouped(unit.firings), percent(ratio(unit.busy_cycles, cycles)),
                    percent(ratio(unit.idle_cycles, cycles)), main_stall(unit.stalls, cycles)});
  page.line();
  page.table({{"unit", false, 10},
              {"firings", true},
              {"busy", true},
              {"idle", true},
              {"main stall", false, 10}},
             std::move(rows));
}

std::string counters_text(const std::vector<Counter>& counters) {
  std::string text;
  for (const Counter& counter : counters) {
    const std::string value = counter.unit == "B" ? rounded(static_cast<double>(counter.value), "B")
                                                  : grouped(counter.value);
    const bool with_unit = !counter.unit.empty() && counter.unit != "B";
    text += fmt::format("{}{} {}{}{}", text.empty() ? "" : ", ", counter.name, value,
                        with_unit ? " " : "", with_unit ? counter.unit : "");
  }
  return text;
}

void memories(Page& page, const Report& report) {
  if (report.memories.empty()) return;
  std::vector<std::vector<std::string>> rows;
  for (const MemoryReport& memory : report.memories)
    rows.push_back({memory.name,
                    memory.capacity_bytes > 0  // 0: the machine does not state it
                        ? rounded(static_cast<double>(memory.capacity_bytes), "B")
                        : "-",
                    rounded(static_cast<double>(memory.read_bytes), "B"),
                    rounded(static_cast<double>(memory.write_bytes), "B"),
                    percent(memory.bandwidth_utilization), counters_text(memory.counters)});
  page.line();
  page.table({{"memory", false, 10},
              {"size", true},
              {"read", true},
              {"written", true},
              {"of peak", true},
              {"counters", false, 10}},
             std::move(rows));
}

void counters(Page& page, const std::vector<Counter>& list) {
  if (list.empty()) return;
  std::vector<std::vector<std::string>> rows;
  for (const Counter& counter : list)
    rows.push_back({counter.name, grouped(counter.value), counter.unit});
  page.line();
  page.table({{"counter", false, 10}, {"value", true}, {"unit", false}}, std::move(rows));
}

}  // namespace

std::string write_table(const Report& report, const TableOptions& options) {
  Page page(options);
  header(page, report);
  layers(page, report, options.max_layers);
  stalls(page, report.total);
  energy(page, report.total);
  units(page, report);
  memories(page, report);
  counters(page, report.counters);
  if (!report.total.bottleneck.empty()) {
    page.heading("bottleneck");
    page.note("", report.total.bottleneck);
  }
  return page.take();
}

std::string write_table(const Outcome& outcome, const TableOptions& options) {
  if (const auto* report = std::get_if<Report>(&outcome)) return write_table(*report, options);
  const auto& infeasible = std::get<Infeasible>(outcome);
  Page page(options);
  page.note("", fmt::format("infeasible: {}; needed {} {}, there are {} {}", infeasible.what,
                            grouped(infeasible.needed), infeasible.unit,
                            grouped(infeasible.available), infeasible.unit));
  return page.take();
}

Descriptor describe_table() {
  return {"table",
          "the answer for a terminal: layers, stalls, energy, memories and the bottleneck",
          "",
          {{"color", "boolean", "", "false", "", "ANSI colours"},
           {"unicode", "boolean", "", "true", "", "lines and bars beyond ASCII"},
           {"width", "integer", "columns", "100", "60..", "of the terminal"},
           {"max_layers", "integer", "", "20", "", "rows of the table of layers"}}};
}

}  // namespace sluice
