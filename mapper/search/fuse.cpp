// SPDX-License-Identifier: Apache-2.0
// The best path through the graph of ways. A way costs what is known of it: at first less than any
// mapping of it, and what its mappings cost once they have been searched for. While the best path
// has ways that were not searched, these are; so most of them never are.
#include "mapper/search/fuse.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>
#include <numeric>
#include <set>

#include "mapper/search/paths.hpp"
#include "mapper/search/recall.hpp"

namespace sluice {
namespace {

using namespace search;

constexpr double infinite = std::numeric_limits<double>::infinity();

/// What a part may cost, and which of the mappings that were found that is.
struct Price {
  double cycles = 0, energy_pj = 0;
  std::size_t found = 0;
};

/// What is known of a part.
struct Knowledge {
  enum { nothing, bounded, searched } stage = nothing;
  std::vector<Price> prices;
  const SearchResult* result = nullptr;  ///< where it was searched
};

class Joiner {
 public:
  Joiner(const std::vector<Problem>& problems, const Hierarchy& hierarchy,
         const CascadeSearchOptions& options)
      : problems_(problems),
        options_(options),
        objective_(options.search.objective),
        graph_(problems, hierarchy, options),
        recall_(options.cache, options.search.threads) {
    for (std::size_t i = 0; i < problems.size(); ++i)
      parts_.push_back(part_for(hierarchy, unit_of(i)).value_or(hierarchy));
  }

  CascadeSearchResult run() {
    learn_ways();
    std::vector<std::size_t> ways(known_.size());
    std::iota(ways.begin(), ways.end(), std::size_t{0});
    bound(ways);
    best_ = solve();
    if (options_.fuse && options_.tiles &&
        options_.search.convention != CountConvention::timeloop && !ended_) {
      graph_.add_shared([&](std::size_t first, std::size_t last, double least_pj) {
        return is_hopeless(first, last, least_pj);
      });
      learn_ways();
      best_ = solve();
    }
    return result();
  }

 private:
  /// Notes what is known of ways that are new: nothing but what their operations cost.
  void learn_ways() {
    for (std::size_t way = known_.size(); way < graph_.ways().size(); ++way) {
      known_.emplace_back(graph_.ways()[way].parts.size());
      prices_.emplace_back();
      price(way);
    }
  }

  const Part& part(std::size_t way, std::size_t index) const {
    return graph_.ways()[way].parts[index];
  }

  Price operations_of(std::size_t einsum) const {
    double operations = 1;
    for (const NestRank& rank : problems_[einsum].ranks)
      operations *= static_cast<double>(rank.extent);
    const Hierarchy& machine = parts_[einsum];
    const auto lanes = static_cast<double>(instances_of(machine, machine.levels.size()));
    return {operations / lanes, operations * machine.compute.pj, 0};
  }

  /// What a way costs, from what is known of its parts.
  void price(std::size_t way) {
    std::vector<WayPrice> list = {{}};
    bool bounded = true;
    for (std::size_t i = 0; i < known_[way].size(); ++i) {
      const Knowledge& known = known_[way][i];
      bounded = bounded && known.stage != Knowledge::nothing;
      const std::vector<Price> operations = {operations_of(part(way, i).einsum)};
      std::vector<WayPrice> more;
      for (const WayPrice& sum : list)
        for (const Price& price : known.stage == Knowledge::nothing ? operations : known.prices) {
          more.push_back({sum.cycles + price.cycles, sum.energy_pj + price.energy_pj, sum.chosen});
          more.back().chosen.push_back(price.found);
        }
      reduce(more, objective_, {0, infinite});
      list = std::move(more);
    }
    for (WayPrice& sum : list)
      if (!bounded) sum.energy_pj = std::max(sum.energy_pj, graph_.ways()[way].least_pj);
    prices_[way] = std::move(list);
  }

  SearchOptions options_for(const Part& part) {
    SearchOptions options = options_.search;
    if (objective_ == SearchObjective::edp) {
      options.objective = SearchObjective::priced;
      options.prices = cycle_prices_;
      options.tolerance = tolerance_;
    }
    options.shared = part.shared;
    options.kept = part.kept;
    options.reserved_bits = part.reserved;
    if (options_.progress)
      options.progress = [this, &part](const SearchProgress& search) {
        const std::lock_guard one_at_a_time(progress_);
        options_.progress({part.einsum, problems_.size(), recall_.searches(), search});
      };
    return options;
  }

  /// A part of a way.
  using PartOf = std::pair<std::size_t, std::size_t>;

  Question question(const PartOf& at) {
    const Part& asked = part(at.first, at.second);
    return {&problems_[asked.einsum], &parts_[asked.einsum], options_for(asked)};
  }

