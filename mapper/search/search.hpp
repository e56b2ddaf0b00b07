// SPDX-License-Identifier: Apache-2.0
// The best mapping of one Einsum on a hierarchy, by branch and bound over all mappings of a map
// space. docs/search_mapper.md says which mappings those are and why none that is better is missed.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "mapper/nest/cost.hpp"

namespace sluice {

enum class SearchObjective : std::uint8_t {
  cycles,  ///< fewest cycles, then least energy
  energy,  ///< least energy, then fewest cycles
  edp,     ///< least energy x cycles, then fewest cycles
  pareto,  ///< every mapping that no other beats in both cycles and energy
  priced,  ///< the mapping of least energy + price x cycles, for each price in
           ///< SearchOptions::prices
};

/// Prices of a cycle, pJ.
struct CyclePrices {
  double least = 0, most = 0;
};

/// What mappings cost at least, in both.
struct CostFloor {
  double cycles = 0, energy_pj = 0;
};

struct FoundMapping {
  Nest nest;
  std::uint64_t cycles = 0;
  double energy_pj = 0;
  bool operator==(const FoundMapping&) const = default;
};

struct SearchProgress {
  std::uint64_t tasks = 0, tasks_done = 0;  ///< of the bypass choice that is looked at
  std::uint64_t evaluations = 0;            ///< whole mappings counted and priced
  double best = 0;                          ///< value of the objective; 0: nothing found yet
};

/// A tensor for which the search has no choice.
struct KeptTensor {
  std::size_t tensor = 0;
  std::size_t level = 0;  ///< the outermost that keeps it
};

/// A level that a tensor may not bypass.
struct HeldTensor {
  std::size_t level = 0;
  std::string tensor;
};

struct SearchOptions {
  SearchObjective objective = SearchObjective::edp;
  CyclePrices prices;  ///< of `priced`
  CountConvention convention = CountConvention::sluice;
  /// Tiles need not divide what lies around them: every size that leaves a different number of
  /// tiles is tried. Without it, only divisors.
  bool ragged = false;
  /// No bound, no canonical order: all mappings are priced. For small spaces, to show that nothing
  /// is lost.
  bool exhaustive = false;
  unsigned threads = 0;  ///< 0: as many as there are cores; the answer does not depend on it
  /// Asked now and then, from any thread; true ends the search with what was found so far.
  std::function<bool()> stop;
  std::function<void(const SearchProgress&)> progress;  ///< called from one thread at a time
  std::vector<HeldTensor> held;
  /// Tensors that are not in the outermost level: they come into being and end further in.
  std::vector<KeptTensor> kept;
  /// Bits of each level that are taken already; empty: none.
  std::vector<std::uint64_t> reserved_bits;
  /// Nodes that every mapping begins with, and in which other Einsums run too: keeps, and loops
  /// whose tiles divide. Empty: what the outermost level keeps.
  Nest shared;
  /// Least tile of each rank that a level keeps; the innermost level alone cuts it, to 1. By rank,
  /// each divides its extent; empty: 1.
  std::vector<std::uint64_t> least;
  /// What is better by less than this share may be missed: for a good mapping in little time.
  double tolerance = 0;
  /// Mappings that are known already: only what is better is looked for.
  std::vector<FoundMapping> known;
};

struct SearchResult {
  /// One mapping, or several from the fewest cycles to the least energy. Empty: none fits.
  std::vector<FoundMapping> found;
  bool optimal = false;  ///< the whole map space has been looked at or excluded
  /// Of the objective (0 where there are several): nothing in the space is below it. The value
  /// itself if optimal.
  double bound = 0;
  std::uint64_t evaluations = 0;  ///< whole mappings counted and priced
  std::uint64_t nodes = 0;        ///< partial mappings counted
};

/// Value of an objective, 0 where it has several mappings.
double objective_value(SearchObjective objective, std::uint64_t cycles, double energy_pj);

/// Searches. `problem` and `hierarchy` must be legal (check(), and no more levels than fit a nest).
SearchResult search_mapping(const Problem& problem, const Hierarchy& hierarchy,
                            const SearchOptions& options);

}  // namespace sluice
