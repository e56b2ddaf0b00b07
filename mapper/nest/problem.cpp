// SPDX-License-Identifier: Apache-2.0
#include "mapper/nest/problem.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/checked.hpp"

namespace sluice {
namespace {

void check_tensor(const Problem& problem, const NestTensor& tensor,
                  std::vector<std::string>& mistakes) {
  std::array<int, max_nest_ranks> seen{};
  for (const NestProjection& dimension : tensor.dimensions)
    for (const NestTerm& term : dimension) {
      if (term.rank >= problem.ranks.size()) {
        mistakes.push_back(fmt::format("tensor {} has a term of rank {}, there are {} ranks",
                                       tensor.name, term.rank, problem.ranks.size()));
        continue;
      }
      const std::string& rank = problem.ranks[term.rank].name;
      if (term.coefficient == 0)
        mistakes.push_back(
            fmt::format("tensor {} has coefficient 0 of rank {}", tensor.name, rank));
      if (seen[term.rank]++ == 1)
        mistakes.push_back(fmt::format("rank {} stands twice in tensor {}", rank, tensor.name));
    }
}

}  // namespace

bool depends_on(const NestTensor& tensor, std::size_t rank) {
  for (const NestProjection& dimension : tensor.dimensions)
    for (const NestTerm& term : dimension)
      if (term.rank == rank) return true;
  return false;
}

std::vector<std::string> check(const Problem& problem) {
  std::vector<std::string> mistakes;
  if (problem.ranks.size() > max_nest_ranks)
    return {fmt::format("{} ranks, at most {}", problem.ranks.size(), max_nest_ranks)};
  if (problem.tensors.size() > max_nest_tensors)
    return {fmt::format("{} tensors, at most {}", problem.tensors.size(), max_nest_tensors)};
  std::set<std::string> names;
  for (const NestRank& rank : problem.ranks) {
    if (!names.insert(rank.name).second)
      mistakes.push_back(fmt::format("rank {} is declared twice", rank.name));
    if (rank.extent == 0) mistakes.push_back(fmt::format("rank {} has extent 0", rank.name));
  }
  std::uint64_t points = 1;
  for (const NestRank& rank : problem.ranks)
    points =
        multiply(points, std::max<std::uint64_t>(rank.extent, 1)).value_or(most_nest_points + 1);
  if (points > most_nest_points)
    mistakes.push_back(
        fmt::format("more than {} points, which is too large to count", most_nest_points));
  std::size_t outputs = 0;
  for (const NestTensor& tensor : problem.tensors) {
    for (const NestTensor* other = problem.tensors.data(); other != &tensor; ++other)
      if (other->name == tensor.name && other->output == tensor.output &&
          other->dimensions == tensor.dimensions)
        mistakes.push_back(fmt::format("tensor {} is declared twice", tensor.name));
    outputs += tensor.output ? 1 : 0;
    check_tensor(problem, tensor, mistakes);
  }
  if (outputs != 1) mistakes.push_back(fmt::format("{} outputs, exactly 1 is expected", outputs));
  return mistakes;
}

}  // namespace sluice
