// SPDX-License-Identifier: Apache-2.0
// Firings of attention whose scores stay on chip; which tiles there are is the business of
// mapper/attention_walk.hpp, and docs/systolic.md says what is assumed.
#pragma once

#include "mapper/mapping.hpp"
#include "sim/models/systolic_machine.hpp"

namespace sluice {

/// Builds the task; the machine has the channels of attention (make_attention).
void build_attention(SystolicMachine& machine, const AttentionTask& task,
                     const AttentionTiling& tiling, const TaskRegions& regions);

}  // namespace sluice
