// SPDX-License-Identifier: Apache-2.0
// From an experiment to its outcome, by its model; see evaluate.hpp.
#include "sim/evaluate.hpp"

#include "sim/models/spatial_evaluate.hpp"
#include "sim/models/systolic_evaluate.hpp"

namespace sluice {
namespace {

struct Evaluation {
  const Experiment& experiment;
  const Library& library;
  const EvaluateHooks& hooks;

  Outcome operator()(const SystolicSetup& setup) const {
    return evaluate_systolic(experiment, setup, library, hooks);
  }
  Outcome operator()(const SpatialSetup& setup) const {
    return evaluate_spatial(experiment, setup, library, hooks);
  }
  Outcome operator()(const FormsSetup& setup) const { return evaluate_forms(experiment, setup); }
  Outcome operator()(const MemorySetup& setup) const { return run_memory(experiment, setup); }
};

}  // namespace

Outcome evaluate(const Experiment& experiment, const Library& library, const EvaluateHooks& hooks) {
  return std::visit(Evaluation{experiment, library, hooks}, experiment.setup);
}

}  // namespace sluice
