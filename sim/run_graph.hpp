// SPDX-License-Identifier: Apache-2.0
// An experiment's graph at the fidelity `tile`, whatever machine it is of.
#pragma once

#include "sim/evaluate.hpp"
#include "sim/tile/tile.hpp"

namespace sluice {

/// Runs the graph as the experiment and the hooks say, and fills the trace that these ask for.
/// Throws InterruptedError when the progress hook ends the run.
TileResult run_graph(const Graph& graph, const TileMemory& memory, const Experiment& experiment,
                     const EvaluateHooks& hooks);

}  // namespace sluice
