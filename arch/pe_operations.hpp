// SPDX-License-Identifier: Apache-2.0
// The words for what PEs of a spatial machine can do.
#pragma once

#include <string>
#include <vector>

namespace sluice {

/// What PEs may be said to do: a MAC, and what maps and reductions of cascades are made of.
const std::vector<std::string>& pe_operations();

}  // namespace sluice
