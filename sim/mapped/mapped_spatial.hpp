// SPDX-License-Identifier: Apache-2.0
// The schedules of a spatial machine as `sluice map --json` writes them.
#pragma once

#include <string>
#include <vector>

#include "sim/models/spatial.hpp"

namespace sluice {

std::string to_json(const std::vector<SpatialJob>& jobs);

}  // namespace sluice
