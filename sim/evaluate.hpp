// SPDX-License-Identifier: Apache-2.0
// The one function that every caller uses - the command, a sweep, an environment, a cluster worker.
#pragma once

#include <cstdint>

#include "arch/energy.hpp"
#include "sim/experiment.hpp"
#include "sim/report/assemble.hpp"
#include "sim/report/report.hpp"
#include "sim/tile/tile.hpp"

namespace sluice {

/// What a caller may want beside the answer. None of it changes the answer.
struct EvaluateHooks {
  Trace* trace = nullptr;  ///< filled when the experiment asks for a trace
  /// Called now and then by `tile`; false stops the run by throwing InterruptedError.
  bool (*progress)(const TileProgress& progress, void* context) = nullptr;
  void* progress_context = nullptr;
  /// The machine's energy table, when the caller has read it; else it is read from its file.
  const EnergyTable* energy_table = nullptr;
  std::vector<PricedScratchpad>* priced = nullptr;  ///< by that table, of this thread
  ReportDetail detail = ReportDetail::full;
};

/// Thrown when the progress hook has asked for the end.
struct InterruptedError {};

/// Maps and simulates. `energy` tables are looked up in `library`. Throws SpecError when a
/// component has no price or the fidelity cannot do what is asked.
Outcome evaluate(const Experiment& experiment, const Library& library,
                 const EvaluateHooks& hooks = {});

}  // namespace sluice
