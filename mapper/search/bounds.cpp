// SPDX-License-Identifier: Apache-2.0
// For each block the link to the level below it is bounded as if all loops outside were free to
// take the order that suits it best: the one tensor that stays in the most loops is brought once,
// any other again in each iteration of those of its irrelevant loops that move the first.
#include "mapper/search/bounds.hpp"

#include <algorithm>
#include <limits>

namespace sluice::search {
namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

/// What a word costs on the way from its home to the next level that keeps it (or to compute).
struct Link {
  std::size_t tensor = 0;
  double every = 0;  ///< pJ of every word
  double again = 0;  ///< pJ, more, of every word beyond the first time that it comes
  std::uint32_t irrelevant = 0;
  double words = 0;  ///< of the whole tensor
  bool slides = false;
  double lanes = 1;  ///< between its home and the block, at most, that may share a word
};

class BlockMaker {
 public:
  BlockMaker(const Space& space, const Keeps& keeps, std::size_t level)
      : space_(space), keeps_(keeps), level_(level) {
    last_ = level + 1 == space.hierarchy.levels.size();
    at_every_step_ = last_ && !space.latched();
    for (std::size_t t = 0; t < space.problem.tensors.size(); ++t)
      if (last_ || (keeps[level + 1] >> t & 1) != 0) add_link(t);
  }

  BlockBound make(const BlockBound* inner) const {
    BlockBound bound;
    const std::size_t axes = space_.hierarchy.levels[level_].fan_out.size();
    bound.at_axis.resize(axes + 1);
    bound.at_axis[axes] = last_ ? only_ones() : kept(*inner);
    for (std::size_t axis = axes; axis-- > 0;)
      bound.at_axis[axis] = spread(axis, bound.at_axis[axis + 1]);
    bound.at_keep = bound.at_axis[0];
    for (std::size_t point = 0; point < space_.points; ++point)
      if (bound.at_keep[point] < infinite) bound.at_keep[point] += link_energy(space_.tile(point));
    over_inside(bound.at_keep, [](double a, double b) { return std::min(a, b); });
    bound.lanes_at_axis.resize(axes + 1);
    std::vector<double>& innermost = bound.lanes_at_axis[axes];
    innermost.assign(space_.points, 0);
    for (std::size_t point = 0; point < space_.points; ++point)
      if (bound.at_axis[axes][point] < infinite)
        innermost[point] = last_ ? 1 : inner->lanes_at_keep[point];
    for (std::size_t axis = axes; axis-- > 0;)
      bound.lanes_at_axis[axis] = spread_lanes(axis, bound.lanes_at_axis[axis + 1]);
    bound.lanes_at_keep = bound.lanes_at_axis[0];
    over_inside(bound.lanes_at_keep, [](double a, double b) { return std::max(a, b); });
    return bound;
  }

 private:
  void add_link(std::size_t t) {
    const Hierarchy& machine = space_.hierarchy;
    std::size_t parent = level_ + 1;
    while (parent-- > 0 && (keeps_[parent] >> t & 1) == 0) continue;
    if (parent == static_cast<std::size_t>(-1)) return;  // here begins what is kept further in
    const NestLevel& above = machine.levels[parent];
    const double above_blocks = space_.blocks_of_element(parent, t);
    const NestLevel* below = last_ ? nullptr : &machine.levels[level_ + 1];
    const double below_blocks = last_ ? 0 : space_.blocks_of_element(level_ + 1, t);
    Link link;
    link.tensor = t;
    link.words = static_cast<double>(space_.words(t, space_.whole()));
    link.slides = space_.sliding(t) != 0;
    const auto all = static_cast<std::uint32_t>((std::uint64_t{1} << space_.ranks.size()) - 1);
    link.irrelevant = all & ~space_.relevant(t);
    for (std::size_t level = parent; level < level_; ++level)
      for (std::size_t axis = 0; axis < machine.levels[level].fan_out.size(); ++axis)
        if (!space_.separate(level, axis, t))
          link.lanes *= static_cast<double>(space_.lanes(level, axis).front().product);
    const double fill = below == nullptr ? 0 : below->write_pj * below_blocks;
    if (space_.problem.tensors[t].output) {
      link.every = above.update_pj * above_blocks;
      if (space_.options.convention != CountConvention::timeloop && below != nullptr)
        link.every += below->read_pj * below_blocks;
      // No sum is found only at the first touch, once a word unless lanes above reduce into it.
      std::uint64_t lanes = 1;
      for (std::size_t level = 0; level < parent; ++level) lanes *= space_.most_lanes(level);
      if (lanes == 1) link.again = above.read_pj * above_blocks + fill;
    } else {
      link.every = above.read_pj * above_blocks + fill;
    }
    links_.push_back(link);
  }

  /// Iterations of `ranks` outside of a tile.
  double steps(std::uint32_t ranks, const Tile& tile) const {
    double steps = 1;
    for (std::size_t rank = 0; ranks != 0; ++rank, ranks >>= 1)
      if ((ranks & 1) != 0)
        steps *= static_cast<double>(space_.ranks[rank].size.back()) /
                 static_cast<double>(space_.size(rank, tile[rank]));
    return steps;
  }

  double energy(const Link& link, std::uint32_t free, const Tile& tile) const {
    double words = link.words;
    if (at_every_step_) {
      const auto all = static_cast<std::uint32_t>((std::uint64_t{1} << space_.ranks.size()) - 1);
      words = static_cast<double>(space_.words(link.tensor, tile)) * steps(all, tile) / link.lanes;
    } else if (!link.slides) {
      words *= std::max(1.0, steps(link.irrelevant & ~free, tile) / link.lanes);
    }
    return words * link.every + std::max(0.0, words - link.words) * link.again;
  }

