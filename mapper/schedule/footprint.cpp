// SPDX-License-Identifier: Apache-2.0
#include "mapper/schedule/footprint.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>

#include "base/checked.hpp"

namespace sluice {
namespace {

/// Coordinates that each rank of a run goes through.
void spread(const Cascade& cascade, const RankRun& run, std::map<std::string, std::uint64_t>& by) {
  std::uint64_t count = run.count;
  for (auto rank = run.ranks.rbegin(); rank != run.ranks.rend(); ++rank) {
    const std::uint64_t size = cascade.find_rank(*rank)->size;
    by[*rank] = std::min(size, count);
    count = ceil_div(count, size);
  }
}

std::uint64_t span_of(const TensorIndex& index, const std::map<std::string, std::uint64_t>& by) {
  std::uint64_t span = 1;
  for (const IndexTerm& term : index.terms)
    if (!term.rank.empty())
      span += static_cast<std::uint64_t>(std::abs(term.coefficient)) * (by.at(term.rank) - 1);
  return span;
}

}  // namespace

std::uint64_t footprint(const Cascade& cascade, const TensorAccess& access,
                        const std::vector<TensorDimension>& sizes,
                        const std::vector<RankRun>& runs) {
  std::map<std::string, std::uint64_t> by;
  for (const CascadeRank& rank : cascade.ranks) by[rank.name] = rank.size;
  for (const RankRun& run : runs) spread(cascade, run, by);
  std::set<std::string> plain;
  for (const TensorIndex& index : access.indices)
    if (const std::string rank = plain_rank(index); !rank.empty()) plain.insert(rank);
  // Runs of ranks that the tensor has all of touch one element a coordinate.
  std::set<std::string> counted;
  std::uint64_t elements = 1;
  for (const RankRun& run : runs) {
    const bool whole = !run.ranks.empty() && std::ranges::all_of(run.ranks, [&](const auto& rank) {
      return plain.contains(rank);
    });
    if (!whole) continue;
    elements = product(elements, run.count);
    counted.insert(run.ranks.begin(), run.ranks.end());
  }
  for (std::size_t d = 0; d < access.indices.size(); ++d) {
    const TensorIndex& index = access.indices[d];
    for (const TensorAccess& gather : index.gathers)  // one element for each of the index
      for (const std::string& rank : ranks_of(gather)) elements = product(elements, by.at(rank));
    if (!index.gathers.empty()) continue;
    if (counted.contains(plain_rank(index))) continue;
    elements = product(elements, std::min(span_of(index, by), sizes[d].size));
  }
  return elements;
}

}  // namespace sluice
