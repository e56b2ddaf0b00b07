// SPDX-License-Identifier: Apache-2.0
// How much a scratchpad can move in a cycle: what its use is measured against. No simulator waits
// for it; ports that limit are in Scratchpad::width.
#pragma once

#include <cstddef>

#include "arch/architecture.hpp"

namespace sluice {

/// Peak of the scratchpad at index `pad`, reads and writes together, in bytes a cycle.
///
/// With a `width`: width x banks x ports. Without one it is as wide as its clients need, and the
/// peak is what they can ask of it at once, summed over the tensors that it holds: the array a word
/// a row and a word a column (and as much again for partial sums that are read back), the vector
/// unit two operands and one result a lane, the DMA engines the `dram_bytes_per_cycle`.
double peak_bytes_per_cycle(const Architecture& architecture, std::size_t pad,
                            double dram_bytes_per_cycle);

}  // namespace sluice
