// SPDX-License-Identifier: Apache-2.0
#include "mapper/nest/nest.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace sluice {

Nest& Nest::add(const NestNode& node) {
  SLUICE_ASSERT(size_ < max_nest_nodes, "a nest has more nodes than max_nest_nodes");
  nodes_[size_++] = node;
  return *this;
}

bool Nest::operator==(const Nest& other) const {
  return std::equal(begin(), end(), other.begin(), other.end());
}

std::uint64_t instances_of(const Hierarchy& hierarchy, std::size_t level) {
  std::uint64_t instances = 1;
  for (std::size_t i = 0; i < level; ++i)
    for (const FanOutAxis& axis : hierarchy.levels[i].fan_out) instances *= axis.size;
  return instances;
}

}  // namespace sluice
