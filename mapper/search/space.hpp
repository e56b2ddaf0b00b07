// SPDX-License-Identifier: Apache-2.0
// The map space of one Einsum: tile sizes of every rank, what levels may keep, loop orders that
// differ, and ways to spread ranks over an axis. Internal to this folder.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "mapper/nest/tally.hpp"
#include "mapper/search/search.hpp"

namespace sluice::search {

/// Indices of tile sizes, rank by rank: a point of the lattice of tiles.
using Tile = std::array<std::uint16_t, max_nest_ranks>;

/// Which tensors each level keeps.
using Keeps = std::array<std::uint16_t, max_nest_levels>;

/// The sizes that tiles of one rank may have, ascending; the last is the extent.
struct RankSizes {
  std::vector<std::uint64_t> size;
  std::vector<std::vector<std::uint16_t>> inside;  ///< indices of sizes that fit into this one
  std::vector<std::vector<std::uint16_t>> next;    ///< of the smaller ones that fit into no other
  std::vector<std::int32_t> left;                  ///< by lanes and index; see Space::divided
};

/// Lanes of each rank on one axis; their product does not exceed the axis.
struct Lanes {
  std::array<std::uint16_t, max_nest_ranks> of_rank{};
  std::uint64_t product = 1;
};

/// Lanes on all axes of a fan-out. Which of several axes that share the same tensors has which
/// lanes makes no difference, so that one such choice stands for all.
struct Spread {
  std::vector<Lanes> axes;
  std::vector<std::pair<std::uint8_t, std::vector<std::int32_t>>> left;  ///< rank, index by index
  std::uint64_t product = 1;
  /// Of each tensor: the share of the words of all lanes that its level serves, at least; how often
  /// the words of its tile are served to lanes that it does not move with, and how often they come.
  std::array<double, max_nest_tensors> share{}, alone{}, copies{};
};

/// A spread that divides a tile, and the point of the tile that is left.
struct SpreadStep {
  std::uint32_t spread = 0;
  std::uint32_t left = 0;
};

/// All ways to use the fan-out of a level.
struct FanOut {
  std::vector<std::vector<Lanes>> lanes;  ///< by axis
  std::uint64_t most_lanes = 1;           ///< that any mapping uses
  std::array<std::uint64_t, max_nest_ranks> most_of_rank{};
  std::vector<Spread> spreads;  ///< the most lanes first
  /// By rank and size: which spreads (bits) divide it.
  std::vector<std::vector<std::vector<std::uint64_t>>> divisible;
  struct OfPoint {
    std::once_flag once;
    std::vector<SpreadStep> list;
  };
  mutable std::unique_ptr<OfPoint[]> at;  ///< by point of the lattice, made when first asked for
};

struct BlockBound;

/// What searches of one Einsum on one machine have in common, whatever they ask, by all that it
/// depends on.
struct Memo {
  std::map<std::vector<std::uint64_t>, std::shared_ptr<const FanOut>> fan_outs;
  std::map<std::vector<std::uint64_t>, std::shared_ptr<const BlockBound>> blocks;
  std::size_t bytes = 0;  ///< of the blocks
};

/// Loop orders (outer to inner) of one set of ranks that run.
using Orders = std::vector<std::vector<std::uint8_t>>;

class Space {
 public:
  Space(const Problem& problem, const Hierarchy& hierarchy, const SearchOptions& options,
        Memo& memo);

  const Problem& problem;
  const Hierarchy& hierarchy;
  const SearchOptions& options;
  const NestCounter counter;
  const NestPricer pricer;
  std::vector<RankSizes> ranks;
  std::size_t points = 1;  ///< of the lattice

  Tile whole() const;
  std::uint64_t size(std::size_t rank, std::uint16_t index) const {
    return ranks[rank].size[index];
  }
  std::size_t point(const Tile& tile) const;
  Tile tile(std::size_t point) const;
  /// Index of what is left of size `index` on that many lanes; -1: they do not divide it.
  std::int32_t divided(std::size_t rank, std::size_t index, std::uint64_t lanes) const {
    return ranks[rank].left[lanes * ranks[rank].size.size() + index];
  }
  /// The same of all ranks of an axis.
  bool divided(const Tile& tile, const Lanes& lanes, Tile& left) const;

