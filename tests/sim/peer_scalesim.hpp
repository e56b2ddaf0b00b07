// SPDX-License-Identifier: Apache-2.0
// The recorded runs of SCALE-Sim in CALC mode (golden/published/scalesim), with the layers and
// machines that our importers make of their inputs.
#pragma once

#include <doctest/doctest.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "arch/importers/scalesim_config.hpp"
#include "base/files.hpp"
#include "mapper/mappers.hpp"
#include "tests/source_path.hpp"
#include "workloads/importers/csv.hpp"
#include "workloads/importers/scalesim_topology.hpp"

namespace sluice::test {

/// One layer of one recorded run, as SCALE-Sim reports it.
struct PeerRow {
  std::size_t layer = 0;
  std::uint64_t cycles = 0, stalls = 0;
  double overall_util = 0, mapping_efficiency = 0;  ///< percent
  std::uint64_t sram_ifmap = 0, sram_filter = 0, sram_ofmap = 0;
  std::uint64_t dram_ifmap = 0, dram_filter = 0, dram_ofmap = 0;
};

/// A run: one topology on one machine.
struct PeerRun {
  std::string config_file, topology_file;
  ScalesimConfig config;
  Network network;  ///< as imported
  Network dense;    ///< with sparsity ignored
  Mapping mapping;  ///< whole
  std::vector<PeerRow> rows;
};

inline std::string peer_file(const std::string& name) {
  return read_file(source_path("tests/sim/golden/published/scalesim/" + name), 1u << 20);
}

inline PeerRun import_run(const std::string& config, const std::string& topology,
                          const std::string& rows) {
  PeerRun run;
  run.config_file = config;
  run.topology_file = topology;
  run.config = import_scalesim_config(peer_file("configs/" + config), config);
  const std::string text = peer_file("topologies/" + topology);
  const ScalesimRows kind = rows == "gemm" ? ScalesimRows::gemm : ScalesimRows::conv;
  run.dense = import_scalesim_topology(text, topology, kind);
  run.network = run.config.sparsity
                    ? import_scalesim_topology(text, topology, kind, ScalesimSparsity::layer)
                    : run.dense;
  run.mapping = std::get<Mapping>(map_network("whole", run.network, run.config.architecture));
  return run;
}

inline PeerRow peer_row(const CsvRow& row) {
  const auto number = [&](std::size_t i) { return std::stoull(row.cells[i].text); };
  PeerRow r;
  r.layer = number(3);
  r.cycles = number(4);
  r.stalls = number(5);
  r.overall_util = std::stod(row.cells[6].text);
  r.mapping_efficiency = std::stod(row.cells[7].text);
  r.sram_ifmap = number(8);
  r.sram_filter = number(9);
  r.sram_ofmap = number(10);
  r.dram_ifmap = number(11);
  r.dram_filter = number(12);
  r.dram_ofmap = number(13);
  return r;
}

/// All runs; together they have 219 rows.
inline std::vector<PeerRun> peer_runs() {
  const CsvTable table = read_csv(peer_file("expected.csv"), "expected.csv");
  std::map<std::string, std::size_t> index;
  std::vector<PeerRun> runs;
  for (const CsvRow& row : table.rows) {
    const auto [at, fresh] = index.try_emplace(row.cells[0].text, runs.size());
    if (fresh) runs.push_back(import_run(row.cells[0].text, row.cells[1].text, row.cells[2].text));
    runs[at->second].rows.push_back(peer_row(row));
  }
  return runs;
}

}  // namespace sluice::test
