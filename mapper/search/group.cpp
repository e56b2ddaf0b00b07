// SPDX-License-Identifier: Apache-2.0
#include "mapper/search/group.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "mapper/nest/moves.hpp"
#include "mapper/nest/tally.hpp"

namespace sluice::search {
namespace {

struct SharedLoop {
  std::string rank;
  std::uint64_t tile = 1;
};

std::optional<std::size_t> rank_named(const Problem& problem, const std::string& name) {
  for (std::size_t rank = 0; rank < problem.ranks.size(); ++rank)
    if (problem.ranks[rank].name == name) return rank;
  return std::nullopt;
}

bool may_keep(const NestLevel& level, const std::string& tensor) {
  return level.keeps.empty() || std::ranges::find(level.keeps, tensor) != level.keeps.end();
}

/// Makes the starts of one group.
class Starter {
 public:
  Starter(const Group& group, const std::vector<Problem>& problems, const Hierarchy& hierarchy,
          CountConvention convention)
      : group_(group), hierarchy_(hierarchy), convention_(convention) {
    for (std::size_t i = group.first; i <= group.last; ++i) einsums_.push_back(&problems[i]);
  }

  std::vector<GroupStart> all() {
    for (const NestRank& rank : einsums_.front()->ranks)
      if (can_share(rank)) ranks_.push_back(rank);
    std::vector<SharedLoop> loops;
    extend(loops);
    return std::move(starts_);
  }

 private:
  /// Whether every Einsum has the rank, and cuts what passes between two of them alike.
  bool can_share(const NestRank& rank) const {
    if (rank.extent == 1) return false;
    for (const Problem* einsum : einsums_) {
      const auto own = rank_named(*einsum, rank.name);
      if (!own || einsum->ranks[*own].extent != rank.extent || einsum->ranks[*own].ordered)
        return false;
    }
    for (std::size_t j = 0; j < einsums_.size(); ++j)
      for (const NestTensor& made : einsums_[j]->tensors)
        for (std::size_t i = j + 1; made.output && i < einsums_.size(); ++i)
          for (const NestTensor& read : einsums_[i]->tensors)
            if (!read.output && read.name == made.name && !cuts_alike(j, made, i, read, rank.name))
              return false;
    return true;
  }

  bool cuts_alike(std::size_t j, const NestTensor& made, std::size_t i, const NestTensor& read,
                  const std::string& rank) const {
    if (made.dimensions.size() != read.dimensions.size()) return false;
    bool cut = false;
    for (std::size_t d = 0; d < made.dimensions.size(); ++d) {
      const auto terms = terms_of(*einsums_[j], made.dimensions[d]);
      const bool here =
          std::ranges::any_of(terms, [&](const auto& term) { return term.first == rank; });
      if (here && terms != terms_of(*einsums_[i], read.dimensions[d])) return false;
      cut = cut || here;
    }
    return cut;
  }

  void extend(std::vector<SharedLoop>& loops) {
    if (!loops.empty()) residents(loops);
    for (const NestRank& rank : ranks_) {
      if (std::ranges::find(loops, rank.name, &SharedLoop::rank) != loops.end()) continue;
      for (std::uint64_t tile = 1; tile < rank.extent; ++tile) {
        if (rank.extent % tile != 0) continue;
        loops.push_back({rank.name, tile});
        extend(loops);
        loops.pop_back();
      }
    }
  }

  bool is_whole(const std::string& name) const {
    return std::ranges::find(group_.whole, name, &WholeTensor::name) != group_.whole.end();
  }
  bool is_passed(const std::string& name) const {
    return std::ranges::find(group_.passed, name) != group_.passed.end();
  }

  /// What a loop does to a tensor, in any Einsum: 0 nothing, 1 slides it, 2 moves it.
  int effect(const std::string& tensor, const std::string& rank) const {
    int most = 0;
    for (const Problem* einsum : einsums_)
      for (const NestTensor& used : einsum->tensors) {
        if (used.name != tensor) continue;
        for (const NestProjection& dimension : used.dimensions)
          for (const NestTerm& term : dimension)
            if (einsum->ranks[term.rank].name == rank)
              most = std::max(most, dimension.size() > 1 ? 1 : 2);
      }
    return most;
  }

