// SPDX-License-Identifier: Apache-2.0
#include "sim/run_graph.hpp"

#include "base/assert.hpp"

namespace sluice {
namespace {

TileOptions options_of(const Experiment& experiment, const EvaluateHooks& hooks) {
  TileOptions options;
  options.fast_forward = experiment.simulation.fast_forward;
  options.trace = experiment.output.trace && hooks.trace != nullptr;
  options.trace_start = experiment.output.trace_start;
  options.trace_end = experiment.output.trace_start + experiment.output.trace_cycles;
  options.progress = hooks.progress;
  options.progress_context = hooks.progress_context;
  return options;
}

}  // namespace

TileResult run_graph(const Graph& graph, const TileMemory& memory, const Experiment& experiment,
                     const EvaluateHooks& hooks) {
  TileOutcome outcome = run_tile(graph, memory, options_of(experiment, hooks));
  if (std::holds_alternative<Interrupted>(outcome)) throw InterruptedError{};
  SLUICE_ASSERT(!std::holds_alternative<Deadlock>(outcome),
                "the graph of a verified mapping has a deadlock");
  TileResult result = std::move(std::get<TileResult>(outcome));
  if (hooks.trace != nullptr) {
    *hooks.trace = std::move(result.trace);
    hooks.trace->clock_hz = memory.clock.value;
  }
  return result;
}

}  // namespace sluice
