// SPDX-License-Identifier: Apache-2.0
// What a nest is asked when it is one of several. Internal to this folder; see verify() in nest.hpp
// and fusion.hpp.
#pragma once

#include <string>
#include <vector>

#include "mapper/nest/nest.hpp"

namespace sluice {

struct NestSurroundings {
  std::uint16_t passed = 0;    ///< tensors (bits) that come from or go to others in shared loops
  bool check_capacity = true;  ///< false: others use the levels too
};

std::vector<std::string> verify(const Nest& nest, const Problem& problem,
                                const Hierarchy& hierarchy, const NestSurroundings& surroundings);

}  // namespace sluice