  /// Bounds all parts of ways from below.
  void bound(const std::vector<std::size_t>& ways) {
    std::vector<PartOf> list;
    std::vector<Question> questions;
    for (const std::size_t way : ways)
      for (std::size_t i = 0; i < known_[way].size(); ++i) {
        list.emplace_back(way, i);
        questions.push_back(question(list.back()));
        SearchOptions& options = questions.back().options;
        options.prices = {};  // they do not depend on these, and are as low with all the room
        options.tolerance = 0;
        options.reserved_bits = {};
      }
    const auto answers = recall_.floors(questions);
    for (std::size_t i = 0; i < list.size(); ++i) {
      Knowledge& known = known_[list[i].first][list[i].second];
      known.stage = Knowledge::bounded;
      known.prices.clear();
      for (const CostFloor& floor : *answers[i])
        known.prices.push_back({floor.cycles, floor.energy_pj});
    }
    for (const std::size_t way : ways) price(way);
  }

  /// Searches of each way the first part that was not searched.
  void search(const std::vector<std::size_t>& ways) {
    std::vector<PartOf> list;
    std::vector<Question> questions;
    for (const std::size_t way : ways) {
      std::size_t i = 0;
      while (known_[way][i].stage == Knowledge::searched) ++i;
      list.emplace_back(way, i);
      questions.push_back(question(list.back()));
      if (known_[way][i].result != nullptr)
        questions.back().options.known = known_[way][i].result->found;
    }
    const auto answers = recall_.search(questions);
    for (std::size_t i = 0; i < list.size(); ++i) {
      Knowledge& known = known_[list[i].first][list[i].second];
      known.result = answers[i];
      if (!answers[i]->optimal) {
        ended_ = true;
        continue;
      }
      known.stage = Knowledge::searched;
      known.prices = prices_of(*answers[i]);
    }
    for (const std::size_t way : ways) price(way);
  }

  static std::vector<Price> prices_of(const SearchResult& result) {
    std::vector<Price> prices;
    for (std::size_t i = 0; i < result.found.size(); ++i)
      prices.push_back({static_cast<double>(result.found[i].cycles), result.found[i].energy_pj, i});
    return prices;
  }

  bool is_searched(std::size_t way) const {
    return std::ranges::all_of(
        known_[way], [](const Knowledge& known) { return known.stage == Knowledge::searched; });
  }

  /// Of a front, what the objective asks for.
  Front pick(const Front& front) const {
    if (objective_ == SearchObjective::pareto || front.empty()) return front;
    return {*std::ranges::min_element(front, {}, [&](const PathEnd& end) { return value(end); })};
  }

  double value(const PathEnd& end) const {
    switch (objective_) {
      case SearchObjective::cycles:
        return end.cycles;
      case SearchObjective::energy:
        return end.energy_pj;
      default:
        return end.cycles * end.energy_pj;
    }
  }

  Front solve() {
    if (objective_ != SearchObjective::edp) return settle();
    const Front floor = join(graph_, prices_, objective_, {0, infinite});
    if (floor.empty()) return {};
    if (best_.empty()) {
      const PathEnd guess = pick(floor).front();
      cycle_prices_ = {guess.energy_pj / guess.cycles, guess.energy_pj / guess.cycles};
      tolerance_ = 0.1;
      best_ = settle();
      tolerance_ = 0;
      if (ended_ || best_.empty()) return best_;
    }
    // A better one has at least the fewest cycles and the least energy of all, so that neither of
    // its numbers exceeds the best value over the other; at the price of its energy over its cycles
    // no other costs less.
    const double best = value(best_.front()), least_pj = floor.back().energy_pj;
    const double least_cycles = floor.front().cycles, more = 1 + 1e-9;
    cycle_prices_ = {least_pj * least_pj / best / more,
                     best / (least_cycles * least_cycles) * more};
    forget();
    return settle();
  }

  /// What was searched at other prices is not known at these.
  void forget() {
    std::vector<std::size_t> searched;
    for (std::size_t way = 0; way < known_.size(); ++way)
      if (std::ranges::any_of(known_[way], [](const Knowledge& known) {
            return known.stage == Knowledge::searched;
          }))
        searched.push_back(way);
    bound(searched);
  }

  /// Searches ways on the best path until it has no others.
  Front settle() {
    while (true) {
      Front best = pick(join(graph_, prices_, objective_, cycle_prices_));
      std::set<std::size_t> to_bound, to_search;
      for (const PathEnd& end : best)
        for (const Path* path = end.path.get(); path != nullptr; path = path->before.get())
          if (!is_searched(path->way))
            (known_[path->way].front().stage == Knowledge::nothing ? to_bound : to_search)
                .insert(path->way);
      if (to_bound.empty() && to_search.empty()) return best;
      if (options_.search.stop && options_.search.stop()) ended_ = true;
      bound({to_bound.begin(), to_bound.end()});
      search({to_search.begin(), to_search.end()});
      if (ended_) return best;
    }
  }

