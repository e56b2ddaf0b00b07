// SPDX-License-Identifier: Apache-2.0
#include "mapper/search/fuse.hpp"

#include <algorithm>
#include <map>
#include <memory>

#include "mapper/search/recall.hpp"

namespace sluice {
namespace {

using namespace search;

/// A tensor that one Einsum makes and later ones read.
struct Intermediate {
  std::string name;
  std::size_t producer = 0, last_reader = 0;
  std::uint64_t elements = 1;
  std::uint32_t bits = 8;
  std::vector<std::size_t> levels = {0};  ///< where it may be kept
};

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

/// Where each intermediate that is alive is kept; the outermost level for others.
using Places = std::vector<std::size_t>;

/// A way to map the Einsums so far.
struct Path {
  std::uint64_t cycles = 0;
  double energy_pj = 0;
  FoundMapping step;  ///< of the last Einsum
  std::shared_ptr<const Path> before;
};
using Front = std::vector<std::shared_ptr<const Path>>;

class Joiner {
 public:
  Joiner(const std::vector<Problem>& problems, const Hierarchy& hierarchy,
         const CascadeSearchOptions& options)
      : problems_(problems),
        hierarchy_(hierarchy),
        options_(options),
        intermediates_(intermediates_of(problems, hierarchy, options.fuse)),
        recall_(hierarchy, options.cache) {}

  CascadeSearchResult run() {
    std::map<Places, Front> states;
    states[Places(intermediates_.size(), 0)] = {nullptr};
    for (std::size_t i = 0; i < problems_.size(); ++i) states = step(i, states);
    Front last;
    for (const auto& [places, front] : states)
      for (const auto& path : front) add(last, path);
    CascadeSearchResult result;
    for (const auto& path : pick(last)) result.found.push_back(unroll(*path));
    result.optimal = optimal_;
    result.evaluations = evaluations_;
    result.nodes = nodes_;
    result.searches = recall_.searches();
    result.recalled = recall_.recalled();
    return result;
  }

 private:
  bool is_used(std::size_t einsum, const Intermediate& tensor) const {
    return std::ranges::any_of(problems_[einsum].tensors,
                               [&](const NestTensor& used) { return used.name == tensor.name; });
  }

  /// Maps Einsum `i` after every way to map those before, with every place of what it makes.
  std::map<Places, Front> step(std::size_t i, const std::map<Places, Front>& states) {
    std::map<Places, Front> next;
    for (const auto& [places, front] : states)
      for (const Places& chosen : choices(i, places)) {
        const SearchResult& mapped = search(i, chosen);
        Places after = chosen;
        for (std::size_t t = 0; t < intermediates_.size(); ++t)
          if (intermediates_[t].last_reader <= i) after[t] = 0;
        for (const auto& path : front)
          for (const FoundMapping& found : mapped.found) add(next[after], extend(path, found));
      }
    return next;
  }

  std::vector<Places> choices(std::size_t i, const Places& places) const {
    std::vector<Places> list = {places};
    for (std::size_t t = 0; t < intermediates_.size(); ++t) {
      if (intermediates_[t].producer != i) continue;
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

  const SearchResult& search(std::size_t i, const Places& places) {
    SearchOptions options = options_.search;
    // Cycles x energy of a sum is not a sum: the whole front is needed.
    if (options.objective == SearchObjective::edp) options.objective = SearchObjective::pareto;
    options.kept.clear();
    options.reserved_bits.assign(hierarchy_.levels.size(), 0);
    for (std::size_t t = 0; t < intermediates_.size(); ++t) {
      const Intermediate& tensor = intermediates_[t];
      if (places[t] == 0) continue;
      if (!is_used(i, tensor)) {
        const NestLevel& level = hierarchy_.levels[places[t]];
        options.reserved_bits[places[t]] += tensor.elements *
                                            bits_at(level, tensor.name, tensor.bits) *
                                            (level.double_buffered ? 2 : 1);
        continue;
      }
      for (std::size_t index = 0; index < problems_[i].tensors.size(); ++index)
        if (problems_[i].tensors[index].name == tensor.name)
          options.kept.push_back({index, places[t]});
    }
    const SearchResult& result = recall_.search(problems_[i], options);
    optimal_ = optimal_ && result.optimal;
    evaluations_ += result.evaluations;
    nodes_ += result.nodes;
    return result;
  }

  static std::shared_ptr<const Path> extend(const std::shared_ptr<const Path>& path,
                                            const FoundMapping& found) {
    auto longer = std::make_shared<Path>(Path{found.cycles, found.energy_pj, found, path});
    if (path) {
      longer->cycles += path->cycles;
      longer->energy_pj += path->energy_pj;
    }
    return longer;
  }

  /// Keeps what no other beats: in both numbers, or for an objective that is a sum, in that.
  void add(Front& front, std::shared_ptr<const Path> path) const {
    const SearchObjective objective = options_.search.objective;
    const auto no_worse = [&](const Path& a, const Path& b) {
      if (objective == SearchObjective::cycles)
        return std::pair(a.cycles, a.energy_pj) <= std::pair(b.cycles, b.energy_pj);
      if (objective == SearchObjective::energy)
        return std::pair(a.energy_pj, a.cycles) <= std::pair(b.energy_pj, b.cycles);
      return a.cycles <= b.cycles && a.energy_pj <= b.energy_pj;
    };
    for (const auto& known : front)
      if (no_worse(*known, *path)) return;
    std::erase_if(front, [&](const auto& known) { return no_worse(*path, *known); });
    front.push_back(std::move(path));
  }

  Front pick(Front front) const {
    const SearchObjective objective = options_.search.objective;
    std::ranges::stable_sort(front, {}, [](const auto& path) { return path->cycles; });
    if (objective == SearchObjective::pareto || front.empty()) return front;
    return {*std::ranges::min_element(front, {}, [&](const auto& path) {
      return objective_value(objective, path->cycles, path->energy_pj);
    })};
  }

  FoundCascade unroll(const Path& last) const {
    FoundCascade found;
    found.cycles = last.cycles;
    found.energy_pj = last.energy_pj;
    std::vector<const Path*> steps;
    for (const Path* path = &last; path != nullptr; path = path->before.get())
      steps.push_back(path);
    std::ranges::reverse(steps);
    for (std::size_t i = 0; i < steps.size(); ++i)
      found.mapping.einsums.push_back({problems_[i], steps[i]->step.nest, 0, "", 1});
    return found;
  }

  const std::vector<Problem>& problems_;
  const Hierarchy& hierarchy_;
  const CascadeSearchOptions& options_;
  std::vector<Intermediate> intermediates_;
  Recall recall_;
  bool optimal_ = true;
  std::uint64_t evaluations_ = 0, nodes_ = 0;
};

}  // namespace

CascadeSearchResult search_cascade(const std::vector<Problem>& problems, const Hierarchy& hierarchy,
                                   const CascadeSearchOptions& options) {
  return Joiner(problems, hierarchy, options).run();
}

}  // namespace sluice
