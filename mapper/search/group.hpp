// SPDX-License-Identifier: Apache-2.0
// Einsums that run in the same outer loops and pass tiles of what they make to each other: all ways
// to begin their nests. Internal to this folder; docs/search_mapper.md says which those are.
#pragma once

#include <string>
#include <vector>

#include "mapper/nest/fusion.hpp"
#include "mapper/search/search.hpp"

namespace sluice::search {

/// A tensor that is kept whole at a level while the group runs.
struct WholeTensor {
  std::string name;
  std::size_t level = 0;
  bool operator==(const WholeTensor&) const = default;
};

/// Einsums `first` to `last` of a cascade, and where they find and leave what others share.
struct Group {
  std::size_t first = 0, last = 0;
  std::size_t level = 1;                ///< where tiles are passed on
  std::vector<std::string> passed;      ///< made and read in the group only
  std::vector<WholeTensor> whole;       ///< made or read in the group
  std::vector<std::uint64_t> reserved;  ///< bits by level, of what the group does not use
};

/// How the nests of a group begin, the same nodes in each.
struct GroupStart {
  std::vector<Nest> nests;  ///< as they are written
  /// As they are counted: without the outermost keep of what is found further in.
  std::vector<Nest> counted;
  std::vector<std::vector<KeptTensor>> kept;         ///< that have no outer home, by Einsum
  std::vector<std::vector<std::uint64_t>> reserved;  ///< bits by level, by Einsum
  double least_pj = 0;  ///< of the group, on Hierarchy::compute, at least
};

/// All ways that fit: shared loops in any order, with tiles that divide, over ranks that every
/// Einsum has and that cut what is passed alike for all; and in the passing level, any tensors that
/// the innermost of these loops does not move to a wholly new tile.
std::vector<GroupStart> starts_of(const Group& group, const std::vector<Problem>& problems,
                                  const Hierarchy& hierarchy, CountConvention convention);

}  // namespace sluice::search
