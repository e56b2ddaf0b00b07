// SPDX-License-Identifier: Apache-2.0
#include "mapper/search/fuse.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <memory>

#include "mapper/search/group.hpp"
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
  FoundMapping step;             ///< of the last Einsum
  std::size_t shared_nodes = 0;  ///< of it with the one before
  std::shared_ptr<const Path> before;
};
using Front = std::vector<std::shared_ptr<const Path>>;

/// What no way to map the Einsums so far is below.
struct Floor {
  double cycles = std::numeric_limits<double>::infinity();
  double energy_pj = std::numeric_limits<double>::infinity();
  void lower(const Floor& other) {
    cycles = std::min(cycles, other.cycles);
    energy_pj = std::min(energy_pj, other.energy_pj);
  }
  Floor plus(const SearchResult& result) const {
    return {cycles + result.least_cycles, energy_pj + result.least_energy_pj};
  }
};

class Joiner {
 public:
  Joiner(const std::vector<Problem>& problems, const Hierarchy& hierarchy,
         const CascadeSearchOptions& options)
      : problems_(problems),
        hierarchy_(hierarchy),
        options_(options),
        intermediates_(intermediates_of(problems, hierarchy, options.fuse)),
        recall_(options.cache) {
    for (std::size_t i = 0; i < problems.size(); ++i)
      parts_.push_back(part_for(hierarchy, unit_of(i)).value_or(hierarchy));
  }

  CascadeSearchResult run() {
    begin();
    states_.front()[Places(intermediates_.size(), 0)] = {nullptr};
    const bool tiles =
        options_.fuse && options_.tiles && options_.search.convention != CountConvention::timeloop;
    for (std::size_t i = 0; i < problems_.size(); ++i) {
      step(i);
      for (std::size_t last = i + 1;
           tiles && last < std::min(problems_.size(), i + options_.most_fused); ++last)
        share(i, last);
    }
    Front last = known_;
    for (const auto& [places, front] : states_.back())
      for (const auto& path : front) add(last, path);
    CascadeSearchResult result;
    for (const auto& path : pick(last)) result.found.push_back(unroll(*path));
    result.optimal = optimal_;
    result.evaluations = evaluations_;
    result.nodes = nodes_;
    result.searches = recall_.searches();
    result.recalled = recall_.recalled();
    result.read = recall_.read();
    result.written = recall_.written();
    if (!result.found.empty()) result.bound = bound(result.found.front());
    return result;
  }

 private:
  void begin() {
    const Places none(intermediates_.size(), 0);
    states_.assign(problems_.size() + 1, {});
    floors_.assign(problems_.size() + 1, {});
    states_.front()[none] = {nullptr};
    floors_.front()[none] = {0, 0};
  }

  /// Whether Einsums `first` to `last` at this energy, with all others, are no better than what is
  /// known.
  bool is_hopeless(std::size_t first, std::size_t last, double least_pj) const {
    double cycles = 0;
    for (std::size_t i = 0; i < problems_.size(); ++i) {
      double operations = 1;
      for (const NestRank& rank : problems_[i].ranks)
        operations *= static_cast<double>(rank.extent);
      cycles += operations / static_cast<double>(instances_of(parts_[i], parts_[i].levels.size()));
      if (i < first || last < i) least_pj += operations * parts_[i].compute.pj;
    }
    const SearchObjective objective = options_.search.objective;
    return std::ranges::any_of(known_, [&](const auto& path) {
      const auto known_cycles = static_cast<double>(path->cycles);
      const double slack = 1 - 1e-9;  // equal ones are looked at
      if (objective == SearchObjective::energy) return path->energy_pj < slack * least_pj;
      if (objective == SearchObjective::edp)
        return known_cycles * path->energy_pj < slack * cycles * least_pj;
      return known_cycles < slack * cycles && path->energy_pj < slack * least_pj;
    });
  }

