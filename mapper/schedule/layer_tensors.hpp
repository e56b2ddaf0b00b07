// SPDX-License-Identifier: Apache-2.0
// Tensors of a layer without an iterative rank, in tiles. Not for users of the room; see tiles.hpp.
#pragma once

#include "mapper/schedule/tiles.hpp"

namespace sluice {

/// Adds the inputs and outputs of `work` to a walk that has its column tiles and steps.
void layer_tensors(const Cascade& cascade, const TileWork& work, const SpatialMachine& machine,
                   TileWalk& walk);

}  // namespace sluice
