// SPDX-License-Identifier: Apache-2.0
// Passes over rank families, after section 3 of FuseMax (MICRO 2024), and what they keep alive.
#include <algorithm>
#include <set>

#include "workloads/cascade/analysis.hpp"
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

bool contains(const std::vector<std::string>& list, const std::string& name) {
  return std::ranges::find(list, name) != list.end();
}

/// Follows the Einsums in order: in which pass each tensor is made, and which passes must have
/// ended before it.
class PassCounter {
 public:
  PassCounter(const Cascade& cascade, const RankFamily& family)
      : cascade_(cascade), family_(family) {}

  PassFacts count() {
    PassFacts facts{family_, 0, std::vector<std::uint32_t>(cascade_.einsums.size())};
    for (const CascadeStep& step : schedule_of(cascade_))
      for (const std::size_t i : step.einsums) facts.stages[i] = follow(cascade_.einsums[i]);
    for (const auto& [origin, stages] : traversals_)
      facts.passes = std::max(facts.passes, static_cast<std::uint32_t>(stages.size()));
    return facts;
  }

 private:
  struct State {
    std::uint32_t made = 0;         ///< the pass in which elements are made
    std::uint32_t ended = 0;        ///< the last pass that must have ended before
    std::set<std::string> origins;  ///< tensors whose elements along the family it comes from
  };

  bool traverses(const Einsum& einsum) const {
    const std::vector<std::string> ranks = ranks_of(einsum);
    return std::ranges::any_of(family_.covers, [&](const std::vector<std::string>& cover) {
      return std::ranges::all_of(cover, [&](const auto& rank) { return contains(ranks, rank); });
    });
  }
  bool keeps(const TensorAccess& access) const {
    return std::ranges::any_of(ranks_of(access),
                               [&](const std::string& rank) { return family_.has(rank); });
  }
  /// Whether a read takes what a recurrence along the family leaves behind its last coordinate.
  bool reads_last(const TensorAccess& read) const {
    const CascadeTensor& tensor = *cascade_.find_tensor(read.tensor);
    for (std::size_t d = 0; d < read.indices.size(); ++d) {
      const TensorIndex& index = read.indices[d];
      if (!ranks_of(TensorAccess{{}, {index}}).empty() || !index.gathers.empty()) continue;
      if (constant_of(index) + 1 != static_cast<std::int64_t>(tensor.dimensions[d].size)) continue;
      for (const Einsum& writer : cascade_.einsums)
        if (writer.output.tensor == read.tensor && keeps({{}, {writer.output.indices[d]}}))
          return true;
    }
    return false;
  }

  std::uint32_t follow(const Einsum& einsum) {
    std::uint32_t needed = 0, latest = 0;
    State made;
    for (const TensorAccess* read : reads_of(einsum)) {
      const State& input = states_[read->tensor];
      latest = std::max(latest, input.made);
      needed =
          std::max(needed, reads_last(*read) ? std::max(input.ended, input.made) : input.ended);
      if (!keeps(*read)) continue;
      made.origins.insert(input.origins.begin(), input.origins.end());
      if (input.origins.empty()) made.origins.insert(read->tensor);
    }
    const bool traversal = traverses(einsum);
    made.made = traversal ? std::max(needed + 1, latest) : std::max(latest, needed);
    made.ended = keeps(einsum.output) ? needed : made.made;
    if (traversal && made.origins.empty()) made.origins.insert(einsum.output.tensor);
    if (traversal)
      for (const std::string& origin : made.origins) traversals_[origin].insert(made.made);
    if (!keeps(einsum.output)) made.origins.clear();
    State& state = states_[einsum.output.tensor];
    state.made = std::max(state.made, made.made);
    state.ended = std::max(state.ended, made.ended);
    state.origins.insert(made.origins.begin(), made.origins.end());
    return traversal ? made.made : 0;
  }

  const Cascade& cascade_;
  const RankFamily& family_;
  std::map<std::string, State> states_;
  std::map<std::string, std::set<std::uint32_t>> traversals_;
};

}  // namespace

bool RankFamily::has(const std::string& rank) const {
  return std::ranges::any_of(covers, [&](const auto& cover) { return contains(cover, rank); });
}

std::vector<RankFamily> families_of(const Cascade& cascade) {
  std::vector<RankFamily> families;
  for (const CascadeRank& rank : cascade.ranks) families.push_back({rank.name, {{rank.name}}});
  const auto join = [&](const TensorAccess& access) {
    const CascadeTensor* tensor = cascade.find_tensor(access.tensor);
    for (std::size_t d = 0; d < access.indices.size(); ++d) {
      const std::vector<std::string> parts = split_of(access.indices[d], cascade);
      const auto root = std::ranges::find(families, tensor->dimensions[d].rank, &RankFamily::name);
      if (parts.empty() || root == families.end()) continue;
      if (std::ranges::find(root->covers, parts) == root->covers.end())
        root->covers.push_back(parts);
    }
  };
  for (const Einsum& einsum : cascade.einsums) {
    join(einsum.output);
    for (const TensorAccess* read : reads_of(einsum)) join(*read);
  }
  std::erase_if(families, [&](const RankFamily& family) {
    return std::ranges::any_of(families, [&](const RankFamily& other) {
      return other.name != family.name && other.has(family.name);
    });
  });
  return families;
}

PassFacts count_passes(const Cascade& cascade, const RankFamily& family) {
  return PassCounter(cascade, family).count();
}

std::optional<PassFacts> count_passes(const Cascade& cascade, const std::string& rank) {
  for (const RankFamily& family : families_of(cascade))
    if (family.name == rank) return count_passes(cascade, family);
  if (!cascade.find_rank(rank)) return std::nullopt;
  return count_passes(cascade, RankFamily{rank, {{rank}}});
}

}  // namespace sluice
