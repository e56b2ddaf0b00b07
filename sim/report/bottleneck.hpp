// SPDX-License-Identifier: Apache-2.0
// What held a layer back and what would relieve it, in one sentence. Arithmetic on a finished
// report; it measures nothing itself.
#pragma once

#include <string>

#include "sim/report/report.hpp"

namespace sluice {

/// Names the cause that costs most, with numbers, and the relief with the factor it brings at best.
///
/// Candidates: each group of stalls (fill and drain together), PEs that no fold uses
/// (busy * (1 - mapping_efficiency)), and the work itself. A loss of L cycles in C would bring
/// C / (C - L) when it is gone; twice the unit would bring C / (C - useful / 2). The largest factor
/// wins; a tie goes to the loss. Reads `cycles`, `busy_cycles`, `stalls`, `macs`,
/// `mapping_efficiency`, `traffic`, `traffic_bytes`, `arithmetic_intensity` and `tiling`.
std::string bottleneck_sentence(const LayerReport& layer, const MachineSummary& machine);

/// What that sentence is about: a cause of stalls (`fill` stands for fill and drain), `mapping`, or
/// `work`. Empty when the layer takes no time.
std::string bottleneck_cause(const LayerReport& layer, const MachineSummary& machine);

}  // namespace sluice
