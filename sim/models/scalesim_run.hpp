// SPDX-License-Identifier: Apache-2.0
// A run file made of a configuration and a topology of SCALE-Sim, for `sluice import scalesim`.
#pragma once

#include <string>
#include <string_view>

#include "arch/importers/scalesim_config.hpp"
#include "workloads/importers/scalesim_topology.hpp"

namespace sluice {

/// One of the two files: what it holds, and how messages call it.
struct ScalesimFile {
  std::string_view text;
  std::string path;
};

/// The text of a run file that read_experiment() reads: name, the network with every layer, the
/// machine, and how they are mapped. With CALC nothing is tiled (mapper `whole`), as in SCALE-Sim;
/// with USER the mapper `heuristic` keeps to the buffers. Throws SpecError with the mistakes of
/// both files.
std::string scalesim_run_file(const ScalesimFile& config, const ScalesimFile& topology,
                              ScalesimRows rows);

}  // namespace sluice
