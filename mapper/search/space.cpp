// SPDX-License-Identifier: Apache-2.0
#include "mapper/search/space.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <functional>
#include <numeric>
#include <string>
#include <unordered_set>

#include "base/checked.hpp"
#include "base/sorted_set.hpp"
#include "mapper/nest/moves.hpp"

namespace sluice::search {
namespace {

/// Sizes of the tiles of a rank: its divisors, or the least size for every number of tiles.
std::vector<std::uint64_t> sizes_of(std::uint64_t extent, bool ragged) {
  std::vector<std::uint64_t> sizes;
  for (std::uint64_t i = 1; i * i <= extent; ++i) {
    if (!ragged && extent % i != 0) continue;
    sizes.push_back(ragged ? i : i);
    sizes.push_back(ceil_div(extent, i));
  }
  if (ragged)  // the least size of each number of tiles, and no other
    for (std::uint64_t& size : sizes) size = ceil_div(extent, ceil_div(extent, size));
  sort_unique(sizes);
  return sizes;
}

bool names(const std::vector<std::string>& list, const std::string& name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

}  // namespace

Space::Space(const Problem& problem, const Hierarchy& hierarchy, const SearchOptions& options)
    : problem(problem),
      hierarchy(hierarchy),
      options(options),
      counter(problem, hierarchy, options.convention),
      pricer(problem, hierarchy, options.convention) {
  for (std::size_t t = 0; t < problem.tensors.size(); ++t)
    for (const NestProjection& dimension : problem.tensors[t].dimensions) {
      std::size_t moving = 0;
      for (const NestTerm& term : dimension) moving += problem.ranks[term.rank].extent > 1 ? 1 : 0;
      for (const NestTerm& term : dimension) {
        relevant_[t] |= 1u << term.rank;
        if (moving > 1) sliding_[t] |= 1u << term.rank;
      }
    }
  latched_ = hierarchy.compute.latch;
  if (options.convention == CountConvention::timeloop) {
    std::uint64_t lanes = 1;
    for (const FanOutAxis& axis : hierarchy.levels.back().fan_out) lanes *= axis.size;
    latched_ = latched_ || lanes > 1;
  }
  make_sizes();
  read_shared();
  make_keeps();
  make_lanes();
  make_divisions();
  make_spreads();
  make_divisible();
  orders_ = std::make_unique<OrdersOfMask[]>(std::size_t{2} << problem.ranks.size());
}

void Space::make_sizes() {
  for (const NestRank& rank : problem.ranks) {
    RankSizes sizes{sizes_of(rank.extent, options.ragged), {}, {}};
    for (const std::uint64_t size : sizes.size) {
      sizes.inside.emplace_back();
      for (std::size_t i = 0; i < sizes.size.size() && sizes.size[i] <= size; ++i)
        if (options.ragged || size % sizes.size[i] == 0)
          sizes.inside.back().push_back(static_cast<std::uint16_t>(i));
    }
    points *= sizes.size.size();
    ranks.push_back(std::move(sizes));
  }
}

/// What the shared nodes keep and leave.
void Space::read_shared() {
  begin_ = whole();
  for (const NestNode& node : options.shared) {
    if (node.kind == NestKind::loop) {
      const auto& sizes = ranks[node.rank].size;
      begin_[node.rank] = static_cast<std::uint16_t>(
          std::lower_bound(sizes.begin(), sizes.end(), node.tile) - sizes.begin());
      continue;
    }
    if (node.level == 0) continue;
    resident_[node.level] = static_cast<std::uint16_t>(resident_[node.level] | node.tensors);
    const NestLevel& memory = hierarchy.levels[node.level];
    for (std::size_t t = 0; t < problem.tensors.size(); ++t)
      if ((node.tensors >> t & 1) != 0)
        resident_bits_[node.level] +=
            words(t, begin_) * bits_at(memory, problem.tensors[t].name, problem.tensors[t].bits) *
            (memory.double_buffered ? 2 : 1);
  }
}

void Space::make_keeps() {
  const std::size_t tensors = problem.tensors.size(), levels = hierarchy.levels.size();
  std::array<std::size_t, max_nest_tensors> home{};  // the outermost level of each
  Keeps may{}, must{};
  for (std::size_t level = 0; level < levels; ++level)
    for (std::size_t t = 0; t < tensors; ++t) {
      const auto& list = hierarchy.levels[level].keeps;
      if (list.empty() || names(list, problem.tensors[t].name))
        may[level] = static_cast<std::uint16_t>(may[level] | 1u << t);
    }
  for (std::size_t t = 0; t < tensors; ++t) {
    for (const KeptTensor& kept : options.kept)
      if (kept.tensor == t) home[t] = kept.level;
    while (home[t] < levels && (may[home[t]] >> t & 1) == 0) ++home[t];
    if (home[t] == levels) return;  // it may be kept nowhere: no choice is left
    must[home[t]] = static_cast<std::uint16_t>(must[home[t]] | 1u << t);
    for (std::size_t level = 0; level < home[t]; ++level) {
      may[level] = static_cast<std::uint16_t>(may[level] & ~(1u << t));
      if ((resident_[home[t]] >> t & 1) == 0) uncut_[level] |= relevant_[t];
    }
    for (std::size_t level = 1; level < levels; ++level) {
      if ((resident_[level] >> t & 1) == 0) continue;
      must[level] = static_cast<std::uint16_t>(must[level] | 1u << t);
      for (std::size_t outer = 1; outer < level; ++outer)
        if ((resident_[outer] >> t & 1) == 0)
          may[outer] = static_cast<std::uint16_t>(may[outer] & ~(1u << t));
    }
  }
  for (const HeldTensor& held : options.held)
    for (std::size_t t = 0; t < tensors; ++t)
      if (problem.tensors[t].name == held.tensor)
        must[held.level] =
            static_cast<std::uint16_t>(must[held.level] | (may[held.level] & 1u << t));
  keeps_.push_back({});
  for (std::size_t level = 0; level < levels; ++level) {
    std::vector<Keeps> more;
    for (const Keeps& outer : keeps_)
      for (std::uint32_t set = 0; set < 1u << tensors; ++set) {
        if ((set & ~may[level]) != 0 || (set & must[level]) != must[level]) continue;
        if (level == 0 && set != must[0]) continue;
        more.push_back(outer);
        more.back()[level] = static_cast<std::uint16_t>(set);
      }
    keeps_ = std::move(more);
  }
}

void Space::make_lanes() {
  for (std::size_t level = 0; level < hierarchy.levels.size(); ++level) {
    most_lanes_[level] = 1;
    lanes_.emplace_back();
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
            most_of_rank_[rank] = std::max(most_of_rank_[rank], factor);
          }
        list = std::move(more);
      }
      std::stable_sort(list.begin(), list.end(),
                       [](const Lanes& a, const Lanes& b) { return a.product > b.product; });
      most_lanes_[level] *= list.front().product;
      lanes_.back().push_back(std::move(list));
    }
  }
}

