// SPDX-License-Identifier: Apache-2.0
// The part of `sluice map` that shows how a spatial machine runs a network.
#pragma once

#include "cli/arguments.hpp"
#include "sim/experiment.hpp"

namespace sluice {

/// The schedule of every layer, layers that have the same shown once.
int map_spatial_run(const MapArguments& arguments, const Network& network,
                    const SpatialSetup& setup);

}  // namespace sluice
