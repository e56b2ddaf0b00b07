// SPDX-License-Identifier: Apache-2.0
// How a mapped matrix product becomes firings of the systolic machine.
#pragma once

#include "mapper/mapping.hpp"
#include "sim/models/systolic_machine.hpp"

namespace sluice {

/// Fires the steps of the product, the loads and stores of its tiles and the epilogues, in order.
void build_gemm(SystolicMachine& machine, const GemmTask& task, const GemmNest& nest,
                const TaskRegions& regions);

}  // namespace sluice
