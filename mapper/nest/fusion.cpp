// SPDX-License-Identifier: Apache-2.0
#include "mapper/nest/fusion.hpp"

#include <algorithm>
#include <map>

#include "mapper/nest/moves.hpp"

namespace sluice {
namespace {

/// The position of the outermost keep of a tensor, or the size of the nest.
std::uint32_t home_of(const Nest& nest, std::size_t tensor) {
  for (std::uint32_t at = 0; at < nest.size(); ++at)
    if (nest[at].kind == NestKind::keep && (nest[at].tensors >> tensor & 1) != 0) return at;
  return static_cast<std::uint32_t>(nest.size());
}

/// Index of the tensor of this name that is (not) the output; the number of tensors if none.
std::size_t find_tensor(const Problem& problem, const std::string& name, bool output) {
  std::size_t i = 0;
  while (i < problem.tensors.size() &&
         (problem.tensors[i].name != name || problem.tensors[i].output != output))
    ++i;
  return i;
}

const NestTensor* output_of(const Problem& problem) {
  const auto found = std::ranges::find(problem.tensors, true, &NestTensor::output);
  return found == problem.tensors.end() ? nullptr : &*found;
}

/// The first and last Einsum that run in node `at` of Einsum `index`.
std::pair<std::size_t, std::size_t> runners(const CascadeMapping& mapping, std::size_t index,
                                            std::size_t at) {
  std::size_t first = index, last = index;
  while (first > 0 && mapping.einsums[first].shared_nodes > at) --first;
  while (last + 1 < mapping.einsums.size() && mapping.einsums[last + 1].shared_nodes > at) ++last;
  return {first, last};
}

/// Collects the tiles of every keep; those of one tensor at one node, or at one level where the
/// whole tensor waits for its readers, are one.
class LiveTiles {
 public:
  LiveTiles(const CascadeMapping& mapping, const Hierarchy& hierarchy)
      : mapping_(mapping), hierarchy_(hierarchy), exchanges_(exchanges_of(mapping)) {}

  std::vector<LiveTile> collect() {
    for (std::size_t i = 0; i < mapping_.einsums.size(); ++i) {
      const MappedEinsum& einsum = mapping_.einsums[i];
      const RankChains chains = chains_of(einsum.nest, einsum.problem);
      for (std::uint32_t at = 0; at < einsum.nest.size(); ++at)
        for (std::size_t t = 0; t < einsum.problem.tensors.size(); ++t)
          if (einsum.nest[at].kind == NestKind::keep && (einsum.nest[at].tensors >> t & 1) != 0)
            add(i, at, t, tile_words(einsum.problem.tensors[t], chains, at));
    }
    std::vector<LiveTile> tiles;
    for (const auto& [key, tile] : tiles_) tiles.push_back(tile);
    return tiles;
  }

 private:
  /// Level, tensor, output or not, and the node: the first Einsum that runs in it and its position.
  /// Whole tensors have no node.
  using Key = std::tuple<std::size_t, std::string, bool, std::size_t, std::size_t>;

  void add(std::size_t index, std::uint32_t at, std::size_t t, std::uint64_t words) {
    const MappedEinsum& einsum = mapping_.einsums[index];
    const NestTensor& tensor = einsum.problem.tensors[t];
    const NestNode& node = einsum.nest[at];
    const NestLevel& level = hierarchy_.levels[node.level];
    const std::uint64_t copies = level.double_buffered || node.twice ? 2 : 1;
    LiveTile tile{tensor.name, node.level, index, index,
                  words * bits_at(level, tensor.name, tensor.bits) * copies};
    const bool whole = home_of(einsum.nest, t) == at && !is_inside(tensor.name, index);
    if (whole) {
      wait(tile);
    } else {
      persist(tile, index, at, tensor);
    }
    const std::size_t first = runners(mapping_, index, at).first;
    // An output that is also read (a recurrence) needs the old value beside the new one.
    const bool both = tensor.output && find_tensor(einsum.problem, tensor.name, false) <
                                           einsum.problem.tensors.size();
    const Key key{node.level, tensor.name, both, whole ? mapping_.einsums.size() : first,
                  whole ? 0 : at};
    const auto [found, added] = tiles_.emplace(key, tile);
    if (added) return;
    LiveTile& known = found->second;
    known.first = std::min(known.first, tile.first);
    known.last = std::max(known.last, tile.last);
    known.bits = std::max(known.bits, tile.bits);
  }

