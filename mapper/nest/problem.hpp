// SPDX-License-Identifier: Apache-2.0
// What one Einsum is to a mapper: ranks with extents, and tensors that ranks index by affine
// projections. A plain value; where it comes from and how it is mapped is not asked here.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sluice {

/// A dimension of the iteration space. The iterations of an `ordered` rank depend on each other (a
/// recurrence), so that they may not run side by side.
struct NestRank {
  std::string name;
  std::uint64_t extent = 1;
  bool ordered = false;
  bool operator==(const NestRank&) const = default;
};

/// coefficient x rank, the rank by its index in Problem::ranks.
struct NestTerm {
  std::uint32_t rank = 0;
  std::uint64_t coefficient = 1;
  bool operator==(const NestTerm&) const = default;
};

/// One dimension of a tensor: a sum of terms. A constant moves all points and changes no count, so
/// there is none.
using NestProjection = std::vector<NestTerm>;

/// An operand or the output. One tensor that is indexed in two ways, or also written, is two of
/// these with the same name.
struct NestTensor {
  std::string name;
  std::vector<NestProjection> dimensions;
  bool output = false;  ///< read and written; ranks that it lacks are reduced
  std::uint32_t bits = 8;
  bool operator==(const NestTensor&) const = default;
};

struct Problem {
  std::string name;
  std::vector<NestRank> ranks;
  std::vector<NestTensor> tensors;
  bool operator==(const Problem&) const = default;
};

inline constexpr std::size_t max_nest_ranks = 16;
inline constexpr std::size_t max_nest_tensors = 8;
/// Points of an iteration space, so that counts fit their integers and are exact as doubles.
inline constexpr std::uint64_t most_nest_points = std::uint64_t{1} << 53;

/// Whether `tensor` depends on the rank of this index.
bool depends_on(const NestTensor& tensor, std::size_t rank);

/// What is wrong with a problem: no output or several, a rank of extent 0, a tensor twice, a rank
/// in two dimensions of a tensor (which no count here expresses), more than fits or can be counted.
/// Empty: nothing.
std::vector<std::string> check(const Problem& problem);

}  // namespace sluice