  /// Least energy of the links over this block whose inner loops begin at `tile`.
  double link_energy(const Tile& tile) const {
    if (links_.empty()) return 0;
    double least = infinite;
    for (const Link& stays : links_) {
      double sum = 0;
      for (const Link& link : links_) sum += energy(link, stays.irrelevant, tile);
      least = std::min(least, sum);
      if (at_every_step_) break;
    }
    return least;
  }

  std::vector<double> only_ones() const {
    std::vector<double> bound(space_.points, infinite);
    bound[0] = 0;
    return bound;
  }

  std::vector<double> kept(const BlockBound& inner) const {
    std::vector<double> bound = inner.at_keep;
    for (std::size_t point = 0; point < space_.points; ++point)
      if (bound[point] < infinite &&
          !space_.fits(level_ + 1, keeps_[level_ + 1], space_.tile(point)))
        bound[point] = infinite;
    return bound;
  }

  /// The least over all ways to spread each tile over an axis.
  std::vector<double> spread(std::size_t axis, const std::vector<double>& inner) const {
    std::vector<double> bound(space_.points, infinite);
    for_each_spread(axis, [&](std::size_t point, std::size_t left, const Lanes&) {
      bound[point] = std::min(bound[point], inner[left]);
    });
    return bound;
  }

  std::vector<double> spread_lanes(std::size_t axis, const std::vector<double>& inner) const {
    std::vector<double> most(space_.points, 0);
    for_each_spread(axis, [&](std::size_t point, std::size_t left, const Lanes& lanes) {
      most[point] = std::max(most[point], inner[left] * static_cast<double>(lanes.product));
    });
    return most;
  }

  /// Calls `visit` for every tile, all lanes that divide it, and what they leave.
  template <class Visit>
  void for_each_spread(std::size_t axis, Visit visit) const {
    for (const Lanes& lanes : space_.lanes(level_, axis)) {
      const std::vector<Division> divisions = divisions_by(lanes);
      for (std::size_t point = 0; point < space_.points; ++point) {
        std::size_t left = point;
        bool whole = true;
        for (const Division& division : divisions) {
          const std::size_t index = point / division.stride % division.left.size();
          whole = whole && division.left[index] >= 0;
          left -= (index - static_cast<std::size_t>(division.left[index])) * division.stride;
        }
        if (whole) visit(point, left, lanes);
      }
    }
  }

  /// Index of what lanes leave of each size of one rank; -1: they do not divide it.
  struct Division {
    std::size_t stride;
    std::vector<std::int32_t> left;
  };

  std::vector<Division> divisions_by(const Lanes& lanes) const {
    std::vector<Division> divisions;
    std::size_t stride = space_.points;
    for (std::size_t rank = 0; rank < space_.ranks.size(); ++rank) {
      const std::size_t sizes = space_.ranks[rank].size.size();
      stride /= sizes;
      if (lanes.of_rank[rank] == 1) continue;
      Division division{stride, std::vector<std::int32_t>(sizes, -1)};
      for (std::size_t i = 0; i < sizes; ++i)
        division.left[i] = space_.divided(rank, i, lanes.of_rank[rank]);
      divisions.push_back(std::move(division));
    }
    return divisions;
  }

  /// Each point takes the best of all tiles inside of it.
  template <class Best>
  void over_inside(std::vector<double>& bound, Best best) const {
    std::size_t stride = space_.points;
    for (std::size_t rank = 0; rank < space_.ranks.size(); ++rank) {
      const RankSizes& sizes = space_.ranks[rank];
      stride /= sizes.size.size();
      const bool cut = (space_.uncut(level_) >> rank & 1) == 0;
      for (std::size_t point = space_.points; cut && point-- > 0;) {
        const std::size_t index = point / stride % sizes.size.size();
        for (const std::uint16_t inside : sizes.inside[index])
          bound[point] = best(bound[point], bound[point - (index - inside) * stride]);
      }
    }
  }

  const Space& space_;
  const Keeps& keeps_;
  std::size_t level_;
  bool last_;
  bool at_every_step_;  ///< compute takes its operands
  std::vector<Link> links_;
};

/// All that a block's bound depends on: what is kept further in, and the homes of what is not.
std::vector<std::uint32_t> key_of(const Space& space, const Keeps& keeps, std::size_t level) {
  std::vector<std::uint32_t> key = {static_cast<std::uint32_t>(level)};
  for (std::size_t t = 0; t < space.problem.tensors.size(); ++t) {
    std::uint32_t home = 0;
    for (std::size_t i = 0; i <= level; ++i)
      if ((keeps[i] >> t & 1) != 0) home = static_cast<std::uint32_t>(i + 1);
    key.push_back(home);
  }
  for (std::size_t i = level + 1; i < space.hierarchy.levels.size(); ++i) key.push_back(keeps[i]);
  return key;
}

}  // namespace

Bounds::Bounds(const Space& space, const Keeps& keeps, Memo& memo) {
  most_lanes_.assign(space.hierarchy.levels.size() + 1, 1);
  for (std::size_t level = space.hierarchy.levels.size(); level-- > 0;)
    most_lanes_[level] = most_lanes_[level + 1] * static_cast<double>(space.most_lanes(level));
  if (space.options.ragged || space.options.exhaustive) return;
  blocks_.resize(space.hierarchy.levels.size());
  for (std::size_t level = blocks_.size(); level-- > 0;) {
    std::shared_ptr<const BlockBound>& entry = memo[key_of(space, keeps, level)];
    if (!entry) {
      const BlockBound* inner = level + 1 < blocks_.size() ? blocks_[level + 1].get() : nullptr;
      entry = std::make_shared<BlockBound>(BlockMaker(space, keeps, level).make(inner));
    }
    blocks_[level] = entry;
  }
}

}  // namespace sluice::search