  bool is_inside(const std::string& tensor, std::size_t index) const {
    return std::ranges::any_of(exchanges_, [&](const Exchange& exchange) {
      return exchange.inside && exchange.tensor == tensor && exchange.first <= index &&
             index <= exchange.last;
    });
  }

  /// A tensor that is kept whole is there from where it is made, or the beginning, until its last
  /// reader is done, or the end.
  void wait(LiveTile& tile) const {
    const auto exchange = std::ranges::find(exchanges_, tile.tensor, &Exchange::tensor);
    const bool made = exchange != exchanges_.end();
    tile.first = made ? exchange->first : 0;
    tile.last = made ? exchange->last : mapping_.einsums.size() - 1;
  }

  /// A tile outlives its Einsum where a loop comes back to it: one further in that others run in
  /// too, or one further out that leaves some of it in place.
  void persist(LiveTile& tile, std::size_t index, std::uint32_t at,
               const NestTensor& tensor) const {
    const Nest& nest = mapping_.einsums[index].nest;
    std::uint32_t sliding = 0;
    for (const NestProjection& dimension : tensor.dimensions)
      for (const NestTerm& term : dimension)
        if (dimension.size() > 1) sliding |= 1u << term.rank;
    for (std::uint32_t other = 0; other < nest.size(); ++other) {
      if (nest[other].kind != NestKind::loop) continue;
      const bool moves =
          depends_on(tensor, nest[other].rank) && (sliding >> nest[other].rank & 1) == 0;
      if (other < at && (moves || !shares(index, at))) continue;
      const auto [first, last] = runners(mapping_, index, other < at ? at : other);
      tile.first = std::min(tile.first, first);
      tile.last = std::max(tile.last, last);
    }
  }

  bool shares(std::size_t index, std::uint32_t at) const {
    const auto [first, last] = runners(mapping_, index, at);
    return first != last;
  }

