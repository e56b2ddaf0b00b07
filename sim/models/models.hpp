// SPDX-License-Identifier: Apache-2.0
// The accelerator models by name, as machines name them.
#pragma once

#include <vector>

#include "base/registry.hpp"

namespace sluice {

/// What the models say of themselves.
std::vector<Descriptor> model_descriptors();

}  // namespace sluice
