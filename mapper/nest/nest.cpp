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

std::optional<Hierarchy> part_for(const Hierarchy& hierarchy, const std::string& unit) {
  Hierarchy part = hierarchy;
  part.units.clear();
  const std::string& name = unit.empty() ? hierarchy.compute.name : unit;
  if (name != hierarchy.compute.name) {
    const auto found = std::ranges::find(hierarchy.units, name, &NestCompute::name);
    if (found == hierarchy.units.end()) return std::nullopt;
    part.compute = *found;
  }
  for (NestLevel& level : part.levels) {
    if (level.units.empty() || std::ranges::find(level.units, name) != level.units.end()) continue;
    level.fan_out.clear();
    level.keeps = {""};  // no tensor has that name
  }
  return part;
}

std::uint32_t bits_at(const NestLevel& level, const std::string& tensor, std::uint32_t bits) {
  const auto other = std::ranges::find(level.bits, tensor, &TensorBits::tensor);
  return other == level.bits.end() ? bits : other->bits;
}

}  // namespace sluice
