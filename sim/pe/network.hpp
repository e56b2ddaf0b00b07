// SPDX-License-Identifier: Apache-2.0
// The `pe` fidelity for whole experiments: every matrix product on the grid of clocked PEs, with
// operands drawn from the seed, its result compared with a reference product; then its epilogue on
// the clocked vector unit.
#pragma once

#include "mapper/mapping.hpp"
#include "sim/experiment.hpp"
#include "sim/models/systolic.hpp"
#include "sim/report/assemble.hpp"

namespace sluice {

/// Runs the tasks one after another. Throws SpecError, naming the reason, where `pe` cannot do what
/// is asked: a memory or a scratchpad port that takes time, layers that are no matrix product,
/// tiles, a format without arithmetic, or more PE cycles than is sensible.
ReportParts run_pe_fidelity(const Experiment& experiment, const Architecture& architecture,
                            const Mapping& mapping, const SystolicGraph& machine);

}  // namespace sluice
