// SPDX-License-Identifier: Apache-2.0
#include "mapper/search/space.hpp"

#include <algorithm>
#include <string>

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
    sizes.push_back(i);
    sizes.push_back(ceil_div(extent, i));
  }
  if (ragged)  // the least size of each number of tiles, and no other
    for (std::uint64_t& size : sizes) size = ceil_div(extent, ceil_div(extent, size));
  sort_unique(sizes);
  return sizes;
}

/// Of the sizes inside of the last one but itself, those that fit into no other.
std::vector<std::uint16_t> largest_of(const RankSizes& sizes) {
  std::vector<std::uint16_t> largest(sizes.inside.back().begin(), sizes.inside.back().end() - 1);
  std::vector<std::uint16_t> covered;
  for (const std::uint16_t size : largest)
    covered.insert(covered.end(), sizes.inside[size].begin(), sizes.inside[size].end() - 1);
  std::erase_if(largest, [&](std::uint16_t size) {
    return std::find(covered.begin(), covered.end(), size) != covered.end();
  });
  return largest;
}

bool names(const std::vector<std::string>& list, const std::string& name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

}  // namespace

Space::Space(const Problem& problem, const Hierarchy& hierarchy, const SearchOptions& options,
             Memo& memo)
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
  make_fan_outs(memo);
  orders_ = std::make_unique<OrdersOfMask[]>(std::size_t{2} << problem.ranks.size());
}

void Space::make_sizes() {
  for (const NestRank& rank : problem.ranks) {
    RankSizes sizes{sizes_of(rank.extent, options.ragged), {}, {}, {}};
    const std::uint64_t least = least_of(ranks.size());
    std::erase_if(sizes.size, [&](std::uint64_t size) { return size != 1 && size % least != 0; });
    for (const std::uint64_t size : sizes.size) {
      sizes.inside.emplace_back();
      for (std::size_t i = 0; i < sizes.size.size() && sizes.size[i] <= size; ++i)
        if (options.ragged || size % sizes.size[i] == 0)
          sizes.inside.back().push_back(static_cast<std::uint16_t>(i));
      sizes.next.push_back(largest_of(sizes));
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
  for (std::size_t rank = 0; rank < options.least.size(); ++rank)
    if (size(rank, tile[rank]) < least_of(rank)) return false;
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
