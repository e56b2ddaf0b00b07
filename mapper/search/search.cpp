// SPDX-License-Identifier: Apache-2.0
// Branch and bound: first steps in waves of fixed sizes, each step of a wave with the best of the
// waves before, so that the answer does not depend on threads.
#include "mapper/search/search.hpp"

#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "mapper/search/engine.hpp"
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
    case SearchObjective::priced:
      break;
  }
  return 0;
}

bool is_front(SearchObjective objective) {
  return objective == SearchObjective::pareto || objective == SearchObjective::priced;
}

class Search {
 public:
  Search(const Problem& problem, const Hierarchy& hierarchy, const SearchOptions& options,
         Memo& memo)
      : options_(options),
        space_(problem, hierarchy, options, memo),
        archive_(Goal{options.objective, options.prices, options.tolerance}) {
    for (const FoundMapping& known : options.known) archive_.offer(known);
    for (const Keeps& keeps : space_.keeps()) {
      Choice choice{&keeps, Bounds(space_, keeps, memo), {}, 0};
      choice.floors = Explorer(space_, keeps, choice.bounds, {}, archive_).floors();
      choice.energy_pj = std::numeric_limits<double>::infinity();
      for (const CostFloor& floor : choice.floors)
        choice.energy_pj = std::min(choice.energy_pj, floor.energy_pj);
      choices_.push_back(std::move(choice));
    }
    std::stable_sort(choices_.begin(), choices_.end(),
                     [](const Choice& a, const Choice& b) { return a.energy_pj < b.energy_pj; });
  }

  SearchResult run() {
    for (const Choice& choice : choices_) explore(*choice.keeps, choice.bounds);
    return result();
  }

  /// Of all choices, those that no other is below.
  std::vector<CostFloor> floors() const {
    std::vector<CostFloor> list;
    for (const Choice& choice : choices_)
      for (const CostFloor& floor : choice.floors) {
        const auto no_worse = [](const CostFloor& a, const CostFloor& b) {
          return a.cycles <= b.cycles && a.energy_pj <= b.energy_pj;
        };
        if (std::ranges::any_of(list, [&](const auto& known) { return no_worse(known, floor); }))
          continue;
        std::erase_if(list, [&](const auto& known) { return no_worse(floor, known); });
        list.push_back(floor);
      }
    return list;
  }

 private:
  struct Choice {
    const Keeps* keeps;
    Bounds bounds;
    std::vector<CostFloor> floors;
    double energy_pj;
  };

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
    if (!result.found.empty())
      result.bound = is_front(options_.objective) ? 0 : std::min(archive_.best(), bound_);
    return result;
  }

  const SearchOptions& options_;
  Space space_;
  Archive archive_;
  std::vector<Choice> choices_;
  tbb::task_arena arena_{options_.threads == 0 ? tbb::task_arena::automatic
                                               : std::min(static_cast<int>(options_.threads),
                                                          tbb::this_task_arena::max_concurrency())};
  Visits visits_;
  bool complete_ = true;
  double bound_ = std::numeric_limits<double>::infinity();
};

/// The rank of the merged problem that a rank is a part of.
std::uint8_t rank_of(const MergedProblem& merged, std::uint8_t rank) {
  for (std::size_t i = 0; i < merged.parts.size(); ++i)
    if (std::ranges::find(merged.parts[i], rank) != merged.parts[i].end())
      return static_cast<std::uint8_t>(i);
  return 0;
}

/// A question about the merged problem.
struct MergedQuestion {
  MergedProblem merged;
  SearchOptions options;
};

/// Nothing where ranks are not merged.
std::optional<MergedQuestion> merge(const Problem& problem, const SearchOptions& options) {
  if (options.ragged || options.exhaustive || !options.least.empty()) return std::nullopt;
  std::uint32_t apart = 0;
  for (const NestNode& node : options.shared)
    if (node.kind != NestKind::keep) apart |= 1u << node.rank;
  MergedQuestion question{merge_ranks(problem, apart), options};
  question.options.shared = Nest{};
  for (NestNode node : options.shared) {
    if (node.kind != NestKind::keep) node.rank = rank_of(question.merged, node.rank);
    question.options.shared.add(node);
  }
  for (FoundMapping& known : question.options.known) known.nest = Nest{};
  return question;
}

}  // namespace

namespace search {

SearchResult search_mapping(const Problem& problem, const Hierarchy& hierarchy,
                            const SearchOptions& options, Memo& memo) {
  const auto question = merge(problem, options);
  if (!question) return Search(problem, hierarchy, options, memo).run();
  const MergedProblem& merged = question->merged;
  SearchResult result = Search(merged.problem, hierarchy, question->options, memo).run();
  for (FoundMapping& found : result.found) {
    const auto known = std::ranges::find_if(options.known, [&](const FoundMapping& other) {
      return other.cycles == found.cycles && other.energy_pj == found.energy_pj;
    });
    found.nest = found.nest.size() == 0 && known != options.known.end()
                     ? known->nest
                     : split_ranks(found.nest, merged, problem);
  }
  return result;
}

std::vector<CostFloor> cost_floors(const Problem& problem, const Hierarchy& hierarchy,
                                   const SearchOptions& options, Memo& memo) {
  const auto question = merge(problem, options);
  return question ? Search(question->merged.problem, hierarchy, question->options, memo).floors()
                  : Search(problem, hierarchy, options, memo).floors();
}

}  // namespace search

double objective_value(SearchObjective objective, std::uint64_t cycles, double energy_pj) {
  return value_of(objective, static_cast<double>(cycles), energy_pj);
}

SearchResult search_mapping(const Problem& problem, const Hierarchy& hierarchy,
                            const SearchOptions& options) {
  search::Memo memo;
  return search::search_mapping(problem, hierarchy, options, memo);
}

}  // namespace sluice
