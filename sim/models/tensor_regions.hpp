// SPDX-License-Identifier: Apache-2.0
// Where the tensors of mapped tasks lie in main memory.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "mapper/dependencies.hpp"
#include "mapper/mapping.hpp"

namespace sluice {

/// Base addresses of a task's tensors in main memory, by TensorRole.
struct TaskRegions {
  std::array<std::uint64_t, tensor_role_count> base{};
};

/// Gives every tensor a place in main memory and says which task waits for which.
class RegionAllocator {
 public:
  RegionAllocator(const Network& network, const Architecture& architecture, const Mapping& mapping);
  TaskRegions of(std::size_t task) const { return regions_[task]; }
  const TaskNeeds& needs(std::size_t task) const { return needs_[task]; }

 private:
  std::vector<TaskRegions> regions_;
  std::vector<TaskNeeds> needs_;
};

}  // namespace sluice