  /// Every choice of tensors that stay in the passing level while the loops run.
  void residents(const std::vector<SharedLoop>& loops) {
    std::vector<std::string> candidates;
    for (const Problem* einsum : einsums_)
      for (const NestTensor& used : einsum->tensors)
        if (!is_passed(used.name) && !is_whole(used.name) &&
            std::ranges::find(candidates, used.name) == candidates.end() &&
            may_keep(hierarchy_.levels[group_.level], used.name) &&
            effect(used.name, loops.back().rank) < 2)
          candidates.push_back(used.name);
    // When nothing stays, every iteration brings all anew, in whatever order.
    const bool ordered = std::ranges::is_sorted(loops, {}, &SharedLoop::rank);
    for (std::uint32_t set = ordered ? 0 : 1; set < 1u << candidates.size(); ++set) {
      std::map<std::string, std::size_t> depth;  // loops outside of each tensor that is kept
      for (const std::string& name : group_.passed) depth[name] = loops.size();
      for (std::size_t i = 0; i < candidates.size(); ++i) {
        if ((set >> i & 1) == 0) continue;
        std::size_t outside = loops.size();
        while (outside > 0 && effect(candidates[i], loops[outside - 1].rank) == 0) --outside;
        depth[candidates[i]] = outside;
      }
      start(loops, depth);
    }
  }

  /// The nodes that all Einsums begin with, as each of them writes them.
  void start(const std::vector<SharedLoop>& loops,
             const std::map<std::string, std::size_t>& depth) {
    CascadeMapping mapping;
    for (const Problem* einsum : einsums_) mapping.einsums.push_back({*einsum, {}, 0, "", 1});
    const auto keep = [&](std::size_t level, const auto& here) {
      std::vector<std::uint16_t> sets;
      for (const Problem* einsum : einsums_) {
        std::uint32_t set = 0;
        for (std::size_t t = 0; t < einsum->tensors.size(); ++t)
          if (here(einsum->tensors[t].name)) set |= 1u << t;
        sets.push_back(static_cast<std::uint16_t>(set));
      }
      if (std::ranges::all_of(sets, [](std::uint16_t set) { return set == 0; })) return;
      for (std::size_t i = 0; i < sets.size(); ++i) mapping.einsums[i].nest.keep(level, sets[i]);
    };
    keep(0, [&](const std::string& name) { return !is_passed(name) && !is_whole(name); });
    for (std::size_t level = 1; level < hierarchy_.levels.size(); ++level)
      keep(level, [&](const std::string& name) {
        return std::ranges::find(group_.whole, WholeTensor{name, level}) != group_.whole.end();
      });
    for (std::size_t at = 0; at <= loops.size(); ++at) {
      keep(group_.level, [&](const std::string& name) {
        const auto found = depth.find(name);
        return found != depth.end() && found->second == at;
      });
      if (at == loops.size()) break;
      for (MappedEinsum& einsum : mapping.einsums)
        einsum.nest.loop(*rank_named(einsum.problem, loops[at].rank), loops[at].tile);
    }
    for (std::size_t i = 1; i < mapping.einsums.size(); ++i)
      mapping.einsums[i].shared_nodes = mapping.einsums[i].nest.size();
    if (std::optional<GroupStart> made = finish(mapping)) starts_.push_back(std::move(*made));
  }

  /// What is counted and what room is taken; nothing where it does not fit.
  std::optional<GroupStart> finish(const CascadeMapping& mapping) const {
    GroupStart result;
    for (std::size_t i = 0; i < mapping.einsums.size(); ++i) {
      const MappedEinsum& einsum = mapping.einsums[i];
      result.nests.push_back(einsum.nest);
      Nest counted;
      std::vector<KeptTensor> kept;
      std::uint16_t inner = 0;  // tensors whose outermost keep is not counted
      for (std::size_t t = 0; t < einsum.problem.tensors.size(); ++t) {
        const NestTensor& tensor = einsum.problem.tensors[t];
        std::size_t level = is_passed(tensor.name) ? group_.level : 0;
        for (const WholeTensor& whole : group_.whole)
          if (whole.name == tensor.name) level = whole.level;
        const std::uint32_t found = convention_ == CountConvention::sluice && !tensor.output
                                        ? found_at(mapping, i, t)
                                        : static_cast<std::uint32_t>(einsum.nest.size());
        if (found < einsum.nest.size()) level = einsum.nest[found].level;
        if (level > 0) {
          kept.push_back({t, level});
          inner = static_cast<std::uint16_t>(inner | 1u << t);
        }
      }
      for (NestNode node : einsum.nest) {
        if (node.kind == NestKind::keep && node.level == 0)
          node.tensors = static_cast<std::uint16_t>(node.tensors & ~inner);
        counted.add(node);
      }
      result.counted.push_back(counted);
      result.kept.push_back(std::move(kept));
      result.reserved.push_back(room(mapping, i));
      result.least_pj += least_pj(einsum.problem, result.counted.back());
    }
    return result;
  }