  const CascadeMapping& mapping_;
  const Hierarchy& hierarchy_;
  std::vector<Exchange> exchanges_;
  std::map<Key, LiveTile> tiles_;
};

/// The nest of an Einsum without the keeps outside of one where it finds or leaves a tensor.
Nest without_outer(const Nest& nest, std::size_t tensor, std::uint32_t position) {
  Nest result;
  for (std::uint32_t at = 0; at < nest.size(); ++at) {
    NestNode node = nest[at];
    if (at < position && node.kind == NestKind::keep)
      node.tensors = static_cast<std::uint16_t>(node.tensors & ~(1u << tensor));
    result.add(node);
  }
  return result;
}

/// Whether the tile of a tensor at a node that two Einsums share is the same for both: in each
/// dimension the same terms, or all that each reaches of it where no loop around the node cuts.
bool same_tile(const MappedEinsum& left, const NestTensor& a, const MappedEinsum& finds,
               const NestTensor& b, std::uint32_t at) {
  if (a.dimensions.size() != b.dimensions.size()) return false;
  const RankChains chains = chains_of(finds.nest, finds.problem);
  const RankChains others = chains_of(left.nest, left.problem);
  for (std::size_t d = 0; d < a.dimensions.size(); ++d) {
    if (terms_of(left.problem, a.dimensions[d]) == terms_of(finds.problem, b.dimensions[d]))
      continue;
    const NestTensor here{"", {b.dimensions[d]}, false, 8}, there{"", {a.dimensions[d]}, false, 8};
    const std::uint64_t needed = tile_words(here, chains, at);
    if (needed != tile_words(here, chains, 0) ||
        tile_words(there, others, at) != tile_words(there, others, 0) ||
        needed > tile_words(there, others, 0))
      return false;
  }
  return true;
}

}  // namespace

Terms terms_of(const Problem& problem, const NestProjection& dimension) {
  Terms terms;
  for (const NestTerm& term : dimension)
    terms.emplace_back(problem.ranks[term.rank].name, term.coefficient);
  std::ranges::sort(terms);
  return terms;
}

std::size_t shared_nodes(const CascadeMapping& mapping, std::size_t a, std::size_t b) {
  if (a > b) std::swap(a, b);
  std::size_t shared =
      a == b ? mapping.einsums[a].nest.size() : mapping.einsums[a + 1].shared_nodes;
  for (std::size_t i = a + 1; i <= b; ++i)
    shared = std::min(shared, mapping.einsums[i].shared_nodes);
  return shared;
}

std::uint32_t found_at(const CascadeMapping& mapping, std::size_t index, std::size_t tensor) {
  const MappedEinsum& reader = mapping.einsums[index];
  const auto none = static_cast<std::uint32_t>(reader.nest.size());
  const NestTensor& read = reader.problem.tensors[tensor];
  for (auto at = static_cast<std::uint32_t>(reader.shared_nodes); at-- > 0;) {
    if (reader.nest[at].kind != NestKind::keep || (reader.nest[at].tensors >> tensor & 1) == 0)
      continue;
    for (std::size_t before = index; before-- > 0 && shared_nodes(mapping, before, index) > at;) {
      const MappedEinsum& other = mapping.einsums[before];
      for (const NestTensor& left : other.problem.tensors)
        if (left.name == read.name && same_tile(other, left, reader, read, at)) return at;
    }
  }
  return none;
}

std::uint64_t branches_of(const CascadeMapping& mapping, std::size_t index) {
  std::uint64_t branches = 0;
  for (std::size_t other = 0; other < mapping.einsums.size(); ++other)
    if (other != index) {
      const std::size_t shared = shared_nodes(mapping, index, other);
      if (shared > 0 && shared < max_nest_nodes) branches |= std::uint64_t{1} << shared;
    }
  return branches;
}

std::vector<Exchange> exchanges_of(const CascadeMapping& mapping) {
  std::vector<Exchange> exchanges;
  for (std::size_t i = 0; i < mapping.einsums.size(); ++i) {
    const MappedEinsum& made = mapping.einsums[i];
    const NestTensor* output = output_of(made.problem);
    if (output == nullptr) continue;
    const std::size_t t = find_tensor(made.problem, output->name, true);
    const std::uint32_t home = home_of(made.nest, t);
    Exchange exchange{output->name, i, i, i, home < made.nest.size() ? made.nest[home].level : 0u,
                      true};
    for (std::size_t j = 0; j < mapping.einsums.size(); ++j) {
      const MappedEinsum& reader = mapping.einsums[j];
      const std::size_t read = find_tensor(reader.problem, output->name, false);
      if (j == i || read == reader.problem.tensors.size()) continue;
      exchange.first = std::min(exchange.first, j);
      exchange.last = std::max(exchange.last, j);
      exchange.inside = exchange.inside && home_of(reader.nest, read) == home &&
                        shared_nodes(mapping, i, j) > home;
    }
    if (exchange.first < exchange.last) exchanges.push_back(exchange);
  }
  return exchanges;
}

std::vector<LiveTile> live_tiles(const CascadeMapping& mapping, const Hierarchy& hierarchy) {
  return LiveTiles(mapping, hierarchy).collect();
}

std::uint64_t peak_bits(const std::vector<LiveTile>& tiles, std::size_t level) {
  std::uint64_t peak = 0;
  for (const LiveTile& begin : tiles) {
    std::uint64_t sum = 0;
    for (const LiveTile& tile : tiles)
      if (tile.level == level && tile.first <= begin.first && begin.first <= tile.last)
        sum += tile.bits;
    peak = std::max(peak, sum);
  }
  return peak;
}

CascadeCost evaluate(const CascadeMapping& mapping, const Hierarchy& hierarchy,
                     CountConvention convention) {
  CascadeCost total;
  for (std::size_t i = 0; i < mapping.einsums.size(); ++i) {
    const MappedEinsum& einsum = mapping.einsums[i];
    const Hierarchy part = part_for(hierarchy, einsum.unit).value_or(hierarchy);
    Nest nest = einsum.nest;
    if (convention == CountConvention::sluice)
      for (std::size_t t = 0; t < einsum.problem.tensors.size(); ++t)
        if (!einsum.problem.tensors[t].output)
          if (const std::uint32_t at = found_at(mapping, i, t); at < nest.size())
            nest = without_outer(nest, t, at);
    EinsumCost cost;
    count_accesses(nest, einsum.problem, part, {convention, branches_of(mapping, i)}, cost.counts);
    cost.counts.steps *= einsum.cycles;
    cost.cost = price(cost.counts, einsum.problem, part, convention);
    total.cycles += cost.cost.cycles;
    total.latency += cost.cost.latency;
    total.total_pj += cost.cost.total_pj;
    total.einsums.push_back(std::move(cost));
  }
  return total;
}

}  // namespace sluice
