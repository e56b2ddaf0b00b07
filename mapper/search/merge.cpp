// SPDX-License-Identifier: Apache-2.0
#include "mapper/search/merge.hpp"

#include <algorithm>
#include <array>

namespace sluice::search {
namespace {

/// Where a rank stands: bits of the tensors; and whether it slides anywhere.
struct Role {
  std::uint32_t tensors = 0;
  bool slides = false, ordered = false;
};

Role role_of(const Problem& problem, std::size_t rank) {
  Role role{0, false, problem.ranks[rank].ordered};
  for (std::size_t t = 0; t < problem.tensors.size(); ++t)
    for (const NestProjection& dimension : problem.tensors[t].dimensions) {
      std::size_t moving = 0;
      bool here = false;
      for (const NestTerm& term : dimension) {
        moving += problem.ranks[term.rank].extent > 1 ? 1 : 0;
        here = here || term.rank == rank;
      }
      if (!here) continue;
      role.tensors |= 1u << t;
      role.slides = role.slides || moving > 1;
    }
  return role;
}

}  // namespace

MergedProblem merge_ranks(const Problem& problem, std::uint32_t apart) {
  MergedProblem merged;
  merged.problem.name = problem.name;
  std::vector<Role> roles;
  std::array<std::uint32_t, max_nest_ranks> now{};  // the merged rank of each
  for (std::size_t rank = 0; rank < problem.ranks.size(); ++rank) {
    if (problem.ranks[rank].extent == 1) continue;
    const Role role = role_of(problem, rank);
    const bool single = role.slides || role.ordered || (apart >> rank & 1) != 0;
    std::size_t at = 0;
    while (at < roles.size() && (single || roles[at].tensors != role.tensors)) ++at;
    if (at == roles.size()) {
      roles.push_back(role);
      if (single) roles.back().tensors = ~role.tensors;  // as no other
      merged.problem.ranks.push_back({"", 1, role.ordered});
      merged.parts.emplace_back();
    }
    merged.problem.ranks[at].name += problem.ranks[rank].name;
    merged.problem.ranks[at].extent *= problem.ranks[rank].extent;
    merged.parts[at].push_back(static_cast<std::uint8_t>(rank));
    now[rank] = static_cast<std::uint32_t>(at);
  }
  if (merged.parts.empty()) {  // one point
    merged.problem.ranks.push_back({"", 1, false});
    merged.parts.emplace_back();
  }
  for (const NestTensor& tensor : problem.tensors) {
    NestTensor& kept = merged.problem.tensors.emplace_back(tensor);
    kept.dimensions.clear();
    for (const NestProjection& dimension : tensor.dimensions) {
      NestProjection terms;
      for (const NestTerm& term : dimension)
        if (problem.ranks[term.rank].extent > 1)
          terms.push_back({now[term.rank], term.coefficient});
      if (terms.size() == 1) terms.front().coefficient = 1;
      // A merged rank has one dimension, that of its first part.
      if (terms.size() > 1 ||
          (terms.size() == 1 && std::ranges::find(kept.dimensions, terms) == kept.dimensions.end()))
        kept.dimensions.push_back(std::move(terms));
    }
  }
  return merged;
}

Nest split_ranks(const Nest& nest, const MergedProblem& merged, const Problem& problem) {
  Nest result;
  std::array<std::uint64_t, max_nest_ranks> tiles{}, around{};
  for (std::size_t rank = 0; rank < problem.ranks.size(); ++rank)
    tiles[rank] = problem.ranks[rank].extent;
  for (std::size_t rank = 0; rank < merged.problem.ranks.size(); ++rank)
    around[rank] = merged.problem.ranks[rank].extent;
  for (const NestNode& node : nest) {
    if (node.kind == NestKind::keep) {
      result.add(node);
      continue;
    }
    const std::vector<std::uint8_t>& parts = merged.parts[node.rank];
    std::uint64_t count = around[node.rank] / node.tile;
    around[node.rank] = node.tile;
    for (const std::uint8_t rank : parts) {
      NestNode part = node;
      part.rank = rank;
      part.tile = tiles[rank];
      if (parts.size() == 1) {
        part.tile = node.tile;
      } else {
        for (std::uint64_t factor = 2; count > 1 && factor <= count; ++factor)
          while (count % factor == 0 && part.tile % factor == 0) {
            count /= factor;
            part.tile /= factor;
          }
      }
      if (part.tile < tiles[rank]) result.add(part);
      tiles[rank] = part.tile;
    }
  }
  return result;
}

}  // namespace sluice::search
