// SPDX-License-Identifier: Apache-2.0
// A partial mapping while a map space is explored. Internal to this folder.
#pragma once

#include "mapper/search/explore.hpp"

namespace sluice::search {

/// A mapping down to the end of its nest, with what its accesses cost so far.
struct Explorer::State {
  explicit State(const TallyRules& rules) : tally(rules) {}

  Nest nest;
  Tally tally;
  Tile tile{};
  std::size_t level = 0;  ///< the innermost that the nest has come to
  double energy_pj = 0;   ///< of links that both ends are known of
  double pending_pj = 0;  ///< of those whose inner end is not known, at least
  double block_pj = 0;    ///< of those that end at the next level, both ends, at least
  std::array<double, max_nest_tensors> served_pj{}, arrived_pj{};  ///< these, by tensor and end
  /// Lanes that a tensor does not move with and that are served one by one, over fan-outs that it
  /// has passed without being kept.
  std::array<double, max_nest_tensors> alone{};
  double operands_pj = 0;  ///< of words that compute takes over lanes that are known
  double busy = 0;         ///< cycles that words take so far, at least
  double lanes = 1;
  std::array<std::uint32_t, max_nest_levels> spreads{};  ///< that were chosen, by level
  std::array<double, max_nest_levels> reads{}, writes{}, instances{};
  std::array<double, max_nest_levels> pending_reads{}, pending_writes{};
  std::array<double, max_nest_tensors> untouched{}, touches{};
  std::array<double, max_nest_tensors> served{};  ///< of tensors where tallies are not closed
  std::array<std::int8_t, max_nest_tensors> home{};
};

}  // namespace sluice::search
