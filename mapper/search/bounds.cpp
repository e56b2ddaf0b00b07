// SPDX-License-Identifier: Apache-2.0
// For each block the link to the level below it is bounded as if all loops outside were free to
// take the order that suits it best: the one tensor that stays in the most loops is brought once,
// any other again in each iteration of those of its irrelevant loops that move the first.
#include "mapper/search/bounds.hpp"

#include <algorithm>
#include <limits>
#include <set>

namespace sluice::search {
namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

/// What a word costs on the way from its home to the next level that keeps it (or to compute).
struct Link {
  std::size_t tensor = 0;
  double served = 0;   ///< pJ of every word that its home serves
  double arrived = 0;  ///< pJ of every word that comes to an instance
  double again = 0;    ///< pJ, more, of every word served beyond the first touches
  double touched = 0;  ///< first touches, at most
  std::uint32_t irrelevant = 0;
  double words = 0;  ///< of the whole tensor
  bool slides = false;
  double lanes = 1;  ///< of fan-outs between its home and this one, at most
};

/// The innermost level whose lanes may share the words of a tensor that compute takes: between its
/// innermost home and compute. The number of levels: none.
std::size_t operand_level_of(const Space& space, const Keeps& keeps, std::size_t t) {
  const std::size_t levels = space.hierarchy.levels.size();
  if (space.latched()) return levels;
  for (std::size_t level = levels; level-- > 0;) {
    const auto& axes = space.hierarchy.levels[level].fan_out;
    for (std::size_t axis = 0; axis < axes.size(); ++axis)
      if (space.shares(level, axis, t) && space.lanes(level, axis).front().product > 1)
        return level;
    if ((keeps[level] >> t & 1) != 0) break;
  }
  return levels;
}

/// Whether words of a tensor go over the fan-out of `level` to one further in than the next.
bool passes(const Space& space, const Keeps& keeps, std::size_t level, std::size_t t) {
  std::size_t inner = level + 1;
  while (inner < keeps.size() && (keeps[inner] >> t & 1) == 0) ++inner;
  return inner > level + 1 && inner < space.hierarchy.levels.size() &&
         (space.resident(inner) >> t & 1) == 0;
}

class BlockMaker {
 public:
  BlockMaker(const Space& space, const Keeps& keeps, std::size_t level)
      : space_(space), keeps_(keeps), level_(level) {
    last_ = level + 1 == space.hierarchy.levels.size();
    at_every_step_ = last_ && !space.latched();
    for (const NestRank& rank : space.problem.ranks)
      operations_ *= static_cast<double>(rank.extent);
    for (std::size_t rank = 0; rank < space.ranks.size(); ++rank)
      for (const std::uint64_t size : space.ranks[rank].size)
        times_[rank].push_back(static_cast<double>(space.ranks[rank].size.back()) /
                               static_cast<double>(size));
    for (std::size_t t = 0; t < space.problem.tensors.size(); ++t) {
      const std::size_t operands = operand_level_of(space, keeps, t);
      if (operands == level) add_link(t, operands_);
      if (last_ ? operands == space.hierarchy.levels.size()
                : (keeps[level + 1] >> t & 1) != 0 && (space.resident(level + 1) >> t & 1) == 0)
        add_link(t, links_);
      else if (passes(space, keeps, level, t))
        add_link(t, passing_);
    }
  }

  BlockBound make(const BlockBound* inner) const {
    BlockBound bound;
    bound.at_end = last_ ? std::make_shared<const LaneTable>(only_ones()) : inner->at_keep;
    for (const Spread& spread : space_.spreads(level_))
      bound.operands_pj.push_back(operand_energy(spread));
    for (const Link& link : passing_) bound.passing_pj[link.tensor] = link.words * link.served;
    bound.ending_pj = bound.passing_pj;
    if (!last_)
      for (const Link& link : links_) bound.ending_pj[link.tensor] = link.words * link.served;
    LaneTable at_axes = classes_for(*bound.at_end), at_loops = at_axes;
    spread(bound, at_axes, at_loops);
    LaneTable at_keep = at_loops;
    over_inside(at_keep);
    only_what_fits(at_keep);
    bound.at_keep = std::make_shared<const LaneTable>(std::move(at_keep));
    bound.at_loops = std::make_shared<const LaneTable>(std::move(at_loops));
    // Without a fan-out they are the same.
    bound.at_axes = space_.hierarchy.levels[level_].fan_out.empty() && bound.operands_pj[0] == 0
                        ? bound.at_end
                        : std::make_shared<const LaneTable>(std::move(at_axes));
    return bound;
  }

