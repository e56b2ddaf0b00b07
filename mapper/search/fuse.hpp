// SPDX-License-Identifier: Apache-2.0
// The best mapping of a cascade: for each Einsum its Pareto sets by where the tensors that it
// shares with others are kept, joined along the cascade with what is alive in between.
#pragma once

#include <string>
#include <vector>

#include "mapper/nest/fusion.hpp"
#include "mapper/search/search.hpp"

namespace sluice {

struct CascadeSearchProgress {
  std::size_t einsum = 0, einsums = 0;  ///< that is mapped, of how many
  std::size_t searches = 0;             ///< that were made
  SearchProgress search;                ///< of the one that runs
};

struct CascadeSearchOptions {
  /// Objective, convention and the rest, for the cascade as a whole. `kept` and `reserved_bits` are
  /// not for the caller.
  SearchOptions search;
  /// Intermediates may stay in a memory of which the machine has one. False: all go through the
  /// outermost level.
  bool fuse = true;
  /// Einsums may also run in shared outer loops and pass tiles of intermediates to each other, at
  /// most `most_fused` of them. Not in timeloop, which has no such counts.
  bool tiles = false;
  std::size_t most_fused = 4;
  /// Folder of results of earlier searches; empty: none is read or written.
  std::string cache;
  /// The compute unit of each Einsum, by name; empty: Hierarchy::compute.
  std::vector<std::string> units;
  std::function<void(const CascadeSearchProgress&)> progress;
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
  /// Of the objective (0 for pareto): no mapping is below it, whole searches or not.
  double bound = 0;
  std::uint64_t evaluations = 0, nodes = 0;
  std::size_t searches = 0;           ///< that were made
  std::size_t recalled = 0;           ///< that were made before, in this call or found in the cache
  std::size_t read = 0, written = 0;  ///< files of the cache
};

/// Maps Einsums that run in this order. Tensors of the same name are the same, and so are ranks. An
/// intermediate that is kept on chip is kept whole, from its producer to its last reader, or, with
/// `tiles`, a tile of it at a time.
CascadeSearchResult search_cascade(const std::vector<Problem>& problems, const Hierarchy& hierarchy,
                                   const CascadeSearchOptions& options);

}  // namespace sluice