  /// Of a search that was ended: the best of what was found.
  Front found_so_far() const {
    std::vector<std::vector<WayPrice>> prices(known_.size());
    for (std::size_t way = 0; way < known_.size(); ++way) {
      std::vector<WayPrice> list = {{}};
      for (const Knowledge& known : known_[way]) {
        std::vector<WayPrice> more;
        for (const WayPrice& sum : list)
          for (const Price& price :
               known.result == nullptr ? std::vector<Price>{} : prices_of(*known.result)) {
            more.push_back(
                {sum.cycles + price.cycles, sum.energy_pj + price.energy_pj, sum.chosen});
            more.back().chosen.push_back(price.found);
          }
        list = std::move(more);
      }
      prices[way] = std::move(list);
    }
    return pick(join(graph_, prices, objective_, {0, infinite}));
  }

  CascadeSearchResult result() const {
    CascadeSearchResult result;
    const Front best = ended_ ? found_so_far() : best_;
    for (const PathEnd& end : best) result.found.push_back(unroll(*end.path));
    result.optimal = !ended_;
    result.evaluations = recall_.evaluations();
    result.nodes = recall_.nodes();
    result.searches = recall_.searches();
    result.recalled = recall_.recalled();
    result.read = recall_.read();
    result.written = recall_.written();
    if (objective_ == SearchObjective::pareto || result.found.empty()) return result;
    result.bound =
        objective_value(objective_, result.found.front().cycles, result.found.front().energy_pj);
    if (ended_) {
      const Front least = pick(join(graph_, prices_, objective_, cycle_prices_));
      if (!least.empty()) result.bound = std::min(result.bound, value(least.front()));
    }
    return result;
  }

  FoundCascade unroll(const Path& last) const {
    FoundCascade found;
    std::vector<const Path*> steps;
    for (const Path* path = &last; path != nullptr; path = path->before.get())
      steps.push_back(path);
    std::ranges::reverse(steps);
    for (const Path* path : steps)
      for (std::size_t i = 0; i < path->chosen.size(); ++i) {
        const Part& mapped = part(path->way, i);
        const FoundMapping& step = known_[path->way][i].result->found[path->chosen[i]];
        found.cycles += step.cycles;
        found.energy_pj += step.energy_pj;
        found.mapping.einsums.push_back({problems_[mapped.einsum], begun(mapped.begin, step.nest),
                                         i == 0 ? 0 : mapped.begin.size(), unit_of(mapped.einsum),
                                         1});
      }
    return found;
  }

  /// A nest with other nodes for as many of its first.
  static Nest begun(const Nest& begin, const Nest& nest) {
    Nest result = begin;
    for (std::size_t at = begin.size(); at < nest.size(); ++at) result.add(nest[at]);
    return result;
  }

  /// Whether Einsums `first` to `last` at this energy, with all others, are no better than what is
  /// known.
  bool is_hopeless(std::size_t first, std::size_t last, double least_pj) const {
    double cycles = 0;
    bool bound = true;  // that of a group is at the price of the first compute unit
    for (std::size_t i = first; i <= last; ++i) bound = bound && unit_of(i).empty();
    if (!bound) least_pj = 0;
    for (std::size_t i = 0; i < problems_.size(); ++i) {
      const Price operations = operations_of(i);
      cycles += operations.cycles;
      if (!bound || i < first || last < i) least_pj += operations.energy_pj;
    }
    const double slack = 1 - 1e-9;  // equal ones are looked at
    return std::ranges::any_of(best_, [&](const PathEnd& known) {
      if (objective_ == SearchObjective::energy) return known.energy_pj < slack * least_pj;
      if (objective_ == SearchObjective::edp) return value(known) < slack * cycles * least_pj;
      return known.cycles < slack * cycles && known.energy_pj < slack * least_pj;
    });
  }

  std::string unit_of(std::size_t einsum) const {
    return einsum < options_.units.size() ? options_.units[einsum] : "";
  }

  const std::vector<Problem>& problems_;
  const CascadeSearchOptions& options_;
  SearchObjective objective_;
  WayGraph graph_;
  Recall recall_;
  std::vector<Hierarchy> parts_;               ///< of the machine, that each Einsum runs on
  std::vector<std::vector<Knowledge>> known_;  ///< by way and part
  std::vector<std::vector<WayPrice>> prices_;  ///< by way
  CyclePrices cycle_prices_;                   ///< that are looked at, for energy x cycles
  double tolerance_ = 0;                       ///< of the first mappings
  Front best_;
  std::mutex progress_;
  bool ended_ = false;
};

}  // namespace

CascadeSearchResult search_cascade(const std::vector<Problem>& problems, const Hierarchy& hierarchy,
                                   const CascadeSearchOptions& options) {
  return Joiner(problems, hierarchy, options).run();
}

}  // namespace sluice
