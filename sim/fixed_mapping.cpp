// SPDX-License-Identifier: Apache-2.0
#include "sim/fixed_mapping.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "mapper/nest/map_text.hpp"
#include "mapper/systolic_nest.hpp"
#include "mapper/tile_loops.hpp"

namespace sluice {
namespace {

/// Lines of a block begin a line below it; where in the line, the parser does not say.
std::vector<MapLine> lines_of(const YamlNode& loops) {
  std::vector<MapLine> lines = map_lines(loops.scalar, loops.where);
  for (MapLine& line : lines) {
    line.where.line += 1;
    line.where.column = static_cast<std::uint32_t>(line.indentation + 1);
    line.where.line_text = line.text;
    line.where.line_text_column = line.where.column;
  }
  return lines;
}

class FixedReader {
 public:
  FixedReader(const Network& network, const SystolicSetup& setup, Diagnostics& diagnostics)
      : machine_(setup.machine),
        diagnostics_(diagnostics),
        tasks_(lower(network, setup.machine,
                     std::vector(network.layers.size(), setup.mapping.attention))) {}

  void read(const YamlNode& item, const FixedNest& fixed) {
    const bool in_full = item.find("loops") != nullptr;
    const Task* task = product_of(fixed.task, *item.find("task"));
    if (task == nullptr || !is_one_form(item)) return;
    if (in_full)
      read_loops(*item.find("loops"), *task);
    else
      read_tiles(item, fixed, *task);
  }

  std::vector<FixedTask> take() { return std::move(fixed_); }

 private:
  /// Whether a mapping is loops in full, or tiles and what belongs to them; reports what is not.
  bool is_one_form(const YamlNode& item) {
    const YamlNode* loops = item.find("loops");
    const YamlNode* other = nullptr;
    for (const char* key : {"tiles", "order", "keep"})
      if (other == nullptr) other = item.find(key);
    if (loops == nullptr && other == nullptr)
      diagnostics_.error(item.where, "this maps nothing",
                         "give its loops, or its tiles and their order");
    else if (loops != nullptr && other != nullptr)
      diagnostics_.error(loops->where, "loops say all of a mapping",
                         "leave out tiles, order and keep, or the loops");
    else
      return true;
    return false;
  }

  void read_loops(const YamlNode& loops, const Task& task) {
    const auto& product = std::get<GemmTask>(task.work);
    const std::size_t before = diagnostics_.list().size();
    const CascadeMapping read = read_mapping(lines_of(loops), {problem_of(product, machine_)},
                                             hierarchy_of(machine_), diagnostics_);
    if (diagnostics_.list().size() > before || read.einsums.empty()) return;
    const auto mapping = mapping_of(read.einsums.front().nest, product, machine_);
    if (const auto* nest = std::get_if<GemmNest>(&mapping))
      fixed_.push_back({task.name, *nest});
    else
      report(loops, task, std::get<std::vector<std::string>>(mapping));
  }

  void read_tiles(const YamlNode& item, const FixedNest& fixed, const Task& task) {
    std::vector<GemmRank> sorted = fixed.order;
    std::sort(sorted.begin(), sorted.end());
    if (sorted != std::vector{GemmRank::m, GemmRank::n, GemmRank::k}) {
      diagnostics_.error(item.find("order")->where,
                         "the loops are those over m, n and k, once each", "such as [n, m, k]");
      return;
    }
    const auto& product = std::get<GemmTask>(task.work);
    TileLoops loops;
    for (std::size_t i = 0; i < fixed.order.size(); ++i)
      loops.loops[i] = {fixed.order[i], size_of(fixed.order[i], fixed.tiles, product)};
    loops.kept = {fixed.keep.input, fixed.keep.weight, fixed.keep.output};
    const auto tiling = tiling_of(loops, product);
    if (const auto* right = std::get_if<Tiling>(&tiling))
      fixed_.push_back({task.name, *right});
    else
      report(item, task, std::get<std::vector<std::string>>(tiling));
  }

  static std::uint64_t size_of(GemmRank rank, const TileSizes& tiles, const GemmTask& task) {
    if (rank == GemmRank::m) return tiles.m.value_or(task.m);
    return rank == GemmRank::n ? tiles.n.value_or(task.n) : tiles.k.value_or(task.k);
  }

  void report(const YamlNode& at, const Task& task, const std::vector<std::string>& wrong) {
    for (const std::string& what : wrong)
      diagnostics_.error(at.where, fmt::format("task {}: {}", task.name, what));
  }

  /// The product of this name; reports that there is none.
  const Task* product_of(const std::string& name, const YamlNode& where) {
    std::vector<std::string> known;
    for (const Task& task : tasks_) {
      const auto* product = std::get_if<GemmTask>(&task.work);
      if (product == nullptr) continue;
      if (task.name == name) return &task;
      known.push_back(task.name);
    }
    diagnostics_.error(where.where,
                       fmt::format("there is no matrix product {} that loops can map", quote(name)),
                       suggestion(name, known));
    return nullptr;
  }

  const Architecture& machine_;
  Diagnostics& diagnostics_;
  std::vector<Task> tasks_;
  std::vector<FixedTask> fixed_;
};

}  // namespace

std::vector<FixedTask> read_fixed(const YamlNode& mapping, const Network& network,
                                  const SystolicSetup& setup, Diagnostics& diagnostics) {
  const YamlNode* nests = mapping.find("nests");
  if (nests == nullptr) return {};
  if (setup.mapping.mapper != "fixed") {
    diagnostics.error(nests->where,
                      fmt::format("mapper {} takes no nests", quote(setup.mapping.mapper)),
                      "mapper: fixed takes them, and maps all other tasks as heuristic does");
    return {};
  }
  FixedReader reader(network, setup, diagnostics);
  for (std::size_t i = 0; i < nests->items.size(); ++i)
    reader.read(nests->items[i], setup.mapping.nests[i]);
  return reader.take();
}

std::variant<Mapping, Infeasible> map_network(const Network& network, const SystolicSetup& setup) {
  auto mapped =
      map_network(setup.mapping.mapper, network, setup.machine, {setup.mapping.attention});
  auto* mapping = std::get_if<Mapping>(&mapped);
  if (mapping == nullptr) return mapped;
  for (TaskMapping& task : mapping->tasks)
    for (const FixedTask& fixed : setup.fixed) {
      if (fixed.task != task.task.name) continue;
      task.tiling = fixed.tiling;
      if (auto over = overflow_of(task, setup.machine)) return *std::move(over);
    }
  return mapped;
}

}  // namespace sluice
