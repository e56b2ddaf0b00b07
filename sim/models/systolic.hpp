// SPDX-License-Identifier: Apache-2.0
// The systolic machine as a timed dataflow graph: folds as firings of the array, tiles moved by DMA
// units through double-buffered scratchpads, everything else on the vector unit. docs/systolic.md
// lists the assumptions and what is ignored.
#pragma once

#include <cstdint>
#include <vector>

#include "mapper/mapping.hpp"
#include "sim/graph/graph.hpp"

namespace sluice {

/// What the firings of a systolic machine do that has a price or a meaning in the report; the
/// order is that of SystolicGraph::graph.actions.
enum class SystolicAction : std::uint32_t {
  mac,          ///< multiply-accumulates that the task needs
  fold,         ///< folds of the array
  used_pes,     ///< PEs used, summed over the folds
  input_read,   ///< bytes read from the input's scratchpad
  input_write,  ///< bytes written to it
  weight_read,
  weight_write,
  output_read,   ///< includes partial sums read back
  output_write,  ///< includes partial sums
  lane_cycle,    ///< vector-unit lane cycles
  dram_read,     ///< bytes
  dram_write,
};
inline constexpr std::size_t systolic_actions = 12;

/// The graph of a mapped network; Graph::layers are the tasks of the mapping, in order.
struct SystolicGraph {
  Graph graph;
  UnitId array{};
  UnitId vector{};
  bool has_memory = true;  ///< false: memory is ideal without limits, and no DMA unit is there
  UnitId load_input{}, load_weight{}, store_output{};  ///< only with memory
  /// By task: its first load waits until the task just before has stored its results.
  std::vector<bool> waits_for_previous;
};

/// Builds the graph. `mapping` must pass verify().
SystolicGraph build_systolic(const Network& network, const Architecture& architecture,
                             const Mapping& mapping);

}  // namespace sluice