 private:
  void add_link(std::size_t t, std::vector<Link>& links) const {
    const Hierarchy& machine = space_.hierarchy;
    const bool ends = &links == &operands_ || last_;  // at compute
    std::size_t parent = level_ + 1;
    while (parent-- > 0 && (keeps_[parent] >> t & 1) == 0) continue;
    if (parent == static_cast<std::size_t>(-1)) return;  // here begins what is kept further in
    const NestLevel& above = machine.levels[parent];
    const double above_blocks = space_.blocks_of_element(parent, t);
    const NestLevel* below = ends ? nullptr : &machine.levels[level_ + 1];
    const double below_blocks = ends ? 0 : space_.blocks_of_element(level_ + 1, t);
    Link link;
    link.tensor = t;
    link.words = static_cast<double>(space_.words(t, space_.whole()));
    link.slides = space_.sliding(t) != 0;
    const auto all = static_cast<std::uint32_t>((std::uint64_t{1} << space_.ranks.size()) - 1);
    link.irrelevant = all & ~space_.relevant(t);
    // Lanes of this fan-out are known, those further out are not: words may be shared there. Those
    // that are not are counted there, too.
    for (std::size_t level = parent; level < level_; ++level)
      for (std::size_t axis = 0; axis < machine.levels[level].fan_out.size(); ++axis)
        if (&links != &operands_ || space_.shares(level, axis, t))
          link.lanes *= static_cast<double>(space_.lanes(level, axis).front().product);
    const double fill = below == nullptr ? 0 : below->write_pj * below_blocks;
    if (space_.problem.tensors[t].output) {
      link.served = above.update_pj * above_blocks;
      if (space_.options.convention != CountConvention::timeloop && below != nullptr)
        link.arrived = below->read_pj * below_blocks;
      // No sum is found only at the first touch, once a word in each lane above that reduces into
      // it.
      link.touched = link.words;
      for (std::size_t level = 0; level < parent; ++level)
        for (std::size_t axis = 0; axis < machine.levels[level].fan_out.size(); ++axis)
          if (!space_.separate(level, axis, t))
            link.touched *= static_cast<double>(space_.lanes(level, axis).front().product);
      link.again = above.read_pj * above_blocks + fill;
    } else {
      link.served = above.read_pj * above_blocks;
      link.arrived = fill;
    }
    links.push_back(link);
  }

  /// Energy of the words that compute takes over this fan-out, at least.
  double operand_energy(const Spread& spread) const {
    double sum = 0;
    for (const Link& link : operands_) {
      const double words = operations_ / link.lanes * spread.share[link.tensor];
      sum += words * link.served + std::max(0.0, words - link.touched) * link.again;
    }
    return sum;
  }

  /// Energy of the words that go on to levels further in, more than where lanes share them.
  double passing_energy(const Spread& spread) const {
    double sum = 0;
    for (const Link& link : passing_)
      sum += link.words * (spread.alone[link.tensor] - 1) * link.served;
    return sum;
  }

  /// Iterations of `ranks` outside of a tile.
  double steps(std::uint32_t ranks, const Tile& tile) const {
    double steps = 1;
    for (std::size_t rank = 0; ranks != 0; ++rank, ranks >>= 1)
      if ((ranks & 1) != 0) steps *= times_[rank][tile[rank]];
    return steps;
  }

  /// How often a tensor comes to the tile, at least, when loops over `free` do not move it.
  double times(const Link& link, std::uint32_t free, const Tile& tile) const {
    return link.slides ? 1 : std::max(1.0, steps(link.irrelevant & ~free, tile));
  }

  double energy(const Link& link, double times, const Spread& spread) const {
    double served = link.words * std::max(1.0, times / link.lanes) * spread.alone[link.tensor];
    if (at_every_step_) served = operations_ / link.lanes;
    const double arrived = link.words * times * spread.copies[link.tensor];
    return served * link.served + arrived * link.arrived +
           std::max(0.0, served - link.touched) * link.again;
  }

  /// How often each tensor comes to each tile at least, in each of several cases: one of them
  /// stays.
  std::vector<double> all_times() const {
    std::vector<double> list;
    list.reserve(space_.points * cases() * links_.size());
    Tile tile{};
    for (std::size_t point = 0; point < space_.points; ++point, advance(tile))
      for (std::size_t i = 0; i < cases(); ++i)
        for (const Link& link : links_) list.push_back(times(link, links_[i].irrelevant, tile));
    return list;
  }
  std::size_t cases() const {
    return at_every_step_ ? std::min<std::size_t>(links_.size(), 1) : links_.size();
  }

