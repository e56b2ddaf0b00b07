// SPDX-License-Identifier: Apache-2.0
#include "mapper/nest/map_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text_lines.hpp"

namespace sluice {
namespace {

std::string unit_name(const MappedEinsum& einsum, const Hierarchy& hierarchy) {
  return einsum.unit.empty() ? hierarchy.compute.name : einsum.unit;
}

/// One line of the accesses.
struct Row {
  const MappedEinsum* einsum;
  const NestLevel* level;
  const NestTensor* tensor;
  const AccessCount* count;
  double energy_pj;
};

template <class Visit>
void each_row(const CascadeMapping& mapping, const Hierarchy& hierarchy, const CascadeCost& cost,
              Visit visit) {
  for (std::size_t i = 0; i < mapping.einsums.size(); ++i)
    for (std::size_t l = 0; l < hierarchy.levels.size(); ++l)
      for (std::size_t t = 0; t < mapping.einsums[i].problem.tensors.size(); ++t) {
        const AccessCount& count = cost.einsums[i].counts.at[l][t];
        if (count.kept)
          visit(Row{&mapping.einsums[i], &hierarchy.levels[l],
                    &mapping.einsums[i].problem.tensors[t], &count,
                    cost.einsums[i].cost.energy_pj[l][t]});
      }
}

/// Columns as wide as they must be; all but the first `texts` to the right.
std::string aligned(const std::vector<std::vector<std::string>>& rows, std::size_t texts) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i == widths.size()) widths.push_back(0);
      widths[i] = std::max(widths[i], row[i].size());
    }
  std::string text;
  for (const auto& row : rows) {
    std::string line = " ";
    for (std::size_t i = 0; i < row.size(); ++i)
      line += i < texts ? fmt::format(" {:<{}}", row[i], widths[i])
                        : fmt::format("  {:>{}}", row[i], widths[i]);
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string number(double value) { return fmt::format("{:.2f}", value); }

std::string percent(double part, double whole) {
  return fmt::format("{:.1f} %", whole == 0 ? 0 : 100 * part / whole);
}

std::string access_table(const CascadeMapping& mapping, const Hierarchy& hierarchy,
                         const CascadeCost& cost) {
  std::vector<std::vector<std::string>> rows = {
      {"Einsum", "level", "tensor", "tile", "instances", "reads", "fills", "updates", "energy/pJ"}};
  each_row(mapping, hierarchy, cost, [&](const Row& row) {
    rows.push_back({row.einsum->problem.name, row.level->name, row.tensor->name,
                    fmt::format("{}", row.count->tile), fmt::format("{:g}", row.count->instances),
                    fmt::format("{}", row.count->reads), fmt::format("{}", row.count->fills),
                    fmt::format("{}", row.count->updates), number(row.energy_pj)});
  });
  return "ACCESSES (elements, of all instances)\n" + aligned(rows, 3);
}

std::string level_table(const std::vector<LevelCost>& levels, const CascadeCost& cost) {
  std::vector<std::vector<std::string>> rows = {
      {"level", "busy cycles", "bounds", "energy/pJ", "of all", "peak bits", "capacity"}};
  for (const LevelCost& level : levels)
    rows.push_back({level.name, fmt::format("{}", level.cycles),
                    percent(static_cast<double>(level.bounds), static_cast<double>(cost.cycles)),
                    number(level.energy_pj), percent(level.energy_pj, cost.total_pj),
                    level.peak_bits == 0 ? "" : fmt::format("{}", level.peak_bits),
                    level.capacity_bits == 0 ? "" : fmt::format("{}", level.capacity_bits)});
  return "LEVELS\n" + aligned(rows, 1);
}

double leakage_of(const CascadeCost& cost) {
  double sum = 0;
  for (const EinsumCost& einsum : cost.einsums) sum += einsum.cost.leakage_pj;
  return sum;
}

}  // namespace

