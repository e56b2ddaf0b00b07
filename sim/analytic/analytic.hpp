// SPDX-License-Identifier: Apache-2.0
// The `analytic` fidelity of the systolic machine: a lower bound on every task, proven and cheap.
#pragma once

#include "mapper/mapping.hpp"
#include "sim/models/systolic.hpp"
#include "sim/report/assemble.hpp"

namespace sluice {

/// Bounds of every task, and of the whole as their sum: a task whose input is another's result
/// begins after that was stored, tasks without such an order are bounded together.
ReportParts analyze(const Architecture& architecture, const Mapping& mapping,
                    const SystolicGraph& machine, ReportDetail detail = ReportDetail::full);

}  // namespace sluice