  /// Least energy of the links over this block, of which `times` says how often each comes.
  double link_energy(const double* times, const Spread& spread) const {
    if (links_.empty()) return 0;
    double least = infinite;
    for (std::size_t i = 0; i < cases(); ++i) {
      double sum = 0;
      for (const Link& link : links_) sum += energy(link, *times++, spread);
      least = std::min(least, sum);
    }
    return least;
  }

  void advance(Tile& tile) const {
    for (std::size_t rank = space_.ranks.size(); rank-- > 0;) {
      if (++tile[rank] < space_.ranks[rank].size.size()) return;
      tile[rank] = 0;
    }
  }

  LaneTable only_ones() const {
    LaneTable table{{1}, {1}, std::vector<double>(space_.points, infinite), {1}};
    table.least[0] = 0;
    return table;
  }

  void only_what_fits(LaneTable& table) const {
    if (level_ == 0) return;
    const std::size_t classes = table.classes();
    Tile tile{};
    for (std::size_t point = 0; point < space_.points; ++point, advance(tile))
      if (table.least[(point + 1) * classes - 1] < infinite &&
          !space_.fits(level_, keeps_[level_], tile))
        std::fill_n(table.least.begin() + static_cast<std::ptrdiff_t>(point * classes), classes,
                    infinite);
  }

  /// Classes of the numbers of lanes that spreads and what is further in use together: the most
  /// lanes one by one, then fewer and fewer.
  LaneTable classes_for(const LaneTable& inner) const {
    LaneTable table;
    std::set<double, std::greater<>> lanes;
    for (const Spread& spread : space_.spreads(level_))
      for (const double further : inner.lanes)
        lanes.insert(static_cast<double>(spread.product) * further);
    table.lanes.assign(lanes.begin(), lanes.end());
    const bool one = space_.options.objective == SearchObjective::energy;
    constexpr std::size_t fine = 6, most = 10;
    std::size_t at = 0;
    for (std::size_t k = 0; k < most && at < table.lanes.size() && !one; ++k) {
      const std::size_t end = k < fine ? at : at + (table.lanes.size() - at) / (most - k);
      table.top.push_back(table.lanes[at]);
      at = std::min(end, table.lanes.size() - 1);
      table.from.push_back(table.lanes[at++]);
    }
    if (one) table.top.push_back(table.lanes.front());
    if (one || at < table.lanes.size()) {
      if (!one) table.top.push_back(table.lanes[at]);
      table.from.push_back(table.lanes.back());
    }
    table.least.assign(space_.points * table.classes(), infinite);
    return table;
  }

  /// The least over all ways to spread each tile.
  void spread(const BlockBound& bound, LaneTable& at_axes, LaneTable& at_loops) const {
    const LaneTable& inner = *bound.at_end;
    const std::size_t classes = at_axes.classes(), inner_classes = inner.classes();
    const std::vector<double> times = all_times();
    const std::size_t width = cases() * links_.size();
    std::vector<std::size_t> to(inner_classes);
    for (std::size_t i = 0; i < space_.spreads(level_).size(); ++i) {
      const Spread& spread = space_.spreads(level_)[i];
      for (std::size_t j = 0; j < inner_classes; ++j) {
        const double most = static_cast<double>(spread.product) * inner.top[j];
        to[j] = 0;
        while (at_axes.from[to[j]] > most) ++to[j];
      }
      const double operands = bound.operands_pj[i] + passing_energy(spread);
      each_division(spread, 0, 0, 0, [&](std::size_t point, std::size_t left) {
        const double* from = inner.least.data() + left * inner_classes;
        if (from[inner_classes - 1] == infinite) return;
        double* axes = at_axes.least.data() + point * classes;
        double* loops = at_loops.least.data() + point * classes;
        const double link = link_energy(times.data() + point * width, spread);
        for (std::size_t j = 0; j < inner_classes; ++j) {
          const double energy = from[j] + operands;
          axes[to[j]] = std::min(axes[to[j]], energy);
          loops[to[j]] = std::min(loops[to[j]], energy + link);
        }
      });
    }
    for (LaneTable* table : {&at_axes, &at_loops})
      for (std::size_t point = 0; point < space_.points; ++point)
        for (std::size_t k = 1; k < classes; ++k)
          table->least[point * classes + k] =
              std::min(table->least[point * classes + k], table->least[point * classes + k - 1]);
  }

