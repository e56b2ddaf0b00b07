// SPDX-License-Identifier: Apache-2.0
// How much of a layer's DRAM traffic may have passed while other layers ran: weights and inputs
// fetched before its cycles began, results stored after they ended.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "arch/architecture.hpp"
#include "mapper/mapping.hpp"
#include "sim/models/systolic.hpp"
#include "sim/report/assemble.hpp"
#include "sim/tile/tile.hpp"

namespace sluice {

/// A mapped network that was executed.
struct ExecutedMapping {
  const Architecture& architecture;
  const Mapping& mapping;
  const SystolicGraph& machine;
  const TileResult& result;
};

/// Bytes of each task's traffic that may lie outside the cycles of its layer, of which `tasks` are
/// the spans. A bound, never too low: what lies outside is no more than the buffers between a DMA
/// unit and its user hold (with what the DRAM has queued of writes), and no more than passes at the
/// peak in the time for which the unit moved the task's bytes there. All 0 where the memory is
/// without limits.
std::vector<std::uint64_t> overlapped_bytes(const ExecutedMapping& run,
                                            std::span<const TaskTiming> tasks);

}  // namespace sluice
