// SPDX-License-Identifier: Apache-2.0
// Fidelities that a machine cannot be looked at with, whatever runs on it.
#pragma once

#include <optional>

#include "base/diagnostics.hpp"
#include "sim/experiment.hpp"

namespace sluice {

/// What the machine of an experiment has against the fidelity that is asked for, known without
/// mapping anything; or nothing, when evaluate() may still refuse what is to run.
std::optional<Diagnostic> refused_fidelity(const Experiment& experiment);

}  // namespace sluice