  /// Energy of the operations of an Einsum, and of what the outermost level gives and takes, at
  /// least, when its nest begins so.
  double least_pj(const Problem& problem, const Nest& begin) const {
    const TallyRules rules(problem, hierarchy_, convention_);
    const NestLevel& memory = hierarchy_.levels.front();
    double sum = static_cast<double>(rules.operations) * hierarchy_.compute.pj;
    if (!rules.closed) return sum;
    Tally tally(rules);
    std::uint32_t outside = 0;
    const auto add = [&](std::uint32_t tensors) {
      for (std::size_t t = 0; t < problem.tensors.size(); ++t) {
        bool closed = true;
        if ((outside & tensors & 1u << t) == 0) continue;
        const Arrivals come = tally.arrivals(t, true, closed);
        if (!closed) continue;
        const NestTensor& data = problem.tensors[t];
        const double words = static_cast<double>(come.served) *
                             bits_at(memory, data.name, data.bits) / memory.word_bits /
                             static_cast<double>(memory.block * memory.cluster);
        sum += words * (data.output ? memory.update_pj : memory.read_pj);
      }
    };
    for (const NestNode& node : begin) {
      if (node.kind == NestKind::loop) {
        tally.loop(node.rank, node.tile);
        continue;
      }
      add(node.tensors);
      outside = node.level == 0 ? outside | node.tensors : outside & ~node.tensors;
      tally.keep(node.tensors);
    }
    tally.branch();
    add(outside);
    return sum;
  }

  /// Bits of each level that are taken while Einsum `index` runs, but for what it keeps itself.
  std::vector<std::uint64_t> room(const CascadeMapping& mapping, std::size_t index) const {
    std::vector<std::uint64_t> bits = group_.reserved;
    bits.resize(hierarchy_.levels.size());
    std::set<std::string> own;
    for (const NestTensor& tensor : mapping.einsums[index].problem.tensors) own.insert(tensor.name);
    std::map<std::pair<std::size_t, std::string>, std::uint64_t> others;
    for (std::size_t i = 0; i < mapping.einsums.size(); ++i) {
      const MappedEinsum& einsum = mapping.einsums[i];
      const RankChains chains = chains_of(einsum.nest, einsum.problem);
      for (std::uint32_t at = 0; at < einsum.nest.size(); ++at) {
        const NestNode& node = einsum.nest[at];
        if (node.kind != NestKind::keep || node.level == 0) continue;
        for (std::size_t t = 0; t < einsum.problem.tensors.size(); ++t) {
          const NestTensor& tensor = einsum.problem.tensors[t];
          if ((node.tensors >> t & 1) == 0 || own.contains(tensor.name)) continue;
          if (!lives(mapping, tensor.name, at, index)) continue;
          const NestLevel& level = hierarchy_.levels[node.level];
          std::uint64_t& most = others[{node.level, tensor.name}];
          most = std::max(most, tile_words(tensor, chains, at) *
                                    bits_at(level, tensor.name, tensor.bits) *
                                    (level.double_buffered ? 2 : 1));
        }
      }
    }
    for (const auto& [key, most] : others) bits[key.first] += most;
    return bits;
  }

  /// Whether a tile that is kept at node `at` is there while Einsum `index` runs: between its first
  /// and last use; always, where a loop comes back to it or leaves a part of it in place, and where
  /// it is all of a tensor that is made or read bit by bit.
  bool lives(const CascadeMapping& mapping, const std::string& name, std::uint32_t at,
             std::size_t index) const {
    if (is_whole(name)) return true;
    const MappedEinsum& any = mapping.einsums.front();
    for (std::uint32_t other = 0; other < any.nest.size(); ++other) {
      if (any.nest[other].kind != NestKind::loop) continue;
      const bool moves = effect(name, any.problem.ranks[any.nest[other].rank].name) == 2;
      if (other > at || !moves) return true;
    }
    bool before = false, after = false;
    for (std::size_t i = 0; i < mapping.einsums.size(); ++i)
      for (const NestTensor& tensor : mapping.einsums[i].problem.tensors)
        if (tensor.name == name) (i <= index ? before : after) = true;
    return before && after;
  }

  const Group& group_;
  const Hierarchy& hierarchy_;
  CountConvention convention_;
  std::vector<const Problem*> einsums_;
  std::vector<NestRank> ranks_;
  std::vector<GroupStart> starts_;
};

}  // namespace

std::vector<GroupStart> starts_of(const Group& group, const std::vector<Problem>& problems,
                                  const Hierarchy& hierarchy, CountConvention convention) {
  return Starter(group, problems, hierarchy, convention).all();
}

}  // namespace sluice::search