double Space::words_of_element(std::size_t level, std::size_t tensor) const {
  if (options.convention == CountConvention::timeloop) return 1;
  const NestLevel& memory = hierarchy.levels[level];
  const NestTensor& data = problem.tensors[tensor];
  return static_cast<double>(bits_at(memory, data.name, data.bits)) / memory.word_bits;
}

double Space::blocks_of_element(std::size_t level, std::size_t tensor) const {
  const NestLevel& memory = hierarchy.levels[level];
  return words_of_element(level, tensor) / static_cast<double>(memory.block * memory.cluster);
}

bool Space::shares(std::size_t level, std::size_t axis, std::size_t tensor) const {
  return options.convention == CountConvention::timeloop || !separate(level, axis, tensor);
}

bool Space::separate(std::size_t level, std::size_t axis, std::size_t tensor) const {
  return names(hierarchy.levels[level].fan_out[axis].separate, problem.tensors[tensor].name);
}

Tile Space::whole() const {
  Tile tile{};
  for (std::size_t rank = 0; rank < ranks.size(); ++rank)
    tile[rank] = static_cast<std::uint16_t>(ranks[rank].size.size() - 1);
  return tile;
}

std::size_t Space::point(const Tile& tile) const {
  std::size_t point = 0;
  for (std::size_t rank = 0; rank < ranks.size(); ++rank)
    point = point * ranks[rank].size.size() + tile[rank];
  return point;
}

Tile Space::tile(std::size_t point) const {
  Tile tile{};
  for (std::size_t rank = ranks.size(); rank-- > 0;) {
    tile[rank] = static_cast<std::uint16_t>(point % ranks[rank].size.size());
    point /= ranks[rank].size.size();
  }
  return tile;
}