  /// Visits every tile that a spread divides, and what it leaves.
  template <class Visit>
  void each_division(const Spread& spread, std::size_t rank, std::size_t point, std::size_t left,
                     const Visit& visit) const {
    const std::size_t sizes = space_.ranks[rank].size.size();
    const std::vector<std::int32_t>* indices = nullptr;
    for (const auto& [moved, list] : spread.left)
      if (moved == rank) indices = &list;
    const bool last = rank + 1 == space_.ranks.size();
    for (std::size_t i = 0; i < sizes; ++i) {
      const std::int32_t index = indices == nullptr ? static_cast<std::int32_t>(i) : (*indices)[i];
      if (index < 0) continue;
      const std::size_t here = point * sizes + i;
      const std::size_t there = left * sizes + static_cast<std::size_t>(index);
      if (last)
        visit(here, there);
      else
        each_division(spread, rank + 1, here, there, visit);
    }
  }

  /// Each point takes the best of all tiles inside of it.
  void over_inside(LaneTable& table) const {
    const std::size_t classes = table.classes();
    std::size_t stride = space_.points;
    for (std::size_t rank = 0; rank < space_.ranks.size(); ++rank) {
      const RankSizes& sizes = space_.ranks[rank];
      stride /= sizes.size.size();
      if ((space_.uncut(level_) >> rank & 1) != 0) continue;
      for (std::size_t point = 0; point < space_.points; ++point) {  // smaller tiles are done
        const std::size_t index = point / stride % sizes.size.size();
        double* least = table.least.data() + point * classes;
        for (const std::uint16_t inside : sizes.next[index]) {
          const double* other = table.at(point - (index - inside) * stride);
          for (std::size_t k = 0; k < classes; ++k) least[k] = std::min(least[k], other[k]);
        }
      }
    }
  }

  const Space& space_;
  const Keeps& keeps_;
  std::size_t level_;
  bool last_;
  bool at_every_step_;  ///< compute takes its operands
  double operations_ = 1;
  std::array<std::vector<double>, max_nest_ranks> times_;  ///< iterations outside of each size
  std::vector<Link> links_;     ///< that end at the next level, or at compute
  std::vector<Link> operands_;  ///< that end at compute and share lanes of this fan-out
  std::vector<Link> passing_;   ///< that end further in
};

/// All that a block's bound depends on, of searches of one Einsum on one machine: the ranks that
/// were merged, what is kept further in, the homes of what is not, lanes that there may be, room.
std::vector<std::uint64_t> key_of(const Space& space, const Keeps& keeps, std::size_t level) {
  const bool one_class = space.options.objective == SearchObjective::energy;
  std::vector<std::uint64_t> key = {level, one_class ? 1u : 0u};
  for (std::size_t rank = 0; rank < space.problem.ranks.size(); ++rank) {
    key.push_back(space.problem.ranks[rank].extent);
    key.push_back(space.least_of(rank));
  }
  for (std::size_t t = 0; t < space.problem.tensors.size(); ++t) {
    key.push_back(space.relevant(t));
    std::uint64_t home = 0;
    for (std::size_t i = 0; i <= level; ++i)
      if ((keeps[i] >> t & 1) != 0) home = i + 1;
    key.push_back(home);
  }
  for (std::size_t i = 0; i < space.hierarchy.levels.size(); ++i)
    key.push_back(i < level && space.hierarchy.levels[i].fan_out.empty() ? 0 : space.uncut(i));
  for (std::size_t i = level; i < space.hierarchy.levels.size(); ++i) {
    key.push_back(keeps[i]);
    key.push_back(space.resident(i));
    key.push_back(space.taken_bits(i));
  }
  return key;
}

}  // namespace

Bounds::Bounds(const Space& space, const Keeps& keeps, Memo& memo) {
  most_lanes_.assign(space.hierarchy.levels.size() + 1, 1);
  for (std::size_t level = space.hierarchy.levels.size(); level-- > 0;)
    most_lanes_[level] = most_lanes_[level + 1] * static_cast<double>(space.most_lanes(level));
  operand_level_.fill(space.hierarchy.levels.size());
  if (space.options.ragged || space.options.exhaustive) return;
  for (std::size_t t = 0; t < space.problem.tensors.size(); ++t)
    operand_level_[t] = operand_level_of(space, keeps, t);
  blocks_.resize(space.hierarchy.levels.size());
  for (std::size_t level = blocks_.size(); level-- > 0;) {
    std::shared_ptr<const BlockBound>& entry = memo.blocks[key_of(space, keeps, level)];
    if (!entry) {
      const BlockBound* inner = level + 1 < blocks_.size() ? blocks_[level + 1].get() : nullptr;
      entry = std::make_shared<const BlockBound>(BlockMaker(space, keeps, level).make(inner));
      memo.bytes += 3 * entry->at_keep->least.size() * sizeof(double);
    }
    blocks_[level] = entry;
  }
}

}  // namespace sluice::search
