// SPDX-License-Identifier: Apache-2.0
// Points of a dimension lane by lane: slow, for ragged ranks and windows with gaps.
#include <algorithm>
#include <bit>
#include <map>
#include <set>
#include <vector>

#include "base/checked.hpp"
#include "mapper/nest/moves.hpp"

namespace sluice {
namespace {

/// A range of one rank.
struct Range {
  std::uint64_t begin = 0, size = 0;
  bool operator==(const Range&) const = default;
};

/// What one lane needs next of a rank and had before.
struct Lane {
  Range next, before;
  std::uint64_t group = 0;  ///< lanes of one group are united
};

struct LaneGroup {
  std::uint64_t times = 1;
  std::vector<Lane> lanes;
};

/// A lane while its loops are unrolled: the range that the transition comes from, if it has been
/// passed, and the indices of the lanes taken since.
struct Partial {
  Range next, from;
  std::uint32_t from_loop = 0;  ///< the first loop inside of `from`
  std::uint64_t group = 0;
  std::vector<std::uint64_t> taken;
};

/// Unrolls one rank into lanes, in groups of steps. Slow, for ragged ranks and lanes that overlap.
class Unroll {
 public:
  Unroll(const RankChain& chain, const StepView& view) : chain_(chain), view_(view) {}

  std::vector<LaneGroup> groups() {
    Partial all;
    all.next = all.from = {0, chain_.extent};
    descend(0, {all}, 1, false);
    return std::move(groups_);
  }

 private:
  static std::uint64_t parts(const Range& range, std::uint64_t tile) {
    return ceil_div(range.size, tile);
  }
  static Range part(const Range& range, std::uint64_t tile, std::uint64_t index) {
    return {range.begin + index * tile, std::min(tile, range.size - index * tile)};
  }

  void descend(std::uint32_t at, std::vector<Partial> lanes, std::uint64_t times, bool passed) {
    if (lanes.empty()) return;
    if (at == chain_.size || chain_.loops[at].position >= view_.child) return emit(lanes, times);
    const RankLoop& loop = chain_.loops[at];
    if (is_outer(loop, view_)) return outer(at, lanes, times);
    if (is_step(loop, view_)) return step(at, lanes, times);
    std::vector<Partial> inner;
    for (Partial& lane : lanes) {
      if (!loop.spatial) {
        lane.next = part(lane.next, loop.tile, 0);
        inner.push_back(std::move(lane));
        continue;
      }
      for (std::uint64_t i = 0; i < parts(lane.next, loop.tile); ++i) {
        Partial piece = lane;
        piece.next = part(lane.next, loop.tile, i);
        piece.taken.push_back(i);
        if (is_separate(loop, view_))
          piece.group = (piece.group + 1) * (parts({0, chain_.extent}, loop.tile) + 1) + i;
        inner.push_back(std::move(piece));
      }
    }
    descend(at + 1, std::move(inner), times, passed);
  }

  void outer(std::uint32_t at, const std::vector<Partial>& lanes, std::uint64_t times) {
    const std::uint64_t tile = chain_.loops[at].tile;
    const std::uint64_t count = parts(lanes.front().next, tile);
    if (lanes.size() == 1) {
      const std::uint64_t full = lanes.front().next.size / tile;
      if (full > 0) iterate(at, lanes, 0, times * full, false);
      if (full < count) iterate(at, lanes, full, times, false);
    } else {
      for (std::uint64_t index = 0; index < count; ++index) iterate(at, lanes, index, times, false);
    }
  }

  void step(std::uint32_t at, const std::vector<Partial>& lanes, std::uint64_t times) {
    const std::uint64_t tile = chain_.loops[at].tile;
    const std::uint64_t count = parts(lanes.front().next, tile);
    const std::uint64_t full = lanes.front().next.size / tile;
    if (lanes.size() == 1) {
      if (full > 1) iterate(at, lanes, 1, times * (full - 1), true);
      if (full < count && full > 0) iterate(at, lanes, full, times, true);
    } else {
      for (std::uint64_t index = 1; index < count; ++index) iterate(at, lanes, index, times, true);
    }
  }

  /// Iteration `index` of the loop at `at`, for the lanes that have it; as a transition it comes
  /// from the iteration before.
  void iterate(std::uint32_t at, const std::vector<Partial>& lanes, std::uint64_t index,
               std::uint64_t times, bool transition) {
    const std::uint64_t tile = chain_.loops[at].tile;
    std::vector<Partial> inner;
    for (const Partial& lane : lanes)
      if (index < parts(lane.next, tile)) {
        inner.push_back(lane);
        inner.back().next = part(lane.next, tile, index);
        restart(inner.back(), at + 1);
        if (transition) inner.back().from = part(lane.next, tile, index - 1);
      }
    descend(at + 1, std::move(inner), times, transition);
  }

  static void restart(Partial& lane, std::uint32_t loop) {
    lane.from = lane.next;
    lane.from_loop = loop;
    lane.taken.clear();
  }

