// SPDX-License-Identifier: Apache-2.0
// Passes over rank families, after section 3 of FuseMax (MICRO 2024), and what they keep alive.
#include "workloads/cascade/passes.hpp"

#include <algorithm>
#include <set>

#include "workloads/cascade/graph.hpp"

namespace sluice {
namespace {

/// The ranks of an index that is a position in a mixed radix, such as m1*M0+m0; else nothing.
std::vector<std::string> split_of(const TensorIndex& index, const Cascade& cascade) {
  if (!index.gathers.empty()) return {};
  std::vector<std::pair<std::int64_t, std::string>> parts;
  for (const std::string& rank : ranks_of(TensorAccess{{}, {index}}))
    parts.emplace_back(coefficient_of(index, rank), rank);
  std::ranges::sort(parts);
  std::vector<std::string> ranks;
  std::int64_t next = 1;
  for (const auto& [coefficient, rank] : parts) {
    if (coefficient != next) return {};
    const auto size = static_cast<std::int64_t>(cascade.find_rank(rank)->size);
    if (__builtin_mul_overflow(next, size, &next)) return {};
    ranks.insert(ranks.begin(), rank);
  }
  return ranks.size() > 1 ? ranks : std::vector<std::string>{};
}

bool has_any(const std::vector<std::size_t>& ids, const std::vector<bool>& set) {
  return std::ranges::any_of(ids, [&](std::size_t id) { return set[id]; });
}

void add_once(std::vector<std::size_t>& list, std::size_t id) {
  if (std::ranges::find(list, id) == list.end()) list.push_back(id);
}

}  // namespace

PassCounter::PassCounter(const Cascade& cascade) : cascade_(cascade) {
  for (const CascadeRank& rank : cascade.ranks) rank_ids_.emplace(rank.name, rank_ids_.size());
  for (const CascadeTensor& tensor : cascade.tensors)
    tensor_ids_.emplace(tensor.name, tensor_ids_.size());
  for (const Einsum& einsum : cascade.einsums)
    writers_[einsum.output.tensor].push_back(&einsum.output);
  for (const CascadeStep& step : schedule_of(cascade))
    for (const std::size_t i : step.einsums) {
      const Einsum& einsum = cascade.einsums[i];
      Node& node = nodes_.emplace_back(Node{i,
                                            tensor_ids_.at(einsum.output.tensor),
                                            ids_of(ranks_of(einsum)),
                                            ids_of(ranks_of(einsum.output)),
                                            {}});
      for (const TensorAccess* read : reads_of(einsum)) node.reads.push_back(read_of(*read));
    }
}

std::vector<std::size_t> PassCounter::ids_of(const std::vector<std::string>& ranks) const {
  std::vector<std::size_t> ids;
  for (const std::string& rank : ranks) ids.push_back(rank_ids_.at(rank));
  return ids;
}

PassCounter::Read PassCounter::read_of(const TensorAccess& access) const {
  Read read{tensor_ids_.at(access.tensor), ids_of(ranks_of(access)), {}};
  const auto writers = writers_.find(access.tensor);
  if (writers == writers_.end()) return read;
  const CascadeTensor& tensor = cascade_.tensors[read.tensor];
  for (std::size_t d = 0; d < access.indices.size(); ++d) {
    const TensorIndex& index = access.indices[d];
    if (!ranks_of(TensorAccess{{}, {index}}).empty() || !index.gathers.empty()) continue;
    if (constant_of(index) + 1 != static_cast<std::int64_t>(tensor.dimensions[d].size)) continue;
    for (const TensorAccess* writer : writers->second)
      for (const std::size_t id : ids_of(ranks_of(TensorAccess{{}, {writer->indices[d]}})))
        add_once(read.ending, id);
  }
  return read;
}

/// One family.
struct PassCounter::Walk {
  std::vector<bool> in_family;
  std::vector<std::vector<std::size_t>> covers;
  std::vector<State> states;
  std::map<std::size_t, std::set<std::uint32_t>> traversals;

  bool traverses(const Node& node) const {
    return std::ranges::any_of(covers, [&](const auto& cover) {
      return std::ranges::all_of(cover, [&](std::size_t rank) {
        return std::ranges::find(node.ranks, rank) != node.ranks.end();
      });
    });
  }

