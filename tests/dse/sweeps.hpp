// SPDX-License-Identifier: Apache-2.0
// A small sweep for tests: a product on an edge machine, a few sizes of the array.
#pragma once

#include <string>

#include "dse/sweep.hpp"
#include "tests/base/folder.hpp"
#include "tests/source_path.hpp"

namespace sluice {

inline const Library& test_library() {
  static const Library library = {{source_path("workloads/library")}, {source_path("arch/tables")}};
  return library;
}

inline const std::string sweep_text =
    "name: small\n"
    "experiment:\n"
    "  workload:\n"
    "    network:\n"
    "      name: product\n"
    "      layers: [{name: l, op: linear, rows: 64, in_features: 96, out_features: 80}]\n"
    "  architecture: {include: " +
    source_path("configs/arch/tpu_like_edge.yaml") +
    "}\n"
    "parameters:\n"
    "  rows: {path: architecture.array.rows, powers_of_two: [4, 64]}\n"
    "  columns: {path: architecture.array.columns, powers_of_two: [4, 64]}\n"
    "  sums: {path: architecture.scratchpads.2.capacity, powers_of_two: [1, 4096], unit: B}\n"
    "constraints: [rows * columns <= 1024, area_mm2 <= 1.16]\n"
    "objectives: [cycles, energy_j]\n";

/// The sweep of `text`, which stands in s.yaml.
inline Sweep sweep_of(const std::string& text) {
  const Folder folder;
  try {
    return read_sweep(load_yaml(folder.file("s.yaml", text)), test_library());
  } catch (const SpecError& error) {
    std::vector<Diagnostic> shortened = error.diagnostics();
    for (Diagnostic& d : shortened) d.where.path = folder.shortened(d.where.path);
    throw SpecError(std::move(shortened));
  }
}

/// `column: message | hint`, one mistake of the last lines of a sweep a line.
inline std::string mistakes_of(const std::string& more) {
  try {
    sweep_of(sweep_text + more + "\n");
  } catch (const SpecError& error) {
    std::string text;
    for (const Diagnostic& d : error.diagnostics())
      text += std::to_string(d.where.column) + ": " + d.message +
              (d.hint.empty() ? "" : " | " + d.hint) + "\n";
    return text;
  }
  return "";
}

}  // namespace sluice
