// SPDX-License-Identifier: Apache-2.0
// Evaluation of runs of the model `systolic`; evaluate() in sim/evaluate.hpp comes here.
#pragma once

#include "sim/evaluate.hpp"

namespace sluice {

Outcome evaluate_systolic(const Experiment& experiment, const SystolicSetup& setup,
                          const Library& library, const EvaluateHooks& hooks);

}  // namespace sluice