  std::uint32_t follow(const Node& node) {
    std::uint32_t needed = 0, latest = 0;
    State made;
    for (const Read& read : node.reads) {
      const State& input = states[read.tensor];
      const bool waits = has_any(read.ending, in_family);
      latest = std::max(latest, input.made);
      needed = std::max(needed, waits ? std::max(input.ended, input.made) : input.ended);
      if (!has_any(read.ranks, in_family)) continue;
      for (const std::size_t origin : input.origins) add_once(made.origins, origin);
      if (input.origins.empty()) add_once(made.origins, read.tensor);
    }
    const bool traversal = traverses(node), keeps = has_any(node.kept, in_family);
    made.made = traversal ? std::max(needed + 1, latest) : std::max(latest, needed);
    made.ended = keeps ? needed : made.made;
    if (traversal && made.origins.empty()) made.origins.push_back(node.output);
    if (traversal)
      for (const std::size_t origin : made.origins) traversals[origin].insert(made.made);
    if (!keeps) made.origins.clear();
    State& state = states[node.output];
    state.made = std::max(state.made, made.made);
    state.ended = std::max(state.ended, made.ended);
    for (const std::size_t origin : made.origins) add_once(state.origins, origin);
    return traversal ? made.made : 0;
  }
};

PassFacts PassCounter::count(const RankFamily& family) const {
  PassFacts facts{family, 0, std::vector<std::uint32_t>(cascade_.einsums.size())};
  Walk walk;
  walk.in_family.resize(rank_ids_.size());
  walk.states.resize(tensor_ids_.size());
  for (const auto& cover : family.covers) {
    walk.covers.push_back(ids_of(cover));
    for (const std::size_t rank : walk.covers.back()) walk.in_family[rank] = true;
  }
  for (const Node& node : nodes_) facts.stages[node.einsum] = walk.follow(node);
  for (const auto& [origin, stages] : walk.traversals)
    facts.passes = std::max(facts.passes, static_cast<std::uint32_t>(stages.size()));
  return facts;
}

bool RankFamily::has(const std::string& rank) const {
  return std::ranges::any_of(
      covers, [&](const auto& cover) { return std::ranges::find(cover, rank) != cover.end(); });
}

std::vector<RankFamily> families_of(const Cascade& cascade) {
  std::vector<RankFamily> families;
  std::map<std::string, std::size_t> places;
  for (const CascadeRank& rank : cascade.ranks) {
    places.emplace(rank.name, families.size());
    families.push_back({rank.name, {{rank.name}}});
  }
  const auto join = [&](const TensorAccess& access) {
    const CascadeTensor* tensor = cascade.find_tensor(access.tensor);
    for (std::size_t d = 0; d < access.indices.size(); ++d) {
      const std::vector<std::string> parts = split_of(access.indices[d], cascade);
      const auto root = places.find(tensor->dimensions[d].rank);
      if (parts.empty() || root == places.end()) continue;
      auto& covers = families[root->second].covers;
      if (std::ranges::find(covers, parts) == covers.end()) covers.push_back(parts);
    }
  };
  for (const Einsum& einsum : cascade.einsums) {
    join(einsum.output);
    for (const TensorAccess* read : reads_of(einsum)) join(*read);
  }
  std::set<std::string> parts;  // of ranks that are split
  for (const RankFamily& family : families)
    for (const auto& cover : family.covers)
      for (const std::string& rank : cover)
        if (rank != family.name) parts.insert(rank);
  std::erase_if(families, [&](const RankFamily& family) { return parts.contains(family.name); });
  return families;
}

PassFacts count_passes(const Cascade& cascade, const RankFamily& family) {
  return PassCounter(cascade).count(family);
}

std::optional<PassFacts> count_passes(const Cascade& cascade, const std::string& rank) {
  for (const RankFamily& family : families_of(cascade))
    if (family.name == rank) return count_passes(cascade, family);
  if (!cascade.find_rank(rank)) return std::nullopt;
  return count_passes(cascade, RankFamily{rank, {{rank}}});
}

}  // namespace sluice
