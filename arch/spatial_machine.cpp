// SPDX-License-Identifier: Apache-2.0
#include "arch/spatial_machine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "arch/pe_operations.hpp"
#include "base/read.hpp"

namespace sluice {
namespace {

Location place(const YamlNode& map, std::string_view key) {
  const YamlNode* node = map.find(key);
  return node != nullptr ? node->where : map.where;
}

void check_operations(const std::vector<PeOperation>& operations, const YamlNode* unit,
                      std::string_view name, Diagnostics& diagnostics) {
  const YamlNode* list = unit == nullptr ? nullptr : unit->find("operations");
  if (list == nullptr || list->items.size() != operations.size()) return;
  std::set<std::string> seen;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    const std::string& word = operations[i].operation;
    const Location where = place(list->items[i], "operation");
    if (std::ranges::find(pe_operations(), word) == pe_operations().end())
      diagnostics.error(where, fmt::format("there is no operation {}", quote(word)),
                        suggestion(word, pe_operations()));
    else if (!seen.insert(word).second)
      diagnostics.error(where, fmt::format("{} has a second operation {}", name, quote(word)));
  }
}

void check_ports(const SpatialMachine& machine, const YamlNode& node, Diagnostics& diagnostics) {
  const GlobalBuffer& buffer = machine.global_buffer;
  const YamlNode* where = node.find("global_buffer");
  if (where == nullptr) return;
  if (buffer.shared_ports && buffer.read_ports == 0)
    diagnostics.error(place(*where, "shared_ports"), "ports are shared, but there is no number",
                      "read_ports is the number of ports that reads and writes share");
  if (!buffer.shared_ports && (buffer.read_ports == 0) != (buffer.write_ports == 0))
    diagnostics.error(where->where,
                      fmt::format("{} ports to read and {} to write: 0 stands for no limit, and "
                                  "only both can be without",
                                  buffer.read_ports, buffer.write_ports));
}

std::string operations_text(const std::vector<PeOperation>& operations) {
  std::string text;
  for (const PeOperation& o : operations)
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", o.operation, o.cycles);
  return text;
}

std::string line(std::string_view label, const std::string& text) {
  return fmt::format("  {:<13} {}\n", label, text);
}

std::string ports_text(const GlobalBuffer& buffer) {
  if (buffer.read_ports == 0) return "ports without limit";
  if (buffer.shared_ports) return fmt::format("{} ports to read or write", buffer.read_ports);
  return fmt::format("{} ports to read, {} to write", buffer.read_ports, buffer.write_ports);
}

}  // namespace

const std::vector<std::string>& pe_operations() {
  static const std::vector<std::string> names = {
      "mac", "add",  "subtract", "multiply", "divide", "max",   "min",   "abs",
      "exp", "exp2", "log",      "log2",     "sqrt",   "rsqrt", "pow",   "sin",
      "cos", "tanh", "erf",      "sigmoid",  "relu",   "round", "floor", "select"};
  return names;
}

SpatialMachine read_spatial_machine(const YamlNode& node, Diagnostics& diagnostics) {
  SpatialMachine machine;
  read_value(node, machine, FieldInfo{}, diagnostics);
  if (!node.is_map()) return machine;
  check_operations(machine.spatial_array.operations, node.find("spatial_array"), "spatial_array",
                   diagnostics);
  check_operations(machine.vector_array.operations, node.find("vector_array"), "vector_array",
                   diagnostics);
  check_ports(machine, node, diagnostics);
  if (const YamlNode* dram = node.find("dram"); dram != nullptr && dram->is_map())
    for (const DramProblem& problem : check(machine.dram))
      diagnostics.error(place(*dram, problem.field), problem.message, problem.hint);
  return machine;
}

std::uint32_t cycles_of(const std::vector<PeOperation>& operations, std::string_view operation) {
  const auto find = [&](std::string_view word) -> std::uint32_t {
    const auto known = std::ranges::find(operations, word, &PeOperation::operation);
    return known == operations.end() ? 0 : known->cycles;
  };
  if (const std::uint32_t cycles = find(operation); cycles > 0) return cycles;
  if (operation == "subtract") return find("add") > 0 ? find("add") : find("mac");
  if (operation == "add" || operation == "multiply") return find("mac");
  if (operation == "min" || operation == "relu") return find("max");
  if (operation == "abs") return find("max");
  return 0;
}

std::string to_table(const SpatialMachine& m) {
  std::string text = m.name;
  if (!m.source.empty()) text += fmt::format(" ({})", m.source);
  text += "\n";
  text += line("model", m.model);
  text += line("clock", to_text(m.clock));
  text += line("words", std::string(name_of(m.format)));
  text +=
      line("spatial array", fmt::format("{} x {} PEs of {} registers, links of {} words a cycle",
                                        m.spatial_array.rows, m.spatial_array.columns,
                                        m.spatial_array.registers, m.spatial_array.link_words));
  text += line("", operations_text(m.spatial_array.operations));
  text += line("vector array", fmt::format("{} PEs of {} registers", m.vector_array.lanes,
                                           m.vector_array.registers));
  text += line("", operations_text(m.vector_array.operations));
  text += line("global buffer",
               fmt::format("{} in rows of {}, {} banks, {}", to_text(m.global_buffer.capacity),
                           to_text(m.global_buffer.row), m.global_buffer.banks,
                           ports_text(m.global_buffer)));
  const Dram& dram = m.dram;
  const double bytes = dram.is_ideal() ? bytes_per_cycle(dram.bandwidth, m.clock)
                                       : peak_bytes_per_second(dram) / m.clock.value;
  text += line("dram", bytes > 0 ? fmt::format("{}, {:.4g} GB/s, {:.4g} B/cycle", dram.preset,
                                               bytes * m.clock.value / 1e9, bytes)
                                 : fmt::format("{}, unlimited", dram.preset));
  text += line("energy", m.energy_table.empty() ? "none: timing only" : m.energy_table);
  return text;
}

}  // namespace sluice