std::vector<LevelCost> level_costs(const CascadeMapping& mapping, const Hierarchy& hierarchy,
                                   const CascadeCost& cost) {
  std::vector<LevelCost> levels;
  const std::vector<LiveTile> tiles = live_tiles(mapping, hierarchy);
  for (std::size_t l = 0; l < hierarchy.levels.size(); ++l)
    levels.push_back({hierarchy.levels[l].name, 0, 0, 0, peak_bits(tiles, l),
                      hierarchy.levels[l].capacity_bits});
  std::map<std::string, LevelCost> units;
  for (std::size_t i = 0; i < mapping.einsums.size(); ++i) {
    const NestCost& einsum = cost.einsums[i].cost;
    LevelCost& unit = units[unit_name(mapping.einsums[i], hierarchy)];
    unit.cycles += cost.einsums[i].counts.steps;
    unit.energy_pj += einsum.compute_pj;
    LevelCost* slowest = &unit;
    std::uint64_t most = cost.einsums[i].counts.steps;
    for (std::size_t l = 0; l < levels.size(); ++l) {
      levels[l].cycles += einsum.level_cycles[l];
      for (const double energy : einsum.energy_pj[l]) levels[l].energy_pj += energy;
      if (einsum.level_cycles[l] <= most) continue;
      most = einsum.level_cycles[l];
      slowest = &levels[l];
    }
    slowest->bounds += einsum.cycles;
  }
  for (auto& [name, unit] : units) {
    unit.name = name;
    levels.push_back(unit);
  }
  return levels;
}

double utilization_of(const CascadeMapping& mapping, const Hierarchy& hierarchy,
                      const CascadeCost& cost) {
  double could = 0, did = 0;
  for (std::size_t i = 0; i < mapping.einsums.size(); ++i) {
    const auto part = part_for(hierarchy, mapping.einsums[i].unit);
    if (!part) continue;
    did += static_cast<double>(cost.einsums[i].counts.operations * mapping.einsums[i].cycles);
    could += static_cast<double>(cost.einsums[i].cost.cycles) *
             static_cast<double>(instances_of(*part, part->levels.size()));
  }
  return could == 0 ? 0 : did / could;
}

std::string why(const CascadeMapping& mapping, const Hierarchy& hierarchy,
                const CascadeCost& cost) {
  const std::vector<LevelCost> levels = level_costs(mapping, hierarchy, cost);
  const auto slowest = std::ranges::max_element(levels, {}, &LevelCost::bounds);
  const auto costly = std::ranges::max_element(levels, {}, &LevelCost::energy_pj);
  const LevelCost* next = nullptr;
  for (const LevelCost& level : levels)
    if (&level != &*slowest && (next == nullptr || level.cycles > next->cycles)) next = &level;
  std::string text =
      fmt::format("{} bounds {} of {} cycles", slowest->name, slowest->bounds, cost.cycles);
  if (next != nullptr && next->cycles > 0)
    text +=
        fmt::format("; {} is next, busy for {}", next->name,
                    percent(static_cast<double>(next->cycles), static_cast<double>(cost.cycles)));
  const double leakage = leakage_of(cost);
  if (leakage > costly->energy_pj) {
    text += fmt::format("; {} of the energy leaks", percent(leakage, cost.total_pj));
  } else if (cost.total_pj > 0) {
    text += fmt::format("; {} of the energy is spent in {}",
                        percent(costly->energy_pj, cost.total_pj), costly->name);
    const Row* most = nullptr;
    std::vector<Row> rows;
    each_row(mapping, hierarchy, cost, [&](const Row& row) { rows.push_back(row); });
    for (const Row& row : rows)
      if (row.level->name == costly->name && (most == nullptr || row.energy_pj > most->energy_pj))
        most = &row;
    if (most != nullptr)
      text +=
          fmt::format(", most of it for {} ({})", most->tensor->name, most->einsum->problem.name);
  }
  return text + ".";
}

std::string to_table(const CascadeMapping& mapping, const Hierarchy& hierarchy,
                     const CascadeCost& cost) {
  std::string text = "MAPPING\n" + indented(to_text(mapping, hierarchy), 2) + "\n";
  text += access_table(mapping, hierarchy, cost) + "\n";
  text += level_table(level_costs(mapping, hierarchy, cost), cost) + "\n";
  text += fmt::format("TOTAL\n  {} cycles, {} pJ ({} leaks), utilization {}\n", cost.cycles,
                      number(cost.total_pj), number(leakage_of(cost)),
                      percent(utilization_of(mapping, hierarchy, cost), 1));
  return text + "  " + why(mapping, hierarchy, cost) + "\n";
}

std::string to_csv(const CascadeMapping& mapping, const Hierarchy& hierarchy,
                   const CascadeCost& cost) {
  std::string text = "einsum,level,tensor,tile,instances,reads,fills,updates,energy_pj\r\n";
  each_row(mapping, hierarchy, cost, [&](const Row& row) {
    text += fmt::format("{},{},{},{},{},{},{},{},{}\r\n", csv_field(row.einsum->problem.name),
                        csv_field(row.level->name), csv_field(row.tensor->name), row.count->tile,
                        row.count->instances, row.count->reads, row.count->fills,
                        row.count->updates, row.energy_pj);
  });
  return text;
}

}  // namespace sluice