  std::uint64_t words(std::size_t tensor, const Tile& tile) const;
  bool fits(std::size_t level, std::uint16_t tensors, const Tile& tile) const;

  /// Words of a level, and blocks that are paid for, of one element of a tensor, as price() counts.
  double words_of_element(std::size_t level, std::size_t tensor) const;
  double blocks_of_element(std::size_t level, std::size_t tensor) const;

  /// All choices of what levels keep.
  const std::vector<Keeps>& keeps() const { return keeps_; }
  const std::vector<Lanes>& lanes(std::size_t level, std::size_t axis) const {
    return fan_outs_[level]->lanes[axis];
  }
  /// All ways to use the fan-out of `level`, the most lanes first.
  const std::vector<Spread>& spreads(std::size_t level) const { return fan_outs_[level]->spreads; }
  /// Those that divide the tile at a point.
  const std::vector<SpreadStep>& spreads(std::size_t level, std::size_t point) const;
  /// Least tile of a rank that a level keeps.
  std::uint64_t least_of(std::size_t rank) const {
    return rank < options.least.size() ? options.least[rank] : 1;
  }
  /// Tensors that the shared nodes keep at `level`.
  std::uint16_t resident(std::size_t level) const { return resident_[level]; }
  /// Bits of `level` that are taken whatever is chosen.
  std::uint64_t taken_bits(std::size_t level) const {
    return resident_bits_[level] +
           (level < options.reserved_bits.size() ? options.reserved_bits[level] : 0);
  }
  /// The tile that the shared nodes leave.
  const Tile& begin() const { return begin_; }
  /// Most lanes that any mapping uses of the axes of `level`.
  std::uint64_t most_lanes(std::size_t level) const { return fan_outs_[level]->most_lanes; }
  /// Ranks that no loop may cut outside of the home of a tensor of SearchOptions::kept at `level`.
  std::uint32_t uncut(std::size_t level) const { return uncut_[level]; }
  /// Orders of the ranks in `mask`, for loops at `level`.
  const Orders& orders(std::uint32_t mask, std::size_t level) const;
  /// Whether an operand that does not change between two steps is read once.
  bool latched() const { return latched_; }

  /// Bit masks of ranks.
  std::uint32_t relevant(std::size_t tensor) const { return relevant_[tensor]; }
  std::uint32_t sliding(std::size_t tensor) const { return sliding_[tensor]; }
  /// Whether `axis` of `level` serves lanes of the tensor one by one.
  bool separate(std::size_t level, std::size_t axis, std::size_t tensor) const;
  /// Whether lanes along it may share words of the tensor.
  bool shares(std::size_t level, std::size_t axis, std::size_t tensor) const;

 private:
  void make_sizes();
  void make_keeps();
  void make_fan_outs(Memo& memo);
  std::vector<std::uint64_t> fan_out_key(std::size_t level) const;
  void make_lanes(std::size_t level, FanOut& fan_out) const;
  void make_divisions();
  void make_spreads(std::size_t level, FanOut& fan_out) const;
  void read_shared();
  void count_lanes(std::size_t level, Spread& spread) const;
  double share_of(std::size_t level, const Spread& spread, std::size_t tensor) const;
  void make_divisible(FanOut& fan_out) const;
  std::size_t class_of(std::size_t level, std::size_t axis) const;
  Spread with_divisions(Spread spread) const;
  std::int32_t left_of(const RankSizes& sizes, std::size_t index, std::uint64_t lanes) const;
  Orders make_orders(std::uint32_t mask) const;

  std::array<std::uint32_t, max_nest_tensors> relevant_{}, sliding_{};
  std::vector<Keeps> keeps_;
  std::vector<std::shared_ptr<const FanOut>> fan_outs_;  ///< by level
  std::array<std::uint32_t, max_nest_levels> uncut_{};
  struct OrdersOfMask {
    std::once_flag once;
    Orders orders;
  };
  std::array<std::uint16_t, max_nest_levels> resident_{};
  std::array<std::uint64_t, max_nest_levels> resident_bits_{};
  Tile begin_{};
  std::unique_ptr<OrdersOfMask[]> orders_;  ///< by mask, made when first asked for
  bool latched_ = false;
};

}  // namespace sluice::search
