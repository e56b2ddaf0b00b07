// SPDX-License-Identifier: Apache-2.0
// The mapper that looks further: for each matrix product the loop nest with the least DRAM traffic
// of all that scratchpads allow, found by branch and bound (mapper/search), against the tiling of
// `heuristic`; on the timeline of the machine the better one is taken. So it is never later there
// than `heuristic`. Convolutions and vector tasks keep the tilings of `heuristic`.
#include "mapper/search/search.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/registry.hpp"
#include "mapper/mappers.hpp"
#include "mapper/systolic_nest.hpp"
#include "mapper/timeline.hpp"

namespace sluice::mappers {

std::variant<Mapping, Infeasible> map_heuristic(const Network&, const Architecture&,
                                                const MappingOptions&);

namespace {

/// The machine as the search sees it: each word to or from main memory costs 1, all else nothing.
/// A step of the array is what loops inside of all scratchpads cover.
Hierarchy traffic_only(const Architecture& architecture) {
  Hierarchy hierarchy = hierarchy_of(architecture);
  hierarchy.levels.pop_back();
  for (NestLevel& level : hierarchy.levels) level.fan_out.clear();
  NestLevel& memory = hierarchy.levels.front();
  memory.bits = {{"output", width_bits(architecture.array.accumulator_format)}};
  memory.read_pj = memory.update_pj = 1;
  return hierarchy;
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

/// Remembers what it found for a product.
class Finder {
 public:
  explicit Finder(const Architecture& architecture)
      : architecture_(architecture), hierarchy_(traffic_only(architecture)) {}

  std::optional<GemmNest> operator()(const Task& task) {
    const auto* gemm = std::get_if<GemmTask>(&task.work);
    if (gemm == nullptr || gemm->window) return std::nullopt;
    for (const auto& [known, nest] : found_)
      if (known == *gemm) return nest;
    found_.emplace_back(*gemm, find(task, *gemm));
    return found_.back().second;
  }

 private:
  std::optional<GemmNest> find(const Task& task, const GemmTask& gemm) const {
    SearchOptions options;
    options.objective = SearchObjective::energy;
    options.threads = 1;
    int asked = 0;
    options.stop = [&asked] { return ++asked > most_questions; };
    const SearchResult result =
        search_mapping(problem_of(gemm, architecture_), hierarchy_, options);
    if (result.found.empty()) return std::nullopt;
    const GemmNest nest = outer_loops(result.found.front().nest, gemm);
    Mapping alone;
    alone.tasks.push_back({task, nest});
    if (!verify(alone, architecture_).empty()) return std::nullopt;
    return nest;
  }

  /// How often a search may ask whether to go on: a bound that is the same on every machine.
  static constexpr int most_questions = 2000;

  const Architecture& architecture_;
  Hierarchy hierarchy_;
  std::vector<std::pair<GemmTask, std::optional<GemmNest>>> found_;
};

/// Takes, task by task, what was found where the next task is then done sooner.
Mapping improved(const Mapping& mapping, const Network& network, const Architecture& architecture) {
  std::vector<TaskNeeds> needs;
  Dependencies dependencies(network);
  for (const TaskMapping& mapped : mapping.tasks) needs.push_back(dependencies.next(mapped.task));
  Finder find(architecture);
  Mapping result = mapping;
  Timeline timeline(architecture), before(architecture);
  for (std::size_t t = 0; t < mapping.tasks.size(); ++t) {
    const auto append = [&](Timeline& line, std::size_t task, const Tiling& tiling) {
      line.append(mapping.tasks[task].task.work, tiling, needs[task]);
    };
    const auto end_with = [&](const Tiling& tiling) {
      Timeline trial = timeline;
      append(trial, t, tiling);
      if (t + 1 < mapping.tasks.size()) append(trial, t + 1, mapping.tasks[t + 1].tiling);
      return trial.end();
    };
    Tiling& tiling = result.tasks[t].tiling;
    if (const auto found = find(mapping.tasks[t].task);
        found && end_with(*found) < end_with(tiling))
      tiling = *found;
    append(timeline, t, tiling);
    append(before, t, mapping.tasks[t].tiling);
  }
  return timeline.end() < before.end() ? result : mapping;
}

}  // namespace

std::variant<Mapping, Infeasible> map_search(const Network& network,
                                             const Architecture& architecture,
                                             const MappingOptions& options) {
  auto mapped = map_heuristic(network, architecture, options);
  if (const auto* mapping = std::get_if<Mapping>(&mapped))
    return improved(*mapping, network, architecture);
  return mapped;
}

Descriptor describe_map_search() {
  return {"search",
          "for products the loop nest of least DRAM traffic where it is faster than heuristic",
          "",
          {}};
}

}  // namespace sluice::mappers