  bool stopped() {
    if (!options_.search.stop || !options_.search.stop()) return false;
    optimal_ = false;
    unknown_ = true;
    return true;
  }

  std::string unit_of(std::size_t einsum) const {
    return einsum < options_.units.size() ? options_.units[einsum] : "";
  }

  double bound(const FoundCascade& best) const {
    const SearchObjective objective = options_.search.objective;
    if (objective == SearchObjective::pareto || unknown_) return 0;
    if (optimal_) return objective_value(objective, best.cycles, best.energy_pj);
    Floor least;
    for (const auto& [places, floor] : floors_.back()) least.lower(floor);
    if (objective == SearchObjective::cycles) return least.cycles;
    return objective == SearchObjective::energy ? least.energy_pj : least.cycles * least.energy_pj;
  }

  bool is_used(std::size_t einsum, const Intermediate& tensor) const {
    return std::ranges::any_of(problems_[einsum].tensors,
                               [&](const NestTensor& used) { return used.name == tensor.name; });
  }

  /// Maps Einsum `i` after every way to map those before, with every place of what it makes.
  void step(std::size_t i) {
    for (const auto& [places, front] : states_[i])
      for (const Places& chosen : choices(i, places)) {
        const SearchResult& mapped = search(i, chosen);
        Front& next = states_[i + 1][after(i, chosen)];
        floors_[i + 1][after(i, chosen)].lower(floors_[i][places].plus(mapped));
        for (const auto& path : front)
          for (const FoundMapping& found : mapped.found) add(next, extend(path, found, 0));
      }
  }

  /// What is alive after Einsum `i`.
  Places after(std::size_t i, Places places) const {
    for (std::size_t t = 0; t < intermediates_.size(); ++t)
      if (intermediates_[t].last_reader <= i) places[t] = 0;
    return places;
  }

  /// Maps Einsums `first` to `last` in shared loops, after every way to map those before.
  void share(std::size_t first, std::size_t last) {
    for (std::size_t level = 1; level < hierarchy_.levels.size(); ++level) {
      if (instances_of(hierarchy_, level) != 1) continue;
      for (const auto& [places, front] : states_[first]) {
        std::vector<Places> list = {places};
        for (std::size_t i = first; i <= last; ++i) {
          std::vector<Places> more;
          for (const Places& chosen : list)
            for (Places& other : choices(i, chosen, last)) more.push_back(std::move(other));
          list = std::move(more);
        }
        for (const Places& chosen : list)
          share(group_of(first, last, level, chosen), chosen, places);
      }
    }
  }

