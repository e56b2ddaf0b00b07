// SPDX-License-Identifier: Apache-2.0
#include "sim/fixed_mapping.hpp"

#include <fmt/format.h>

#include "mapper/nest/map_text.hpp"
#include "mapper/systolic_nest.hpp"

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
    const YamlNode& name = *item.find("task");
    const GemmTask* task = product_of(fixed.task, name);
    if (task == nullptr) return;
    const YamlNode& loops = *item.find("loops");
    const std::size_t before = diagnostics_.list().size();
    const CascadeMapping read = read_mapping(lines_of(loops), {problem_of(*task, machine_)},
                                             hierarchy_of(machine_), diagnostics_);
    if (diagnostics_.list().size() > before || read.einsums.empty()) return;
    const auto mapping = mapping_of(read.einsums.front().nest, *task, machine_);
    if (const auto* nest = std::get_if<GemmNest>(&mapping))
      fixed_.push_back({fixed.task, *nest});
    else
      for (const std::string& wrong : std::get<std::vector<std::string>>(mapping))
        diagnostics_.error(loops.where, fmt::format("task {}: {}", fixed.task, wrong));
  }

  std::vector<FixedTask> take() { return std::move(fixed_); }

 private:
  /// The product of this name; reports that there is none.
  const GemmTask* product_of(const std::string& name, const YamlNode& where) {
    std::vector<std::string> known;
    for (const Task& task : tasks_) {
      const auto* product = std::get_if<GemmTask>(&task.work);
      if (product == nullptr) continue;
      if (task.name == name) return product;
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
  if (auto* mapping = std::get_if<Mapping>(&mapped))
    for (TaskMapping& task : mapping->tasks)
      for (const FixedTask& fixed : setup.fixed)
        if (fixed.task == task.task.name) task.tiling = fixed.nest;
  return mapped;
}

}  // namespace sluice
