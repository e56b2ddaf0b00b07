// SPDX-License-Identifier: Apache-2.0
// The machine of a run as a drawing: four columns from the main memory to the compute units, in
// each of which blocks stand below each other. The more bytes pass a line, the thicker it is.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/html.hpp"
#include "sim/report/bottleneck.hpp"
#include "sim/report/human.hpp"
#include "sim/writers/page_parts.hpp"

namespace sluice {
namespace {

constexpr double block_width = 210, column_step = 290, gap = 22, line_height = 15, top = 10;
enum Column : std::size_t { main_memory, movers, buffers, compute, columns };

struct Block {
  std::string name;
  std::vector<std::string> lines;
  std::optional<double> level;  ///< how busy it was, 0..1
  double y = 0;
  double height() const { return 44 + line_height * static_cast<double>(lines.size()); }
};

/// From a block of one column to one of the next; from the main memory past movers that there are
/// not.
struct Link {
  Column column = main_memory;
  std::size_t from = 0, to = 0;
  std::uint64_t bytes = 0;  ///< inwards and outwards
  bool inwards = true, outwards = false;
};

struct Drawing {
  std::array<std::vector<Block>, columns> blocks;
  std::vector<Link> links;
};

/// Moved at the main memory in the whole run, of the tensors that `wanted` says yes to.
std::uint64_t dram_bytes(const Report& report, const auto& wanted) {
  std::uint64_t bytes = 0;
  for (const Traffic& item : report.total.traffic)
    if (item.memory == "dram" && wanted(item.tensor)) bytes += item.read_bytes + item.write_bytes;
  return bytes;
}

std::string bytes_text(std::uint64_t bytes) { return rounded(static_cast<double>(bytes), "B"); }

const MemoryReport* memory_of(const Report& report, const std::string& name) {
  for (const MemoryReport& memory : report.memories)
    if (memory.name == name) return &memory;
  return nullptr;
}

std::optional<double> busy_of(const Report& report, const std::string& unit) {
  for (const UnitReport& entry : report.units)
    if (entry.name == unit && report.total.cycles > 0)
      return static_cast<double>(entry.busy_cycles) / static_cast<double>(report.total.cycles);
  return std::nullopt;
}

Block memory_block(const Report& report, const std::string& name, std::vector<std::string> lines) {
  Block block{name, std::move(lines), {}, 0};
  if (const MemoryReport* memory = memory_of(report, name)) {
    block.lines.push_back(fmt::format("{} read, {} written", bytes_text(memory->read_bytes),
                                      bytes_text(memory->write_bytes)));
    if (memory->peak_bytes_per_cycle > 0) block.level = memory->bandwidth_utilization;
  }
  return block;
}

Block dram_block(const Report& report, const Dram& dram) {
  const double peak = report.machine.peak_dram_bytes_per_second;
  return memory_block(
      report, "dram",
      {dram.is_ideal() ? "ideal" : fmt::format("{} x {}", dram.channels, dram.preset),
       peak > 0 ? rounded(peak, "B/s") + " at best" : "unlimited"});
}

Block unit_block(const Report& report, const std::string& name, std::vector<std::string> lines) {
  return {name, std::move(lines), busy_of(report, name), 0};
}

std::string roles_text(const std::vector<TensorRole>& roles) {
  std::vector<std::string_view> names;
  for (const TensorRole role : roles) names.push_back(name_of(role));
  return fmt::format("{}", fmt::join(names, ", "));
}

auto among(const std::vector<TensorRole>& roles) {
  return [&roles](const std::string& tensor) {
    return std::any_of(roles.begin(), roles.end(),
                       [&](TensorRole role) { return name_of(role) == tensor; });
  };
}

bool has(const std::vector<TensorRole>& roles, TensorRole role) {
  return std::find(roles.begin(), roles.end(), role) != roles.end();
}

void link_engine(Drawing& machine, const Architecture& architecture, const Report& report,
                 std::size_t engine) {
  const Dma& dma = architecture.dma[engine];
  const bool out = has(dma.moves, TensorRole::output), in = !out || dma.moves.size() > 1;
  machine.links.push_back({main_memory, 0, engine, dram_bytes(report, among(dma.moves)), in, out});
  for (std::size_t p = 0; p < architecture.scratchpads.size(); ++p) {
    std::vector<TensorRole> both;
    for (const TensorRole role : dma.moves)
      if (has(architecture.scratchpads[p].holds, role)) both.push_back(role);
    if (both.empty()) continue;
    const bool takes = has(both, TensorRole::output);
    machine.links.push_back(
        {movers, engine, p, dram_bytes(report, among(both)), !takes || both.size() > 1, takes});
  }
}

Drawing systolic_machine(const Architecture& architecture, const Report& report) {
  Drawing machine;
  machine.blocks[main_memory].push_back(dram_block(report, architecture.dram));
  for (const Dma& dma : architecture.dma)
    machine.blocks[movers].push_back(
        unit_block(report, dma.name,
                   {"moves " + roles_text(dma.moves),
                    bytes_text(dram_bytes(report, among(dma.moves))) + " moved"}));
  for (std::size_t e = 0; e < architecture.dma.size(); ++e)
    link_engine(machine, architecture, report, e);
  for (std::size_t p = 0; p < architecture.scratchpads.size(); ++p) {
    const Scratchpad& pad = architecture.scratchpads[p];
    machine.blocks[buffers].push_back(
        memory_block(report, pad.name, {to_text(pad.capacity), "holds " + roles_text(pad.holds)}));
    const bool out = has(pad.holds, TensorRole::output), in = !out || pad.holds.size() > 1;
    machine.links.push_back({buffers, p, 0, 0, in, out});
    if (out || has(pad.holds, TensorRole::input))
      machine.links.push_back({buffers, p, 1, 0, in, out});
  }
  const SystolicArray& array = architecture.array;
  machine.blocks[compute].push_back(unit_block(
      report, "array",
      {fmt::format("{} x {} PEs, {}", array.rows, array.columns, name_of(array.dataflow)),
       rounded(report.machine.peak_macs_per_second, "MAC/s") + " at best",
       "utilization " + percent(report.total.utilization)}));
  machine.blocks[compute].push_back(
      unit_block(report, "vector", {fmt::format("{} lanes", architecture.vector.lanes)}));
  return machine;
}

Drawing spatial_machine(const SpatialMachine& spatial, const Report& report) {
  Drawing machine;
  machine.blocks[main_memory].push_back(dram_block(report, spatial.dram));
  machine.blocks[buffers].push_back(
      memory_block(report, "global_buffer", {to_text(spatial.global_buffer.capacity)}));
  for (const UnitReport& unit : report.units) {
    const bool load = unit.name.starts_with("load_"), store = unit.name.starts_with("store_");
    if (!load && !store) continue;
    const std::string tensor = unit.name.substr(unit.name.find('_') + 1);
    const std::uint64_t bytes =
        dram_bytes(report, [&](const std::string& name) { return name == tensor; });
    const std::size_t at = machine.blocks[movers].size();
    machine.blocks[movers].push_back(unit_block(report, unit.name, {bytes_text(bytes) + " moved"}));
    machine.links.push_back({main_memory, 0, at, bytes, load, store});
    machine.links.push_back({movers, at, 0, bytes, load, store});
  }
  if (machine.blocks[movers].empty())  // the closed forms know none
    machine.links.push_back({main_memory, 0, 0, report.total.traffic_bytes, true, true});
  const SpatialArray& grid = spatial.spatial_array;
  machine.blocks[compute].push_back(
      unit_block(report, "spatial_array",
                 {fmt::format("{} x {} PEs", grid.rows, grid.columns),
                  "utilization " + percent(report.total.utilization)}));
  machine.blocks[compute].push_back(
      unit_block(report, "vector_array", {fmt::format("{} lanes", spatial.vector_array.lanes)}));
  machine.links.push_back({buffers, 0, 0, 0, true, true});
  machine.links.push_back({buffers, 0, 1, 0, true, true});
  return machine;
}

/// The block that what held the run back is part of.
std::string held_block(const Report& report) {
  const std::string cause = bottleneck_cause(report.total, report.machine);
  if (cause == "memory_bandwidth" || cause == "memory_latency") return "dram";
  if (const std::size_t colon = cause.find(':'); colon != std::string::npos)
    return cause.substr(colon + 1);
  if (cause != "port_conflict" && cause != "bank_conflict") return report.total.unit;
  const auto busiest = std::max_element(
      report.memories.begin(), report.memories.end(), [](const auto& a, const auto& b) {
        const auto use = [](const MemoryReport& m) {
          return m.name == "dram" ? -1.0 : m.bandwidth_utilization;
        };
        return use(a) < use(b);
      });
  return busiest == report.memories.end() ? "" : busiest->name;
}

double place_blocks(Drawing& machine) {
  std::array<double, columns> heights{};
  for (std::size_t c = 0; c < columns; ++c)
    for (const Block& block : machine.blocks[c]) heights[c] += block.height() + gap;
  const double tallest = *std::max_element(heights.begin(), heights.end());
  for (std::size_t c = 0; c < columns; ++c) {
    double y = top + 16 + (tallest - heights[c]) / 2;
    for (Block& block : machine.blocks[c]) {
      block.y = y;
      y += block.height() + gap;
    }
  }
  return tallest + top + 16;
}

double left_of(std::size_t column) { return 4 + column_step * static_cast<double>(column); }

std::string block_svg(const Block& block, double x, bool held) {
  const double level_y = block.y + block.height() - 14;
  std::string svg = fmt::format(
      "<g{}><rect class=\"block\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"5\"/>"
      "<text class=\"name\" x=\"{}\" y=\"{}\">{}</text>",
      held ? " class=\"held\"" : "", x, block.y, block_width, block.height(), x + 10, block.y + 19,
      html_text(block.name));
  double y = block.y + 20;
  for (const std::string& line : block.lines)
    svg +=
        fmt::format("<text x=\"{}\" y=\"{}\">{}</text>", x + 10, y += line_height, html_text(line));
  if (block.level) {
    const double width = block_width - 70, share = std::clamp(*block.level, 0.0, 1.0);
    svg += fmt::format(
        "<rect class=\"rail\" x=\"{0}\" y=\"{1}\" width=\"{2}\" height=\"7\"/>"
        "<rect class=\"level\" x=\"{0}\" y=\"{1}\" width=\"{3:.1f}\" height=\"7\"/>"
        "<text class=\"soft\" x=\"{4}\" y=\"{5}\">{6}</text>",
        x + 10, level_y, width, width * share, x + width + 16, level_y + 8, percent(*block.level));
  }
  if (held)
    svg +=
        fmt::format("<text class=\"flag\" x=\"{}\" y=\"{}\">bottleneck</text>", x + 2, block.y - 5);
  return svg + "</g>\n";
}

std::string link_svg(const Drawing& machine, const Link& link, std::uint64_t most) {
  std::size_t next = link.column + 1;
  while (machine.blocks[next].empty()) ++next;
  const Block& from = machine.blocks[link.column][link.from];
  const Block& to = machine.blocks[next][link.to];
  const double head = 9;
  const double left = left_of(link.column) + block_width, right = left_of(next);
  const double x1 = left + (link.outwards ? head : 0), x2 = right - (link.inwards ? head : 0);
  const double y1 = from.y + from.height() / 2, y2 = to.y + to.height() / 2;
  const double width =
      1.5 + (most > 0 ? 3.5 * static_cast<double>(link.bytes) / static_cast<double>(most) : 0);
  const double half = (x2 - x1) / 2;
  std::string svg = fmt::format(
      "<path d=\"M{} {}c{} 0 {} {} {} {}\" style=\"stroke-width:{:.1f}\"><title>{} - {}{}</title>"
      "</path>",
      x1, y1, half, half, y2 - y1, x2 - x1, y2 - y1, width, html_text(from.name),
      html_text(to.name), link.bytes > 0 ? ": " + bytes_text(link.bytes) : "");
  if (link.inwards) svg += fmt::format("<path class=\"head\" d=\"M{} {}l-11 -6v12z\"/>", right, y2);
  if (link.outwards) svg += fmt::format("<path class=\"head\" d=\"M{} {}l11 -6v12z\"/>", left, y1);
  return svg + "\n";
}

struct Drawer {
  const Report& report;

