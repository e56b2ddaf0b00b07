// SPDX-License-Identifier: Apache-2.0
// Epochs of a pipeline as a tree of loops, from which first ones can be taken. Not for users of the
// room; see spatial.hpp.
#pragma once

#include <cstdint>
#include <vector>

#include "mapper/schedule/tiles.hpp"

namespace sluice {

/// What the tile that enters the pipeline in an epoch needs and gives back.
struct EpochKind {
  bool enters = false;       ///< there is one
  bool opens_step = false;   ///< takes the tiles of a step along the loop
  bool closes_step = false;  ///< gives them back
  bool starts = false;       ///< takes its column tile
  bool finishes = false;     ///< gives it back
  bool operator==(const EpochKind&) const = default;
};

/// `count` times the body, or, without one, so many epochs of a kind.
struct EpochNode {
  std::uint64_t count = 1;
  std::vector<EpochNode> body;
  EpochKind kind;

  std::uint64_t epochs() const;
  std::uint64_t steps() const;    ///< that are opened in it
  std::uint64_t columns() const;  ///< column tiles that start in it
  bool operator==(const EpochNode&) const = default;
};

/// The epochs of one group, in order. The last tile of every step and the last step are outside
/// loops over their like, since they may be ragged.
std::vector<EpochNode> epochs_of(const TileGroup& group);

/// Cuts off the first `count` epochs, loops kept; all of `nodes` when there are no more.
std::vector<EpochNode> cut_first(std::vector<EpochNode>& nodes, std::uint64_t count);

/// Takes the first epochs out of `nodes`, at most `count`, one by one.
std::vector<EpochKind> take_first(std::vector<EpochNode>& nodes, std::uint64_t count);

}  // namespace sluice
