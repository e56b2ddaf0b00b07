// SPDX-License-Identifier: Apache-2.0
// A mapping of a whole cascade: its Einsums in order, each with a nest, and how far neighbours run
// in the same loops. docs/map_files.md shows how it is written, docs/mapping_counts.md what is
// counted.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "mapper/nest/cost.hpp"

namespace sluice {

/// One Einsum, mapped. Fused Einsums run in the same outer nodes, of which each has its own copy:
/// the same loops over ranks of the same name, and the same keeps, each with its own tensors (there
/// may be none). So a list of these is a tree: where it branches, the Einsums run one after the
/// other in each iteration.
struct MappedEinsum {
  Problem problem;
  Nest nest;
  std::size_t shared_nodes = 0;  ///< outer nodes that it runs in together with the one before
  std::string unit;              ///< of the hierarchy; empty: Hierarchy::compute
  std::uint64_t cycles = 1;      ///< that the unit takes for a point
  bool operator==(const MappedEinsum&) const = default;
};

struct CascadeMapping {
  std::string name;
  std::vector<MappedEinsum> einsums;
  bool operator==(const CascadeMapping&) const = default;
};

/// Outer nodes that Einsums `a` and `b`, and all between them, run in together.
std::size_t shared_nodes(const CascadeMapping& mapping, std::size_t a, std::size_t b);

/// CountOptions::branches of Einsum `index`.
std::uint64_t branches_of(const CascadeMapping& mapping, std::size_t index);

/// The innermost keep of an operand in which the Einsum before that had it in shared nodes left it,
/// so that (in sluice) it is not brought there again; the size of the nest when there is none.
std::uint32_t found_at(const CascadeMapping& mapping, std::size_t index, std::size_t tensor);

/// Where a tensor that an Einsum makes is kept for those that read it. `inside`: in loops that all
/// of these share, so that only a tile of it is ever there and nothing goes further outwards.
struct Exchange {
  std::string tensor;
  std::size_t producer = 0;
  std::size_t first = 0, last = 0;  ///< Einsums that make or read it; in a recurrence some before
  std::size_t level = 0;
  bool inside = false;
  bool operator==(const Exchange&) const = default;
};
std::vector<Exchange> exchanges_of(const CascadeMapping& mapping);

/// A tile that occupies a level while Einsums `first` to `last` run. It is released after its last
/// use, unless a loop that other Einsums run in too comes back to it.
struct LiveTile {
  std::string tensor;
  std::size_t level = 0;
  std::size_t first = 0, last = 0;
  std::uint64_t bits = 0;  ///< both copies where tiles are double buffered
  bool operator==(const LiveTile&) const = default;
};
std::vector<LiveTile> live_tiles(const CascadeMapping& mapping, const Hierarchy& hierarchy);

/// The most bits that a level holds at once.
std::uint64_t peak_bits(const std::vector<LiveTile>& tiles, std::size_t level);

/// One dimension of a tensor by names of ranks, in one order, so that two Einsums can be compared.
using Terms = std::vector<std::pair<std::string, std::uint64_t>>;
Terms terms_of(const Problem& problem, const NestProjection& dimension);

/// Everything that is wrong with a mapping, with both numbers: what is wrong with the nest of an
/// Einsum, nodes that are shared but differ, a tensor read before it is made or complete, a unit
/// that there is not, tiles that do not fit together. Empty: it is legal.
std::vector<std::string> verify(const CascadeMapping& mapping, const Hierarchy& hierarchy);

/// Accesses and cost of every Einsum, and of all, which run one after the other.
struct EinsumCost {
  NestCounts counts;
  NestCost cost;
};
struct CascadeCost {
  std::vector<EinsumCost> einsums;
  std::uint64_t cycles = 0;
  double latency = 0;  ///< cycles before they are rounded up, Einsum by Einsum
  double total_pj = 0;
};

/// Counts and prices a legal mapping. In sluice, what an Einsum finds at a level where another left
/// it in loops that they share is not brought there again.
CascadeCost evaluate(const CascadeMapping& mapping, const Hierarchy& hierarchy,
                     CountConvention convention);

/// The mapping as a tree of loops, a node a line; reads back to an equal mapping
/// (mapper/nest/map_text.hpp).
std::string to_text(const CascadeMapping& mapping, const Hierarchy& hierarchy);

}  // namespace sluice
