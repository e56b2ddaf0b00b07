// SPDX-License-Identifier: Apache-2.0
#include "sim/fusemax/machine.hpp"

#include <fmt/format.h>

#include "base/read.hpp"
#include "sim/fusemax/tally.hpp"
#include "sim/memory/memory_facts.hpp"

namespace sluice::fusemax {
namespace {

Location place_of(const YamlNode& node, std::string_view key) {
  const YamlNode* found = node.find(key);
  return found == nullptr ? node.where : found->where;
}

/// The shapes that the forms have: everything is as wide as the grid.
void check_shape(const SpatialMachine& m, const YamlNode& node, Diagnostics& diagnostics) {
  const SpatialArray& grid = m.spatial_array;
  const std::uint64_t word = width_bits(m.format) / 8;
  if (grid.rows != grid.columns)
    diagnostics.error(place_of(node, "spatial_array"),
                      fmt::format("{} rows and {} columns: closed forms need as many of both",
                                  grid.rows, grid.columns));
  if (m.vector_array.lanes != grid.columns)
    diagnostics.error(place_of(node, "vector_array"),
                      fmt::format("{} lanes and {} columns: closed forms need as many of both",
                                  m.vector_array.lanes, grid.columns));
  if (word == 0)
    diagnostics.error(place_of(node, "format"),
                      fmt::format("{}: closed forms need words of whole bytes", name_of(m.format)));
  else if (m.global_buffer.row.value != grid.columns * word)
    diagnostics.error(
        place_of(node, "global_buffer"),
        fmt::format("rows of {} B, and {} columns of {} B: closed forms need rows that are as wide",
                    m.global_buffer.row.value, grid.columns, word));
}

}  // namespace

FormsMachine read_forms_machine(const YamlNode& node, Diagnostics& diagnostics) {
  FormsMachine machine;
  const std::size_t before = diagnostics.size();
  YamlNode units = node;
  std::erase_if(units.entries, [](const YamlNode::Entry& e) { return e.key == "prices"; });
  machine.machine = read_spatial_machine(units, diagnostics);
  if (const YamlNode* prices = node.find("prices"))
    read_value(*prices, machine.prices, {.name = "prices"}, diagnostics);
  if (diagnostics.size() == before) check_shape(machine.machine, node, diagnostics);
  return machine;
}

Machine machine_of(const FormsMachine& from) {
  const SpatialMachine& m = from.machine;
  const GlobalBuffer& buffer = m.global_buffer;
  Machine machine;
  machine.name = m.name;
  machine.source = m.source;
  machine.columns = m.spatial_array.columns;
  machine.clock = m.clock;
  machine.word = Bytes{width_bits(m.format) / 8};
  machine.buffer = buffer.capacity;
  machine.ports = buffer.read_ports + (buffer.shared_ports ? 0 : buffer.write_ports);
  machine.read_ports = buffer.shared_ports ? 0 : buffer.read_ports;
  machine.dram_bytes_per_cycle = memory_facts(m.dram, m.clock).bytes_per_cycle;
  machine.exp_2d_cycles = cycles_of(m.spatial_array.operations, "exp");
  machine.exp_1d_cycles = cycles_of(m.vector_array.operations, "exp");
  machine.prices = from.prices;
  return machine;
}

std::string mismatch(const Machine& machine, Design design) {
  const bool ours = design == Design::architecture || design == Design::binding;
  const auto series = static_cast<std::uint32_t>(exp_macs);
  if (ours && machine.exp_2d_cycles != series)
    return fmt::format("an exp of {} cycles in the spatial array, where this design has one of {}",
                       machine.exp_2d_cycles, series);
  const std::uint32_t wanted = ours ? series : 1;
  if (machine.exp_1d_cycles != wanted)
    return fmt::format("an exp of {} cycles in the vector array, where this design has one of {}",
                       machine.exp_1d_cycles, wanted);
  return {};
}

std::string to_table(const FormsMachine& machine) {
  SpatialMachine shown = machine.machine;
  if (machine.prices) shown.energy_table = machine.prices->source;
  return to_table(shown);
}

}  // namespace sluice::fusemax