  Group group_of(std::size_t first, std::size_t last, std::size_t level,
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

  std::uint64_t bits_of(const Intermediate& tensor, std::size_t index) const {
    const NestLevel& level = hierarchy_.levels[index];
    return tensor.elements * bits_at(level, tensor.name, tensor.bits) *
           (level.double_buffered ? 2 : 1);
  }

  void share(const Group& group, const Places& chosen, const Places& places) {
    if (group.passed.empty()) return;
    const Places end = after(group.last, chosen);
    bool bound = true;  // start.least_pj is that of the first compute unit
    for (std::size_t i = group.first; i <= group.last; ++i) bound = bound && unit_of(i).empty();
    for (const GroupStart& start :
         starts_of(group, problems_, hierarchy_, options_.search.convention)) {
      if (is_hopeless(group.first, group.last, bound ? start.least_pj : 0)) continue;
      if (stopped()) return;
      Front front = states_[group.first][places];
      Floor floor = floors_[group.first][places];
      for (std::size_t i = 0; i < start.nests.size() && !front.empty(); ++i) {
        SearchOptions options = search_options();
        options.shared = start.counted[i];
        options.kept = start.kept[i];
        options.reserved_bits = start.reserved[i];
        const SearchResult& mapped = ask(group.first + i, options);
        floor = floor.plus(mapped);
        Front next;
        for (const auto& path : front)
          for (FoundMapping found : mapped.found) {
            found.nest = begun(start.nests[i], found.nest);
            add(next, extend(path, found, i == 0 ? 0 : start.nests[i].size()));
          }
        front = std::move(next);
      }
      floors_[group.last + 1][end].lower(floor);
      for (const auto& path : front) add(states_[group.last + 1][end], path);
    }
  }

  /// A nest with other nodes for as many of its first.
  static Nest begun(const Nest& begin, const Nest& nest) {
    Nest result = begin;
    for (std::size_t at = begin.size(); at < nest.size(); ++at) result.add(nest[at]);
    return result;
  }

  /// Every place of what Einsum `i` makes, but for what is read until `passed` only.
  std::vector<Places> choices(std::size_t i, const Places& places, std::size_t passed = 0) const {
    std::vector<Places> list = {places};
    for (std::size_t t = 0; t < intermediates_.size(); ++t) {
      if (intermediates_[t].producer != i || intermediates_[t].last_reader <= passed) continue;
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

  /// Those of the cascade, for one Einsum.
  SearchOptions search_options() const {
    SearchOptions options = options_.search;
    // Cycles x energy of a sum is not a sum: the whole front is needed.
    if (options.objective == SearchObjective::edp) options.objective = SearchObjective::pareto;
    options.kept.clear();
    options.reserved_bits.assign(hierarchy_.levels.size(), 0);
    return options;
  }

  const SearchResult& search(std::size_t i, const Places& places) {
    SearchOptions options = search_options();
    for (std::size_t t = 0; t < intermediates_.size(); ++t) {
      const Intermediate& tensor = intermediates_[t];
      if (places[t] == 0) continue;
      if (!is_used(i, tensor)) {
        options.reserved_bits[places[t]] += bits_of(tensor, places[t]);
        continue;
      }
      for (std::size_t index = 0; index < problems_[i].tensors.size(); ++index)
        if (problems_[i].tensors[index].name == tensor.name)
          options.kept.push_back({index, places[t]});
    }
    return ask(i, options);
  }

  const SearchResult& ask(std::size_t i, SearchOptions options) {
    if (options_.progress)
      options.progress = [this, i](const SearchProgress& search) {
        options_.progress({i, problems_.size(), recall_.searches(), search});
      };
    const SearchResult& result = recall_.search(problems_[i], parts_[i], options);
    optimal_ = optimal_ && result.optimal;
    evaluations_ += result.evaluations;
    nodes_ += result.nodes;
    return result;
  }

  static std::shared_ptr<const Path> extend(const std::shared_ptr<const Path>& path,
                                            const FoundMapping& found, std::size_t shared_nodes) {
    auto longer =
        std::make_shared<Path>(Path{found.cycles, found.energy_pj, found, shared_nodes, path});
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
      found.mapping.einsums.push_back(
          {problems_[i], steps[i]->step.nest, steps[i]->shared_nodes, unit_of(i), 1});
    return found;
  }

  const std::vector<Problem>& problems_;
  const Hierarchy& hierarchy_;
  const CascadeSearchOptions& options_;
  std::vector<Intermediate> intermediates_;
  Recall recall_;
  std::vector<Hierarchy> parts_;                 ///< of the machine, that each Einsum runs on
  std::vector<std::map<Places, Front>> states_;  ///< by the Einsums that are mapped
  std::vector<std::map<Places, Floor>> floors_;
  Front known_;  ///< of whole tensors only
  bool optimal_ = true;
  bool unknown_ = false;  ///< whole groups were left out
  std::uint64_t evaluations_ = 0, nodes_ = 0;
};

}  // namespace

CascadeSearchResult search_cascade(const std::vector<Problem>& problems, const Hierarchy& hierarchy,
                                   const CascadeSearchOptions& options) {
  return Joiner(problems, hierarchy, options).run();
}

}  // namespace sluice
