// SPDX-License-Identifier: Apache-2.0
// The DRAM accesses that SCALE-Sim v3 counts in CALC mode, reproduced for comparison. A convention
// of that tool and no model of a memory: reads never wait, and what is read anew depends on how its
// buffers are cut into sets. docs/validation/scalesim.md compares it with the tool.
#pragma once

#include <array>
#include <cstdint>

#include "arch/architecture.hpp"
#include "workloads/network.hpp"

namespace sluice {

struct ScalesimTraffic {
  std::uint64_t ifmap_reads = 0, filter_reads = 0, ofmap_writes = 0;  ///< words
  bool ofmap_full = false;  ///< the write buffer ran full: SCALE-Sim reports stalls, see its USER
  bool operator==(const ScalesimTraffic&) const = default;
};

/// The accesses of one layer: a Conv2d without padding, dilation and batch, or a Linear.
/// `sram_words` are the sizes of the three buffers in words, by TensorRole, at least 100 each.
///
/// Reads. A buffer remembers the words it was asked for, in sets of floor(words / 100); when 50
/// sets are full it forgets all of them. A word that it does not remember is a DRAM read. The array
/// asks fold after fold (columns outside, rows inside), cycle after cycle, lane after lane.
///
/// Writes. Results fill lines of as many words as the array has columns. When more than half of the
/// buffer is in use, the last line is closed as it is, and up to half a buffer of lines is written,
/// one a cycle; the words of a line that is not full count, unless it is the last of those written.
///
/// Cost: the operand words that the array reads, where an operand exceeds half its buffer; else
/// the cycles of the layer.
ScalesimTraffic scalesim_calc_traffic(
    const SystolicArray& array, const std::array<std::uint64_t, tensor_role_count>& sram_words,
    const Operator& op);

}  // namespace sluice