void Space::make_divisions() {
  for (std::size_t rank = 0; rank < ranks.size(); ++rank) {
    RankSizes& sizes = ranks[rank];
    for (std::uint64_t lanes = 0; lanes <= most_of_rank_[rank]; ++lanes)
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

void Space::make_spreads() {
  for (std::size_t level = 0; level < hierarchy.levels.size(); ++level) {
    const std::size_t axes = lanes_[level].size();
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
        for (const Lanes& lanes : lanes_[level][axis]) {
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
    spreads_.emplace_back();
    for (Choice& choice : list) {
      spreads_.back().push_back(with_divisions(std::move(choice.spread)));
      count_lanes(level, spreads_.back().back());
    }
    std::ranges::stable_sort(spreads_.back(), std::greater{}, &Spread::product);
    spreads_at_.push_back(std::make_unique<SpreadsOfPoint[]>(points));
  }
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
  SpreadsOfPoint& entry = spreads_at_[level][point];
  std::call_once(entry.once, [&] {
    const Tile around = tile(point);
    const auto& divisible = divisible_[level];
    for (std::size_t word = 0; word * 64 < spreads_[level].size(); ++word) {
      std::uint64_t whole = ~std::uint64_t{0};
      for (std::size_t rank = 0; rank < ranks.size(); ++rank)
        whole &= divisible[rank][around[rank]][word];
      for (; whole != 0; whole &= whole - 1) {
        const auto i = static_cast<std::uint32_t>(
            word * 64 + static_cast<std::size_t>(std::countr_zero(whole)));
        Tile left = around;
        for (const auto& [rank, indices] : spreads_[level][i].left)
          left[rank] = static_cast<std::uint16_t>(indices[around[rank]]);
        entry.list.push_back({i, static_cast<std::uint32_t>(this->point(left))});
      }
    }
  });
  return entry.list;
}

void Space::make_divisible() {
  for (const std::vector<Spread>& spreads : spreads_) {
    auto& of_level = divisible_.emplace_back(ranks.size());
    const std::size_t words = (spreads.size() + 63) / 64;
    std::vector<std::uint64_t> all(words, ~std::uint64_t{0});
    if (spreads.size() % 64 != 0) all.back() = (std::uint64_t{1} << spreads.size() % 64) - 1;
    for (std::size_t rank = 0; rank < ranks.size(); ++rank)
      of_level[rank].assign(ranks[rank].size.size(), all);
    for (std::size_t i = 0; i < spreads.size(); ++i)
      for (const auto& [rank, indices] : spreads[i].left)
        for (std::size_t size = 0; size < indices.size(); ++size)
          if (indices[size] < 0) of_level[rank][size][i / 64] &= ~(std::uint64_t{1} << i % 64);
  }
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

bool Space::divided(const Tile& tile, const Lanes& lanes, Tile& left) const {
  left = tile;
  for (std::size_t rank = 0; rank < ranks.size(); ++rank) {
    if (lanes.of_rank[rank] == 1) continue;
    const std::int32_t index = divided(rank, tile[rank], lanes.of_rank[rank]);
    if (index < 0) return false;
    left[rank] = static_cast<std::uint16_t>(index);
  }
  return true;
}

std::uint64_t Space::words(std::size_t tensor, const Tile& tile) const {
  std::uint64_t words = 1;
  for (const NestProjection& dimension : problem.tensors[tensor].dimensions) {
    std::array<std::uint64_t, max_nest_ranks> sizes;
    for (std::size_t i = 0; i < dimension.size(); ++i)
      sizes[i] = size(dimension[i].rank, tile[dimension[i].rank]);
    words *= dimension.size() == 1 ? sizes[0] : distinct_points(dimension, sizes.data());
  }
  return words;
}

bool Space::fits(std::size_t level, std::uint16_t tensors, const Tile& tile) const {
  const NestLevel& memory = hierarchy.levels[level];
  if (memory.capacity_bits == 0) return true;
  std::uint64_t bits = taken_bits(level);
  tensors = static_cast<std::uint16_t>(tensors & ~resident_[level]);
  for (std::size_t t = 0; t < problem.tensors.size() && bits <= memory.capacity_bits; ++t)
    if ((tensors >> t & 1) != 0)
      bits += words(t, tile) * bits_at(memory, problem.tensors[t].name, problem.tensors[t].bits) *
              (memory.double_buffered ? 2 : 1);
  return bits <= memory.capacity_bits;
}

}  // namespace sluice::search
