// SPDX-License-Identifier: Apache-2.0
// Branch and bound: first steps in waves of fixed sizes, each step of a wave with the best of the
// waves before, so that the answer does not depend on threads.
#include "mapper/search/search.hpp"

#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "mapper/search/explore.hpp"
#include "mapper/search/merge.hpp"

namespace sluice {
namespace {

using namespace search;

double value_of(SearchObjective objective, double cycles, double energy_pj) {
  switch (objective) {
    case SearchObjective::cycles:
      return cycles;
    case SearchObjective::energy:
      return energy_pj;
    case SearchObjective::edp:
      return cycles * energy_pj;
    case SearchObjective::pareto:
      break;
  }
  return 0;
}

class Search {
 public:
  Search(const Problem& problem, const Hierarchy& hierarchy, const SearchOptions& options)
      : options_(options), space_(problem, hierarchy, options), archive_(options.objective) {}

  SearchResult run() {
    struct Choice {
      const Keeps* keeps;
      Bounds bounds;
      double energy_pj;
    };
    std::vector<Choice> choices;
    Bounds::Memo memo;
    for (const Keeps& keeps : space_.keeps()) {
      choices.push_back({&keeps, Bounds(space_, keeps, memo), 0});
      if (const BlockBound* bound = choices.back().bounds.block(0))
        choices.back().energy_pj =
            bound->at_keep.at(space_.point(space_.begin()))[bound->at_keep.classes() - 1];
      least_energy_pj_ = std::min(least_energy_pj_, choices.back().energy_pj);
      most_lanes_ = std::max(most_lanes_, choices.back().bounds.most_lanes(0));
    }
    std::stable_sort(choices.begin(), choices.end(),
                     [](const Choice& a, const Choice& b) { return a.energy_pj < b.energy_pj; });
    for (const Choice& choice : choices) explore(*choice.keeps, choice.bounds);
    return result();
  }

 private:
  void explore(const Keeps& keeps, const Bounds& bounds) {
    Dominance known;
    const std::vector<Step> starts = Explorer(space_, keeps, bounds, known, archive_).starts();
    std::size_t done = 0;
    for (std::size_t width = 1; done < starts.size(); width = std::min<std::size_t>(2 * width, 32))
      done = wave(starts, done, width, keeps, bounds, known);
  }

  /// Explores up to `width` starts from `first` on; returns the first that is left.
  std::size_t wave(const std::vector<Step>& starts, std::size_t first, std::size_t width,
                   const Keeps& keeps, const Bounds& bounds, Dominance& known) {
    const Explorer root(space_, keeps, bounds, known, archive_);
    std::vector<const Step*> tasks;
    while (first < starts.size() && tasks.size() < width) {
      const Step& start = starts[first++];
      if (root.excludes(start)) continue;
      tasks.push_back(&start);
    }
    std::vector<Archive> archives(tasks.size(), archive_);
    std::vector<Visits> visits(tasks.size());
    std::vector<char> whole(tasks.size(), 0);
    std::vector<Dominance> looked_at(tasks.size());
    const auto run_task = [&](std::size_t i) {
      Explorer explorer(space_, keeps, bounds, known, archives[i]);
      whole[i] = explorer.explore(*tasks[i]);
      visits[i] = explorer.visits();
      looked_at[i] = explorer.looked_at();
    };
    const auto run_all = [&] { tbb::parallel_for(std::size_t{0}, tasks.size(), run_task); };
    if (options_.threads == 1) {
      for (std::size_t i = 0; i < tasks.size(); ++i) run_task(i);
    } else {
      arena_.execute(run_all);
    }
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      archive_.merge(archives[i]);
      known.merge(looked_at[i]);
      visits_.nodes += visits[i].nodes;
      visits_.evaluations += visits[i].evaluations;
      if (whole[i] == 0) leave(*tasks[i]);
    }
    if (options_.progress)
      options_.progress({starts.size(), first, visits_.evaluations,
                         archive_.found().empty() ? 0 : archive_.best()});
    return first;
  }

  /// Remembers that a part of the space was not looked at.
  void leave(const Step& start) {
    complete_ = false;
    bound_ = std::min(bound_, value_of(options_.objective, start.cycles, start.energy_pj));
  }

  SearchResult result() const {
    SearchResult result;
    result.found = archive_.found();
    result.optimal = complete_;
    result.evaluations = visits_.evaluations;
    result.nodes = visits_.nodes;
    least(result);
    if (!result.found.empty())
      result.bound =
          options_.objective == SearchObjective::pareto ? 0 : std::min(archive_.best(), bound_);
    return result;
  }

  /// What no mapping is below: of the best, if there is no better one, or of any.
  void least(SearchResult& result) const {
    double operations = 1;
    for (const NestRank& rank : space_.problem.ranks)
      operations *= static_cast<double>(rank.extent);
    if (std::isfinite(least_energy_pj_))
      result.least_energy_pj = least_energy_pj_ + operations * space_.hierarchy.compute.pj;
    result.least_cycles = std::ceil(operations / most_lanes_ * (1 - 1e-12));
    if (!complete_ || archive_.found().empty()) return;
    const SearchObjective objective = options_.objective;
    const bool front = objective == SearchObjective::pareto;
    if (front || objective == SearchObjective::cycles)
      result.least_cycles = static_cast<double>(archive_.found().front().cycles);
    if (front || objective == SearchObjective::energy)
      result.least_energy_pj = archive_.found().back().energy_pj;
  }

  const SearchOptions& options_;
  Space space_;
  Archive archive_;
  tbb::task_arena arena_{options_.threads == 0 ? tbb::task_arena::automatic
                                               : std::min(static_cast<int>(options_.threads),
                                                          tbb::this_task_arena::max_concurrency())};
  Visits visits_;
  bool complete_ = true;
  double bound_ = std::numeric_limits<double>::infinity();
  double least_energy_pj_ = std::numeric_limits<double>::infinity(), most_lanes_ = 1;
};

}  // namespace

namespace {

/// The rank of the merged problem that a rank is a part of.
std::uint8_t rank_of(const MergedProblem& merged, std::uint8_t rank) {
  for (std::size_t i = 0; i < merged.parts.size(); ++i)
    if (std::ranges::find(merged.parts[i], rank) != merged.parts[i].end())
      return static_cast<std::uint8_t>(i);
  return 0;
}

}  // namespace

double objective_value(SearchObjective objective, std::uint64_t cycles, double energy_pj) {
  return value_of(objective, static_cast<double>(cycles), energy_pj);
}

SearchResult search_mapping(const Problem& problem, const Hierarchy& hierarchy,
                            const SearchOptions& options) {
  if (options.ragged || options.exhaustive) return Search(problem, hierarchy, options).run();
  std::uint32_t apart = 0;
  for (const NestNode& node : options.shared)
    if (node.kind != NestKind::keep) apart |= 1u << node.rank;
  const MergedProblem merged = merge_ranks(problem, apart);
  SearchOptions inner = options;
  inner.shared = Nest{};
  for (NestNode node : options.shared) {
    if (node.kind != NestKind::keep) node.rank = rank_of(merged, node.rank);
    inner.shared.add(node);
  }
  SearchResult result = Search(merged.problem, hierarchy, inner).run();
  for (FoundMapping& found : result.found) found.nest = split_ranks(found.nest, merged, problem);
  return result;
}

}  // namespace sluice
