// SPDX-License-Identifier: Apache-2.0
#include "sim/fusemax/setup.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/read.hpp"

namespace sluice::fusemax {
namespace {

/// Where `key` stands in `node`, or the node itself.
Location place_of(const YamlNode& node, std::string_view key) {
  const YamlNode* found = node.find(key);
  return found == nullptr ? node.where : found->where;
}

void check_length(std::uint64_t length, std::uint32_t columns, const Location& where,
                  Diagnostics& diagnostics) {
  if (columns != 0 && length % columns != 0)
    diagnostics.error(where, fmt::format("length {} is no multiple of the {} columns of the array",
                                         length, columns));
}

void check_flat(const Setup& setup, const YamlNode& node, Diagnostics& diagnostics) {
  for (const Model& model : setup.models)
    for (const std::uint64_t length : setup.lengths)
      if (flat_mapping(setup.flat, model.embedding, length) == nullptr)
        diagnostics.error(
            place_of(node, "flat"),
            fmt::format("FLAT has no mapping for {} at length {}", quote(model.name), length));
}

void check_machines(const Setup& setup, const YamlNode& node, Diagnostics& diagnostics) {
  const auto check = [&](const Machine& machine, std::string_view key, Design design) {
    if (const std::string problem = mismatch(machine, design); !problem.empty())
      diagnostics.error(place_of(node, key), problem);
  };
  check(setup.baseline, "baseline", Design::flat);
  check(setup.fusemax, "fusemax", Design::binding);
}

}  // namespace

void read_value(const YamlNode& node, Machine& machine, const FieldInfo&,
                Diagnostics& diagnostics) {
  const std::size_t before = diagnostics.size();
  const FormsMachine read = read_forms_machine(node, diagnostics);
  if (diagnostics.size() != before) return;
  if (!read.prices) diagnostics.error(node.where, "'prices' is missing");
  machine = machine_of(read);
}

Setup read_setup(const YamlNode& node, Diagnostics& diagnostics) {
  Setup setup;
  const std::size_t before = diagnostics.size();
  read_value(node, setup, {}, diagnostics);
  if (diagnostics.size() != before) return setup;
  for (const std::uint64_t length : setup.lengths) {
    check_length(length, setup.baseline.columns, place_of(node, "lengths"), diagnostics);
    if (setup.fusemax.columns != setup.baseline.columns)
      check_length(length, setup.fusemax.columns, place_of(node, "lengths"), diagnostics);
  }
  for (const ArrayArea& array : setup.pareto)
    check_length(setup.pareto_length, array.columns, place_of(node, "pareto_length"), diagnostics);
  if (diagnostics.size() != before) return setup;
  check_flat(setup, node, diagnostics);
  check_machines(setup, node, diagnostics);
  const std::uint32_t ports = std::min(setup.baseline.ports, setup.fusemax.ports);
  for (const Variant& variant : setup.corrected)
    if (variant.read_ports >= ports)
      diagnostics.error(place_of(node, "corrected"),
                        fmt::format("{} of {} ports only read: none is left to write",
                                    variant.read_ports, ports));
  return setup;
}

const FlatMapping* flat_mapping(const std::vector<FlatMapping>& mappings, double embedding,
                                std::uint64_t length) {
  for (const FlatMapping& mapping : mappings)
    if (mapping.length == length &&
        std::ranges::count(mapping.embeddings, static_cast<std::uint64_t>(embedding)) != 0)
      return &mapping;
  return nullptr;
}

std::string length_name(std::uint64_t length) {
  constexpr std::uint64_t kilo = 1024, mega = kilo * kilo;
  if (length % mega == 0 && length != 0) return fmt::format("{}M", length / mega);
  if (length % kilo == 0 && length != 0) return fmt::format("{}K", length / kilo);
  return fmt::format("{}", length);
}

}  // namespace sluice::fusemax
