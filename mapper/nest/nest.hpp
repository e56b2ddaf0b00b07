// SPDX-License-Identifier: Apache-2.0
// A mapping of one Einsum: from outer to inner, where tensors are kept, loops in time and loops in
// space. A value of fixed capacity, so that mappers make millions without allocating.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "mapper/nest/hierarchy.hpp"
#include "mapper/nest/problem.hpp"

namespace sluice {

inline constexpr std::size_t max_nest_nodes = 64;

enum class NestKind : std::uint8_t {
  keep,    ///< `tensors` are kept at `level`, from here inwards
  loop,    ///< in time over `rank`, each iteration covers `tile` of it (the last may be less)
  spread,  ///< in space over `rank`, along `axis` of the fan-out of `level`
};

struct NestNode {
  NestKind kind = NestKind::loop;
  std::uint8_t level = 0;
  std::uint8_t axis = 0;
  std::uint8_t rank = 0;
  std::uint16_t tensors = 0;  ///< bit i: Problem::tensors[i]
  bool twice = false;         ///< of a keep: room for the next tile while this one is used
  std::uint64_t tile = 1;
  bool operator==(const NestNode&) const = default;
};

class Nest {
 public:
  Nest() = default;
  Nest(const Nest& other) { *this = other; }
  Nest& operator=(const Nest& other) {  // only the nodes that there are
    size_ = other.size_;
    for (std::size_t i = 0; i < size_; ++i) nodes_[i] = other.nodes_[i];
    return *this;
  }
  Nest& keep(std::size_t level, std::uint16_t tensors) {
    return add({NestKind::keep, static_cast<std::uint8_t>(level), 0, 0, tensors, false, 1});
  }
  Nest& loop(std::size_t rank, std::uint64_t tile) {
    return add({NestKind::loop, 0, 0, static_cast<std::uint8_t>(rank), 0, false, tile});
  }
  Nest& spread(std::size_t level, std::size_t axis, std::size_t rank, std::uint64_t tile) {
    return add({NestKind::spread, static_cast<std::uint8_t>(level), static_cast<std::uint8_t>(axis),
                static_cast<std::uint8_t>(rank), 0, false, tile});
  }
  /// Appends; a node beyond the capacity is an error of the caller.
  Nest& add(const NestNode& node);

  std::size_t size() const { return size_; }
  const NestNode& operator[](std::size_t index) const { return nodes_[index]; }
  const NestNode* begin() const { return nodes_.data(); }
  const NestNode* end() const { return nodes_.data() + size_; }
  bool operator==(const Nest& other) const;

 private:
  std::array<NestNode, max_nest_nodes> nodes_;  ///< the first `size_`
  std::size_t size_ = 0;
};

/// Everything that is wrong with a nest on a machine, with both numbers: capacity, fan-out,
/// coverage of a rank, order of levels, a tensor kept nowhere, an ordered rank in space. Empty: it
/// is legal.
std::vector<std::string> verify(const Nest& nest, const Problem& problem,
                                const Hierarchy& hierarchy);

/// The nest as an indented loop nest, a node a line.
std::string to_text(const Nest& nest, const Problem& problem, const Hierarchy& hierarchy);

}  // namespace sluice
