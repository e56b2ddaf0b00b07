// SPDX-License-Identifier: Apache-2.0
#include "sim/file_kind.hpp"

#include <algorithm>
#include <initializer_list>

namespace sluice {
namespace {

bool has_any(const YamlNode& root, std::initializer_list<std::string_view> keys) {
  return std::ranges::any_of(keys, [&](std::string_view key) { return root.find(key) != nullptr; });
}

}  // namespace

std::optional<FileKind> find_kind(const YamlNode& root) {
  if (has_any(root, {"experiment", "objectives"})) return FileKind::sweep;
  if (has_any(root, {"workload", "architecture"})) return FileKind::run;
  if (has_any(root, {"hierarchy"})) return FileKind::map;
  if (has_any(root, {"claims"})) return FileKind::claims;
  if (has_any(root, {"layers", "blocks"})) return FileKind::network;
  if (has_any(root, {"einsums"})) return FileKind::cascade;
  if (has_any(root, {"energies", "areas"})) return FileKind::table;
  if (has_any(root, {"array", "scratchpads", "spatial_array", "dram"}))
    return FileKind::architecture;
  return std::nullopt;
}

FileKind kind_of(const YamlNode& root) {
  if (const auto kind = find_kind(root)) return *kind;
  throw SpecError(
      {{root.where, "this is no file of sluice",
        "a run has 'workload' and 'architecture', a machine 'array' and 'scratchpads', "
        "a network 'layers', a cascade 'einsums', a map file 'hierarchy', an energy "
        "table 'energies', a claim file 'claims', a sweep 'experiment' and 'parameters'"}});
}

std::string_view kind_text(FileKind kind) {
  switch (kind) {
    case FileKind::run:
      return "a run";
    case FileKind::architecture:
      return "a machine";
    case FileKind::network:
      return "a network";
    case FileKind::cascade:
      return "a cascade";
    case FileKind::table:
      return "an energy table";
    case FileKind::map:
      return "a mapping";
    case FileKind::claims:
      return "a claim file";
    case FileKind::sweep:
      return "a sweep";
  }
  return "";
}

}  // namespace sluice
