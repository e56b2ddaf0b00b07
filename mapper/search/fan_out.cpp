// SPDX-License-Identifier: Apache-2.0
// All ways to spread the ranks of a map space over the fan-outs of its levels.
#include <algorithm>
#include <bit>
#include <cstring>
#include <functional>
#include <numeric>
#include <string>
#include <unordered_set>

#include "base/checked.hpp"
#include "base/sorted_set.hpp"
#include "mapper/search/space.hpp"

namespace sluice::search {

/// All that a fan-out depends on: ranks, which of them may be cut.
std::vector<std::uint64_t> Space::fan_out_key(std::size_t level) const {
  const bool cuts = !hierarchy.levels[level].fan_out.empty();
  std::vector<std::uint64_t> key = {level, options.ragged ? 1u : 0u, options.exhaustive ? 1u : 0u,
                                    cuts ? uncut_[level] : 0};
  for (std::size_t rank = 0; rank < problem.ranks.size(); ++rank) {
    key.push_back(problem.ranks[rank].extent);
    key.push_back(least_of(rank));
  }
  for (std::size_t t = 0; t < problem.tensors.size(); ++t) key.push_back(relevant_[t]);
  return key;
}

void Space::make_fan_outs(Memo& memo) {
  std::vector<std::shared_ptr<FanOut>> fresh(hierarchy.levels.size());
  for (std::size_t level = 0; level < hierarchy.levels.size(); ++level) {
    std::shared_ptr<const FanOut>& known = memo.fan_outs[fan_out_key(level)];
    if (!known) {
      fresh[level] = std::make_shared<FanOut>();
      make_lanes(level, *fresh[level]);
      known = fresh[level];
    }
    fan_outs_.push_back(known);
  }
  make_divisions();
  for (std::size_t level = 0; level < hierarchy.levels.size(); ++level) {
    if (!fresh[level]) continue;
    make_spreads(level, *fresh[level]);
    make_divisible(*fresh[level]);
  }
}

void Space::make_lanes(std::size_t level, FanOut& fan_out) const {
  for (std::size_t axis = 0; axis < hierarchy.levels[level].fan_out.size(); ++axis) {
    std::vector<Lanes> list(1);
    list.front().of_rank.fill(1);
    for (std::size_t rank = 0; rank < ranks.size(); ++rank) {
      bool allowed = !problem.ranks[rank].ordered && (uncut_[level] >> rank & 1) == 0;
      for (std::size_t t = 0; t < problem.tensors.size(); ++t)
        if (problem.tensors[t].output && (relevant_[t] >> rank & 1) == 0 &&
            separate(level, axis, t))
          allowed = false;
      if (!allowed) continue;
      std::vector<std::uint64_t> factors;
      for (std::size_t i = 0; i < ranks[rank].size.size(); ++i)
        for (const std::uint16_t j : ranks[rank].inside[i])
          factors.push_back(ceil_div(ranks[rank].size[i], ranks[rank].size[j]));
      sort_unique(factors);
      std::vector<Lanes> more;
      for (const Lanes& lanes : list)
        for (const std::uint64_t factor : factors) {
          if (lanes.product * factor > hierarchy.levels[level].fan_out[axis].size) break;
          more.push_back(lanes);
          more.back().product *= factor;
          more.back().of_rank[rank] = static_cast<std::uint16_t>(factor);
          fan_out.most_of_rank[rank] = std::max(fan_out.most_of_rank[rank], factor);
        }
      list = std::move(more);
    }
    std::stable_sort(list.begin(), list.end(),
                     [](const Lanes& a, const Lanes& b) { return a.product > b.product; });
    fan_out.most_lanes *= list.front().product;
    fan_out.lanes.push_back(std::move(list));
  }
}

void Space::make_divisions() {
  for (std::size_t rank = 0; rank < ranks.size(); ++rank) {
    RankSizes& sizes = ranks[rank];
    std::uint64_t most = 0;
    for (const auto& fan_out : fan_outs_) most = std::max(most, fan_out->most_of_rank[rank]);
    for (std::uint64_t lanes = 0; lanes <= most; ++lanes)
      for (std::size_t i = 0; i < sizes.size.size(); ++i)
        sizes.left.push_back(lanes == 0 ? -1 : left_of(sizes, i, lanes));
  }
}

/// The first axis of `level` that shares the same tensors as `axis`, and stands for all that do.
std::size_t Space::class_of(std::size_t level, std::size_t axis) const {
  const std::vector<FanOutAxis>& axes = hierarchy.levels[level].fan_out;
  if (options.exhaustive) return axis;
  std::size_t first = 0;
  while (axes[first].separate != axes[axis].separate) ++first;
  return first;
}

void Space::make_spreads(std::size_t level, FanOut& fan_out) const {
  const std::size_t axes = fan_out.lanes.size();
  struct Choice {
    Spread spread;
    std::string lanes;  // of each class of axes and rank: equal where the cost is
  };
  std::vector<Choice> list = {{{}, std::string(axes * ranks.size() * 2, '\0')}};
  for (std::size_t axis = 0; axis < axes; ++axis) {
    const std::size_t begin = class_of(level, axis) * ranks.size() * 2;
    std::unordered_set<std::string> known;
    std::vector<Choice> more;
    for (const Choice& choice : list)
      for (const Lanes& lanes : fan_out.lanes[axis]) {
        std::string key = choice.lanes;
        for (std::size_t rank = 0; rank < ranks.size(); ++rank) {
          // 0 stands for one lane.
          std::uint16_t so_far = 0;
          std::memcpy(&so_far, key.data() + begin + 2 * rank, 2);
          so_far = static_cast<std::uint16_t>((so_far + 1) * lanes.of_rank[rank] - 1);
          std::memcpy(key.data() + begin + 2 * rank, &so_far, 2);
        }
        if (!known.insert(key).second) continue;
        more.push_back({choice.spread, std::move(key)});
        more.back().spread.axes.push_back(lanes);
        more.back().spread.product *= lanes.product;
      }
    list = std::move(more);
  }
  for (Choice& choice : list) {
    fan_out.spreads.push_back(with_divisions(std::move(choice.spread)));
    count_lanes(level, fan_out.spreads.back());
  }
  std::ranges::stable_sort(fan_out.spreads, std::greater{}, &Spread::product);
  fan_out.at = std::make_unique<FanOut::OfPoint[]>(points);
}

void Space::count_lanes(std::size_t level, Spread& spread) const {
  for (std::size_t t = 0; t < problem.tensors.size(); ++t) {
    spread.share[t] = share_of(level, spread, t);
    spread.alone[t] = spread.copies[t] = 1;
    for (std::size_t axis = 0; axis < spread.axes.size(); ++axis)
      for (std::size_t rank = 0; rank < ranks.size(); ++rank) {
        if ((relevant_[t] >> rank & 1) != 0) continue;
        const double lanes = spread.axes[axis].of_rank[rank];
        spread.copies[t] *= lanes;
        if (!shares(level, axis, t)) spread.alone[t] *= lanes;
      }
  }
}

/// Lanes of ranks that do not move the tensor share a word; those of a window share at most all but
/// what its ends differ by.
double Space::share_of(std::size_t level, const Spread& spread, std::size_t tensor) const {
  std::array<double, max_nest_ranks> together;
  together.fill(1);
  for (std::size_t axis = 0; axis < spread.axes.size(); ++axis)
    if (shares(level, axis, tensor))
      for (std::size_t rank = 0; rank < ranks.size(); ++rank)
        together[rank] *= spread.axes[axis].of_rank[rank];
  double share = 1;
  for (std::size_t rank = 0; rank < ranks.size(); ++rank)
    if ((relevant_[tensor] >> rank & 1) == 0) share /= together[rank];
  if (options.convention == CountConvention::timeloop || problem.tensors[tensor].output)
    return share;
  for (const NestProjection& dimension : problem.tensors[tensor].dimensions) {
    double points = 1, lanes = 1;
    for (const NestTerm& term : dimension) {
      points += together[term.rank] - 1;
      lanes *= together[term.rank];
    }
    share *= points / lanes;
  }
  return share;
}

const std::vector<SpreadStep>& Space::spreads(std::size_t level, std::size_t point) const {
  const FanOut& fan_out = *fan_outs_[level];
  FanOut::OfPoint& entry = fan_out.at[point];
  std::call_once(entry.once, [&] {
    const Tile around = tile(point);
    const auto& divisible = fan_out.divisible;
    for (std::size_t word = 0; word * 64 < fan_out.spreads.size(); ++word) {
      std::uint64_t whole = ~std::uint64_t{0};
      for (std::size_t rank = 0; rank < ranks.size(); ++rank)
        whole &= divisible[rank][around[rank]][word];
      for (; whole != 0; whole &= whole - 1) {
        const auto i = static_cast<std::uint32_t>(
            word * 64 + static_cast<std::size_t>(std::countr_zero(whole)));
        Tile left = around;
        for (const auto& [rank, indices] : fan_out.spreads[i].left)
          left[rank] = static_cast<std::uint16_t>(indices[around[rank]]);
        entry.list.push_back({i, static_cast<std::uint32_t>(this->point(left))});
      }
    }
  });
  return entry.list;
}

void Space::make_divisible(FanOut& fan_out) const {
  const std::vector<Spread>& spreads = fan_out.spreads;
  fan_out.divisible.resize(ranks.size());
  const std::size_t words = (spreads.size() + 63) / 64;
  std::vector<std::uint64_t> all(words, ~std::uint64_t{0});
  if (spreads.size() % 64 != 0) all.back() = (std::uint64_t{1} << spreads.size() % 64) - 1;
  for (std::size_t rank = 0; rank < ranks.size(); ++rank)
    fan_out.divisible[rank].assign(ranks[rank].size.size(), all);
  for (std::size_t i = 0; i < spreads.size(); ++i)
    for (const auto& [rank, indices] : spreads[i].left)
      for (std::size_t size = 0; size < indices.size(); ++size)
        if (indices[size] < 0)
          fan_out.divisible[rank][size][i / 64] &= ~(std::uint64_t{1} << i % 64);
}

Spread Space::with_divisions(Spread spread) const {
  for (std::uint8_t rank = 0; rank < ranks.size(); ++rank) {
    std::vector<std::int32_t> left(ranks[rank].size.size());
    std::iota(left.begin(), left.end(), 0);
    bool moves = false;
    for (const Lanes& lanes : spread.axes) {
      if (lanes.of_rank[rank] == 1) continue;
      moves = true;
      for (std::int32_t& index : left)
        if (index >= 0) index = divided(rank, static_cast<std::size_t>(index), lanes.of_rank[rank]);
    }
    if (moves) spread.left.emplace_back(rank, std::move(left));
  }
  return spread;
}

/// Index of what `lanes` leave of size `index`; -1: they do not divide it, or idle.
std::int32_t Space::left_of(const RankSizes& sizes, std::size_t index, std::uint64_t lanes) const {
  const std::uint64_t around = sizes.size[index];
  if (lanes > around || (!options.ragged && around % lanes != 0)) return -1;
  const std::uint64_t size = ceil_div(around, lanes);
  if (ceil_div(around, size) != lanes) return -1;
  const auto found = std::lower_bound(sizes.size.begin(), sizes.size.end(), size);
  return *found == size ? static_cast<std::int32_t>(found - sizes.size.begin()) : -1;
}

}  // namespace sluice::search