  Drawing operator()(const SystolicSetup& setup) const {
    return systolic_machine(setup.machine, report);
  }
  Drawing operator()(const SpatialSetup& setup) const {
    return spatial_machine(setup.machine, report);
  }
  Drawing operator()(const FormsSetup& setup) const {
    return spatial_machine(setup.machine.machine, report);
  }
  Drawing operator()(const MemorySetup& setup) const {
    Drawing machine;
    machine.blocks[main_memory].push_back(dram_block(report, setup.machine.dram));
    return machine;
  }
};

}  // namespace

std::string machine_svg(const Experiment& experiment, const Report& report) {
  Drawing machine = std::visit(Drawer{report}, experiment.setup);
  const double height = place_blocks(machine);
  const std::string held = held_block(report);
  std::string svg = fmt::format(
      "<svg class=\"machine\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}: main memory, "
      "what "
      "moves data, memories on the chip, compute units; {} is the bottleneck\">\n",
      left_of(columns - 1) + block_width + 4, height, html_text(report.machine.name),
      html_text(held));
  std::array<std::uint64_t, columns> most{};
  for (const Link& link : machine.links)
    most[link.column] = std::max(most[link.column], link.bytes);
  for (const Link& link : machine.links) svg += link_svg(machine, link, most[link.column]);
  for (std::size_t c = 0; c < columns; ++c)
    for (const Block& block : machine.blocks[c])
      svg += block_svg(block, left_of(c), block.name == held);
  return svg + "</svg>\n";
}

}  // namespace sluice
