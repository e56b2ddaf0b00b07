// SPDX-License-Identifier: Apache-2.0
// Which unit runs what; see schedule.hpp.
#include <algorithm>

#include "base/diagnostics.hpp"
#include "mapper/schedule/schedule.hpp"

namespace sluice {
namespace {

/// The column whose result operation `i` adds to something (or takes the maximum of, as the column
/// itself does), if nothing else needs the column's own result.
bool can_seed(const TileWork& work, std::size_t i) {
  const TileOp& op = work.ops[i];
  if (op.shape != OpShape::line || op.operations.size() != 1 || op.operands.size() != 2 ||
      op.after_loop)
    return false;
  for (std::size_t k = 0; k < 2; ++k) {
    const OpOperand &column = op.operands[k], &other = op.operands[1 - k];
    if (column.producer < 0 || column.carried || other.producer < 0) continue;
    const TileOp& maker = work.ops[static_cast<std::size_t>(column.producer)];
    const bool same = (maker.reduction == "+" && op.operations[0] == "add") ||
                      (maker.reduction == "max" && op.operations[0] == "max");
    if (maker.shape != OpShape::column || !same || maker.results != op.results) continue;
    std::size_t users = 0;
    for (const TileOp& any : work.ops)
      for (const OpOperand& operand : any.operands)
        users += operand.producer == column.producer ? 1 : 0;
    return users == 1;
  }
  return false;
}

std::vector<Placement> placements(const TileWork& work, bool free) {
  std::vector<Placement> all = {published_placement(work)};
  // The placement that is published is one of attention.
  if (!free && !work.ranks.loop.empty()) return all;
  for (std::size_t i = 0; i < work.ops.size(); ++i) {
    if (!can_seed(work, i)) continue;
    const std::size_t known = all.size();
    for (std::size_t k = 0; k < known; ++k) {
      all.push_back(all[k]);
      all.back().seeded[i] = true;
    }
  }
  return all;
}

/// Cycles of a tile on the vector array, with its share of what comes after the loop.
std::uint64_t tail_bound(const Pipeline& pipeline, const PipelineOptions& options) {
  for (const IntervalBound& bound : interval_bounds(pipeline))
    if (bound.what == "vector_array") return bound.cycles + options.tail_slots;
  return 0;
}

}  // namespace

std::optional<PlacedSchedule> place_and_schedule(const TileWork& work,
                                                 const SpatialMachine& machine,
                                                 const PipelineOptions& options, bool free) {
  struct Candidate {
    Placement placement;
    Pipeline pipeline;
    std::uint64_t bound = 0;
  };
  std::vector<Candidate> candidates;
  for (Placement& placement : placements(work, free)) {
    Pipeline pipeline = make_pipeline(work, machine, placement, options);
    const std::uint64_t bound =
        std::max(interval_bounds(pipeline).front().cycles, tail_bound(pipeline, options));
    candidates.push_back({std::move(placement), std::move(pipeline), bound});
  }
  std::ranges::stable_sort(candidates, {}, &Candidate::bound);
  std::optional<PlacedSchedule> best;
  std::uint64_t best_cycles = 0;
  for (Candidate& c : candidates) {
    constexpr std::uint64_t slack = 4;  // no placement is worth looking at for longer than that
    const std::uint64_t most = best ? best_cycles - 1 : slack * std::max<std::uint64_t>(c.bound, 1);
    if (c.bound > most) break;
    auto found = find_schedule(c.pipeline, most);
    if (!found) continue;
    const std::uint64_t cycles =
        std::max(found->schedule.interval, tail_bound(c.pipeline, options));
    best = PlacedSchedule{std::move(c.placement), std::move(c.pipeline), std::move(*found)};
    best_cycles = cycles;
  }
  return best;
}

}  // namespace sluice