  /// The last range inside of `range` in which this lane works; empty if it never does.
  Range last(std::uint32_t at, Range range, const Partial& lane, std::size_t taken) const {
    if (at == chain_.size || chain_.loops[at].position >= view_.child) return range;
    const RankLoop& loop = chain_.loops[at];
    if (loop.spatial) {
      const std::uint64_t index = lane.taken[taken];
      if (index >= parts(range, loop.tile)) return {};
      return last(at + 1, part(range, loop.tile, index), lane, taken + 1);
    }
    const std::uint32_t anchor = anchor_of(loop.position);
    for (std::uint64_t index = parts(range, loop.tile); index-- > 0;) {
      const Range inner = part(range, loop.tile, index);
      if (works(at + 1, inner, lane, taken, anchor)) return last(at + 1, inner, lane, taken);
    }
    return {};
  }

  /// The outermost keep inside of a loop that the content of a lane needs.
  std::uint32_t anchor_of(std::uint32_t position) const {
    const std::uint64_t inside = view_.anchors & ~((std::uint64_t{2} << position) - 1);
    if (inside == 0) return view_.child;
    return std::min(view_.child, static_cast<std::uint32_t>(std::countr_zero(inside)));
  }

  /// Whether a lane ever works in `range`, as seen from a keep at position `end`.
  bool works(std::uint32_t at, Range range, const Partial& lane, std::size_t taken,
             std::uint32_t end) const {
    for (; at < chain_.size && chain_.loops[at].position < end; ++at) {
      const RankLoop& loop = chain_.loops[at];
      const std::uint64_t index = loop.spatial ? lane.taken[taken++] : 0;
      if (index >= parts(range, loop.tile)) return false;
      range = part(range, loop.tile, index);
    }
    return true;
  }

  void emit(const std::vector<Partial>& lanes, std::uint64_t times) {
    LaneGroup group;
    group.times = times;
    for (const Partial& lane : lanes) {
      const Range before = view_.transition ? last(lane.from_loop, lane.from, lane, 0) : Range{};
      group.lanes.push_back({lane.next, before, lane.group});
    }
    groups_.push_back(std::move(group));
  }

  const RankChain& chain_;
  const StepView& view_;
  std::vector<LaneGroup> groups_;
};

/// A dimension while the lanes of its ranks are combined.
class Union {
 public:
  Union(const NestProjection& dimension, std::vector<std::vector<LaneGroup>> ranks)
      : dimension_(dimension), ranks_(std::move(ranks)), chosen_(dimension.size()) {}

  PointSums sums() {
    combine(0, 1);
    return sums_;
  }

 private:
  using Points = std::set<std::uint64_t>;

  void combine(std::size_t rank, std::uint64_t times) {
    if (rank == ranks_.size()) {
      std::map<std::vector<std::uint64_t>, std::pair<Points, Points>> united;
      std::vector<const Lane*> lanes(ranks_.size());
      unite(0, lanes, united);
      for (const auto& [group, points] : united) {
        sums_.needed += times * points.first.size();
        sums_.had += times * (points.first.size() - points.second.size());
      }
      return;
    }
    for (const LaneGroup& group : ranks_[rank]) {
      chosen_[rank] = &group;
      combine(rank + 1, times * group.times);
    }
  }

  template <class United>
  void unite(std::size_t rank, std::vector<const Lane*>& lanes, United& united) {
    if (rank < ranks_.size()) {
      for (const Lane& lane : chosen_[rank]->lanes) {
        lanes[rank] = &lane;
        unite(rank + 1, lanes, united);
      }
      return;
    }
    std::vector<std::uint64_t> group;
    bool fresh = false;
    for (const Lane* lane : lanes) {
      group.push_back(lane->group);
      fresh = fresh || lane->before.size == 0;
    }
    Points next, before;
    collect(0, 0, lanes, false, next);
    if (!fresh) collect(0, 0, lanes, true, before);
    auto& [needed, brought] = united[group];
    for (const std::uint64_t point : next) {
      needed.insert(point);
      if (!before.contains(point)) brought.insert(point);
    }
  }

  void collect(std::size_t rank, std::uint64_t base, const std::vector<const Lane*>& lanes,
               bool before, Points& points) const {
    if (rank == lanes.size()) {
      points.insert(base);
      return;
    }
    const Range& range = before ? lanes[rank]->before : lanes[rank]->next;
    for (std::uint64_t i = 0; i < range.size; ++i)
      collect(rank + 1, base + (range.begin + i) * dimension_[rank].coefficient, lanes, before,
              points);
  }

  const NestProjection& dimension_;
  std::vector<std::vector<LaneGroup>> ranks_;
  std::vector<const LaneGroup*> chosen_;
  PointSums sums_;
};

}  // namespace

PointSums unrolled_points(const NestProjection& dimension, const RankChains& chains,
                          const StepView& view) {
  std::vector<std::vector<LaneGroup>> ranks;
  for (const NestTerm& term : dimension) ranks.push_back(Unroll(chains[term.rank], view).groups());
  if (dimension.size() > 1) return Union(dimension, std::move(ranks)).sums();
  PointSums sums;  // the lanes of one rank hold ranges that do not overlap
  for (const LaneGroup& group : ranks.front())
    for (const Lane& lane : group.lanes) {
      sums.needed += group.times * lane.next.size;
      if (lane.before == lane.next) sums.had += group.times * lane.next.size;
    }
  return sums;
}

}  // namespace sluice
