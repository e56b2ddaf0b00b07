// SPDX-License-Identifier: Apache-2.0
// The mapper that looks further: for each matrix product and convolution the loop nests with the
// least DRAM traffic of all that scratchpads allow and whose steps are worth the array's while,
// found by branch and bound (mapper/search), against the tiling of `heuristic`; on the timeline of
// the machine the best one is taken. So it is never later there than `heuristic`. Attention on chip
// and vector tasks keep the tilings of `heuristic`.
#include "mapper/search/search.hpp"

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "base/checked.hpp"
#include "base/registry.hpp"
#include "mapper/array_step.hpp"
#include "mapper/mappers.hpp"
#include "mapper/systolic_nest.hpp"
#include "mapper/timeline.hpp"

namespace sluice::mappers {

std::variant<Mapping, Infeasible> map_heuristic(const Network&, const Architecture&,
                                                const MappingOptions&);

namespace {

/// The machine as the search sees it: each word to or from main memory costs 1, all else nothing.
/// A step of the array is what loops inside of all scratchpads cover. What a scratchpad holds
/// begins at one place among the loops.
struct TrafficOnly {
  Hierarchy hierarchy;
  std::vector<HeldTensor> held;  ///< the machine does not go around scratchpads
};

TrafficOnly traffic_only(const Architecture& architecture) {
  TrafficOnly machine{hierarchy_of(architecture), {}};
  Hierarchy& hierarchy = machine.hierarchy;
  hierarchy.levels.pop_back();
  for (NestLevel& level : hierarchy.levels) level.fan_out.clear();
  NestLevel& memory = hierarchy.levels.front();
  memory.bits = {{"output", width_bits(architecture.array.accumulator_format)}};
  memory.read_pj = memory.update_pj = 1;
  for (std::size_t pad = 0; pad < architecture.scratchpads.size(); ++pad)
    for (const TensorRole role : architecture.scratchpads[pad].holds)
      machine.held.push_back({1 + pad, std::string(name_of(role))});
  return machine;
}

/// Whose place lies further out is not said by the machine: with every order of its scratchpads.
std::vector<TrafficOnly> all_orders(const Architecture& architecture) {
  std::vector<std::size_t> order(architecture.scratchpads.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::vector<TrafficOnly> machines;
  do {
    Architecture turned = architecture;
    for (std::size_t i = 0; i < order.size(); ++i)
      turned.scratchpads[i] = architecture.scratchpads[order[i]];
    machines.push_back(traffic_only(turned));
  } while (std::ranges::next_permutation(order).found);
  return machines;
}

/// The loops outside of the innermost place where something is kept.
GemmNest outer_loops(const Nest& nest, const GemmTask& task) {
  const std::vector<GemmRank> ranks = ranks_in(task);
  GemmNest mapping;
  std::size_t inner = 0;
  for (const NestNode& node : nest) {
    if (node.kind == NestKind::loop) mapping.loops.push_back({ranks[node.rank], node.tile});
    if (node.kind != NestKind::keep || node.level == 0) continue;
    for (std::size_t role = 0; role < tensor_role_count; ++role)
      if ((node.tensors >> role & 1) != 0) mapping.kept[role] = mapping.loops.size();
    inner = mapping.loops.size();
  }
  // What is further in is one step, but of one product.
  for (std::size_t i = mapping.loops.size(); i-- > inner;)
    if (mapping.loops[i].rank >= GemmRank::m)
      mapping.loops.erase(mapping.loops.begin() + static_cast<std::ptrdiff_t>(i));
  return mapping;
}

/// Looks for nests of products, and remembers what it found.
class Finder {
 public:
  explicit Finder(const Architecture& architecture)
      : architecture_(architecture), machines_(all_orders(architecture)) {}

  /// Of a matrix product; of any other task none.
  const std::vector<GemmNest>& operator()(const Task& task) {
    const auto* gemm = std::get_if<GemmTask>(&task.work);
    if (gemm == nullptr) return none_;
    for (const auto& [known, nests] : found_)
      if (known == *gemm) return nests;
    found_.emplace_back(*gemm, find(task, *gemm));
    return found_.back().second;
  }

 private:
  /// Short steps leave more room, long ones fill and drain the array less often.
  std::vector<GemmNest> find(const Task& task, const GemmTask& gemm) const {
    const SystolicArray& array = architecture_.array;
    std::vector<GemmNest> nests;
    std::vector<GemmExtents> tried;
    for (const std::uint64_t times : {1, 4, 16}) {
      const GemmExtents least =
          least_step(gemm, array, times * (std::uint64_t{array.rows} + array.columns));
      if (std::ranges::find(tried, least) != tried.end()) continue;
      tried.push_back(least);
      for (const TrafficOnly& machine : machines_) {
        const auto nest = find(task, gemm, least, machine);
        if (!nest) continue;
        for (const GemmNest& each : {*nest, grown(task, *nest, architecture_)})
          if (std::ranges::find(nests, each) == nests.end()) nests.push_back(each);
      }
    }
    return nests;
  }

  /// The nest of least traffic whose steps have at least these extents; its tiles are multiples of
  /// them.
  std::optional<GemmNest> find(const Task& task, const GemmTask& gemm, const GemmExtents& least,
                               const TrafficOnly& machine) const {
    Problem problem = problem_of(gemm, architecture_);
    SearchOptions options;
    options.objective = SearchObjective::energy;
    options.threads = 1;
    // The machine brings all of the next tile of a window.
    if (gemm.window) options.convention = CountConvention::accelforge;
    options.held = machine.held;
    const std::vector<GemmRank> ranks = ranks_in(gemm);
    for (std::size_t r = 0; r < ranks.size(); ++r) {
      options.least.push_back(least[static_cast<std::size_t>(ranks[r])]);
      std::uint64_t& extent = problem.ranks[r].extent;
      extent = product(ceil_div(extent, options.least[r]), options.least[r]);
    }
    if (!check(problem).empty()) return std::nullopt;
    int asked = 0;
    options.stop = [&asked] { return ++asked > most_questions; };
    const SearchResult result = search_mapping(problem, machine.hierarchy, options);
    if (result.found.empty()) return std::nullopt;
    const GemmNest nest = outer_loops(result.found.front().nest, gemm);
    if (!verify({{{task, nest}}}, architecture_).empty()) return std::nullopt;
    return nest;
  }

  /// How often a search may ask whether to go on: a bound that is the same on every machine.
  static constexpr int most_questions = 2000;

  const Architecture& architecture_;
  std::vector<TrafficOnly> machines_;
  std::vector<std::pair<GemmTask, std::vector<GemmNest>>> found_;
  const std::vector<GemmNest> none_;
};

/// Part of a task's time, and of the network's, that has to be gained before the mapping of
/// `heuristic` is given up: the timeline tells less apart only by chance.
constexpr double caution = 0.01;

/// Takes, task by task, what was found where the next task is then done sooner.
class Improver {
 public:
  Improver(const Mapping& mapping, const Network& network, const Architecture& architecture)
      : mapping_(mapping), find_(architecture), timeline_(architecture) {
    Dependencies dependencies(network);
    for (const TaskMapping& mapped : mapping.tasks)
      needs_.push_back(dependencies.next(mapped.task));
  }

  Mapping run() {
    Mapping result = mapping_;
    Timeline before = timeline_;
    for (std::size_t t = 0; t < mapping_.tasks.size(); ++t) {
      result.tasks[t].tiling = choose(t);
      append(timeline_, t, result.tasks[t].tiling);
      append(before, t, mapping_.tasks[t].tiling);
    }
    return timeline_.end() < (1 - caution) * before.end() ? result : mapping_;
  }

 private:
  Tiling choose(std::size_t task) {
    Tiling best = mapping_.tasks[task].tiling;
    Timeline own = timeline_;
    append(own, task, best);
    double least = end_ahead(own, task) - caution * (own.end() - timeline_.end());
    for (const GemmNest& found : find_(mapping_.tasks[task].task)) {
      Timeline trial = timeline_;
      append(trial, task, found);
      const double end = end_ahead(trial, task);
      if (end >= least) continue;
      least = end;
      best = found;
    }
    return best;
  }
  /// End of the task after this one, or of this one if it is the last.
  double end_ahead(Timeline line, std::size_t task) const {
    if (task + 1 < mapping_.tasks.size()) append(line, task + 1, mapping_.tasks[task + 1].tiling);
    return line.end();
  }
  void append(Timeline& line, std::size_t task, const Tiling& tiling) const {
    line.append(mapping_.tasks[task].task.work, tiling, needs_[task]);
  }

  const Mapping& mapping_;
  Finder find_;
  Timeline timeline_;
  std::vector<TaskNeeds> needs_;
};

}  // namespace

std::variant<Mapping, Infeasible> map_search(const Network& network,
                                             const Architecture& architecture,
                                             const MappingOptions& options) {
  auto mapped = map_heuristic(network, architecture, options);
  if (const auto* mapping = std::get_if<Mapping>(&mapped))
    return Improver(*mapping, network, architecture).run();
  return mapped;
}

Descriptor describe_map_search() {
  return {"search",
          "for products and convolutions the loop nest of least DRAM traffic where it is faster",
          "",
          {}};
}

}  // namespace sluice::mappers
