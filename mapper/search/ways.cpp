// SPDX-License-Identifier: Apache-2.0
#include "mapper/search/ways.hpp"

#include <algorithm>
#include <set>

namespace sluice::search {
namespace {

std::uint64_t elements_of(const Problem& problem, const NestTensor& tensor) {
  std::uint64_t elements = 1;
  for (const NestProjection& dimension : tensor.dimensions) {
    std::uint64_t size = 1;  // indices reach from 0 to the sum of the largest of each term
    for (const NestTerm& term : dimension)
      size += (problem.ranks[term.rank].extent - 1) * term.coefficient;
    elements *= size;
  }
  return elements;
}

bool may_keep(const NestLevel& level, const std::string& tensor) {
  return level.keeps.empty() || std::ranges::find(level.keeps, tensor) != level.keeps.end();
}

std::vector<Intermediate> intermediates_of(const std::vector<Problem>& problems,
                                           const Hierarchy& hierarchy, bool fuse) {
  std::vector<Intermediate> list;
  for (std::size_t i = 0; i < problems.size(); ++i)
    for (const NestTensor& made : problems[i].tensors) {
      if (!made.output) continue;
      Intermediate tensor{made.name, i, i, elements_of(problems[i], made), made.bits, {0}};
      for (std::size_t j = i + 1; j < problems.size(); ++j)
        for (const NestTensor& read : problems[j].tensors)
          if (!read.output && read.name == made.name) tensor.last_reader = j;
      if (tensor.last_reader == i) continue;
      for (std::size_t level = 1; fuse && level < hierarchy.levels.size(); ++level)
        if (instances_of(hierarchy, level) == 1 && may_keep(hierarchy.levels[level], made.name))
          tensor.levels.push_back(level);
      list.push_back(std::move(tensor));
    }
  return list;
}

}  // namespace

WayGraph::WayGraph(const std::vector<Problem>& problems, const Hierarchy& hierarchy,
                   const CascadeSearchOptions& options)
    : problems_(problems),
      hierarchy_(hierarchy),
      options_(options),
      intermediates_(intermediates_of(problems, hierarchy, options.fuse)) {
  std::set<Places> places = {Places(intermediates_.size(), 0)};
  for (std::size_t i = 0; i <= problems.size(); ++i) {
    std::set<Places> next;
    for (const Places& now : places) {
      index_[{i, now}] = nodes_.size();
      nodes_.emplace_back(i, now);
      if (i == problems.size()) continue;
      for (const Places& chosen : choices(i, now)) next.insert(after(i, chosen));
    }
    places = std::move(next);
  }
  for (std::size_t from = 0; from < nodes_.size(); ++from)
    if (nodes_[from].first < problems.size()) add_single(from);
}

std::size_t WayGraph::node(std::size_t einsums, const Places& places) const {
  return index_.at({einsums, places});
}

/// Maps the next Einsum, with every place of what it makes.
void WayGraph::add_single(std::size_t from) {
  const auto& [i, places] = nodes_[from];
  for (const Places& chosen : choices(i, places)) {
    Part part{i, {}, {}, {}, std::vector<std::uint64_t>(hierarchy_.levels.size(), 0)};
    for (std::size_t t = 0; t < intermediates_.size(); ++t) {
      const Intermediate& tensor = intermediates_[t];
      if (chosen[t] == 0) continue;
      if (!is_used(i, tensor)) {
        part.reserved[chosen[t]] += bits_of(tensor, chosen[t]);
        continue;
      }
      for (std::size_t index = 0; index < problems_[i].tensors.size(); ++index)
        if (problems_[i].tensors[index].name == tensor.name)
          part.kept.push_back({index, chosen[t]});
    }
    ways_.push_back({from, node(i + 1, after(i, chosen)), {std::move(part)}, 0});
  }
}

void WayGraph::add(const Group& group, std::size_t from, std::size_t to, const GroupStart& start) {
  Way way{from, to, {}, start.least_pj};
  for (std::size_t i = 0; i < start.nests.size(); ++i)
    way.parts.push_back(
        {group.first + i, start.nests[i], start.counted[i], start.kept[i], start.reserved[i]});
  ways_.push_back(std::move(way));
}

/// Einsums in a row that may share loops, and the node they lead to.
std::vector<std::pair<Group, std::size_t>> WayGraph::groups_from(std::size_t from) const {
  std::vector<std::pair<Group, std::size_t>> groups;
  const auto& [first, places] = nodes_[from];
  for (std::size_t last = first + 1; last < std::min(problems_.size(), first + options_.most_fused);
       ++last)
    for (std::size_t level = 1; level < hierarchy_.levels.size(); ++level) {
      if (instances_of(hierarchy_, level) != 1) continue;
      std::vector<Places> list = {places};
      for (std::size_t i = first; i <= last; ++i) {
        std::vector<Places> more;
        for (const Places& chosen : list)
          for (Places& other : choices(i, chosen, last)) more.push_back(std::move(other));
        list = std::move(more);
      }
      for (const Places& chosen : list) {
        Group group = group_of(first, last, level, chosen);
        if (!group.passed.empty())
          groups.emplace_back(std::move(group), node(last + 1, after(last, chosen)));
      }
    }
  return groups;
}

Group WayGraph::group_of(std::size_t first, std::size_t last, std::size_t level,
                         const Places& places) const {
  Group group{first, last, level, {}, {}, {}};
  group.reserved.resize(hierarchy_.levels.size());
  for (std::size_t t = 0; t < intermediates_.size(); ++t) {
    const Intermediate& tensor = intermediates_[t];
    bool used = false;
    for (std::size_t i = first; i <= last; ++i) used = used || is_used(i, tensor);
    if (first <= tensor.producer && tensor.last_reader <= last) {
      const bool may = std::ranges::find(tensor.levels, level) != tensor.levels.end();
      if (!may) return {first, last, level, {}, {}, {}};
      group.passed.push_back(tensor.name);
    } else if (places[t] != 0 && used) {
      group.whole.push_back({tensor.name, places[t]});
    } else if (places[t] != 0) {
      group.reserved[places[t]] += bits_of(tensor, places[t]);
    }
  }
  return group;
}

std::uint64_t WayGraph::bits_of(const Intermediate& tensor, std::size_t index) const {
  const NestLevel& level = hierarchy_.levels[index];
  return tensor.elements * bits_at(level, tensor.name, tensor.bits) *
         (level.double_buffered ? 2 : 1);
}

bool WayGraph::is_used(std::size_t einsum, const Intermediate& tensor) const {
  return std::ranges::any_of(problems_[einsum].tensors,
                             [&](const NestTensor& used) { return used.name == tensor.name; });
}

/// What is alive after an Einsum.
Places WayGraph::after(std::size_t einsum, Places places) const {
  for (std::size_t t = 0; t < intermediates_.size(); ++t)
    if (intermediates_[t].last_reader <= einsum) places[t] = 0;
  return places;
}

/// Every place of what an Einsum makes, but for what is read until `passed` only.
std::vector<Places> WayGraph::choices(std::size_t einsum, const Places& places,
                                      std::size_t passed) const {
  std::vector<Places> list = {places};
  for (std::size_t t = 0; t < intermediates_.size(); ++t) {
    if (intermediates_[t].producer != einsum || intermediates_[t].last_reader <= passed) continue;
    std::vector<Places> more;
    for (const Places& chosen : list)
      for (const std::size_t level : intermediates_[t].levels) {
        more.push_back(chosen);
        more.back()[t] = level;
      }
    list = std::move(more);
  }
  return list;
}

}  // namespace sluice::search
