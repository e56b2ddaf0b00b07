// SPDX-License-Identifier: Apache-2.0
// How a layer without an iterative rank could run on a spatial machine, best estimates first.
#pragma once

#include <variant>
#include <vector>

#include "mapper/schedule/layer_work.hpp"
#include "mapper/schedule/tiles.hpp"

namespace sluice {

struct LayerPlan {
  SpatialDataflow dataflow = SpatialDataflow::vector;
  TileWork work;
  std::uint64_t turns = 0;  ///< of column tiles; 0: as many as the buffer holds
  double cycles = 0;        ///< the slots of the busier array, or the traffic at `bytes_per_cycle`
};

struct LayerPlanOptions {
  SpatialDataflow dataflow = SpatialDataflow::best;
  std::uint64_t turns = 0;     ///< 0: whatever is best
  double bytes_per_cycle = 0;  ///< of the main memory; 0: without limit
};

/// All plans whose tiles fit the buffer, or what does not fit. `cascade` is simplified
/// (simplify()). Of `weight` and `input`, plans differ in how many column tiles take turns and in
/// how many coordinates of the ranks in time are a tile: more of these, fewer loads of what stays;
/// more of those, fewer of what streams. What is no product runs on the vector array, whatever is
/// asked for. Throws SpecError where PEs lack an operation.
std::variant<std::vector<LayerPlan>, Infeasible> layer_plans(const Cascade& cascade,
                                                             const SpatialMachine& machine,
                                                             const LayerPlanOptions& options);

}  // namespace sluice
