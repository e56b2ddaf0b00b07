// SPDX-License-Identifier: Apache-2.0
// The best mapping of a cascade: for each Einsum its Pareto sets by where the tensors that it
// shares with others are kept, joined along the cascade with what is alive in between.
#pragma once

#include <string>
#include <vector>

#include "mapper/nest/fusion.hpp"
#include "mapper/search/search.hpp"

namespace sluice {

struct CascadeSearchOptions {
  /// Objective, convention and the rest, for the cascade as a whole. `kept` and `reserved_bits` are
  /// not for the caller.
  SearchOptions search;
  /// Intermediates may stay in a memory of which the machine has one. False: all go through the
  /// outermost level.
  bool fuse = true;
  /// Folder of results of earlier searches; empty: none is read or written.
  std::string cache;
};

struct FoundCascade {
  CascadeMapping mapping;
  std::uint64_t cycles = 0;
  double energy_pj = 0;
};

struct CascadeSearchResult {
  /// One mapping, or the front from the fewest cycles to the least energy. Empty: none fits.
  std::vector<FoundCascade> found;
  bool optimal = false;
  std::uint64_t evaluations = 0, nodes = 0;
  std::size_t searches = 0;  ///< that were made
  std::size_t recalled = 0;  ///< that were made before, in this call or found in the cache
};

/// Maps Einsums that run in this order. Tensors of the same name are the same. An intermediate that
/// is kept on chip is kept whole, from its producer to its last reader.
CascadeSearchResult search_cascade(const std::vector<Problem>& problems, const Hierarchy& hierarchy,
                                   const CascadeSearchOptions& options);

}  // namespace sluice
