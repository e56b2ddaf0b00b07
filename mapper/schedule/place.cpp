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

/// Whether an operation hands on or writes more words in a cycle than there is way for: there is no
/// schedule then, whatever the interval.
bool is_hopeless(const Pipeline& pipeline) {
  const std::uint64_t ports = pipeline.shared_ports ? pipeline.read_ports : pipeline.write_ports;
  const NeedsAtOnce needs = needs_at_once(pipeline);
  return needs.words > pipeline.link_words || (pipeline.read_ports > 0 && needs.rows > ports);
}

/// A placement whose schedules are looked for, one interval after the other: `step` cycles apart at
/// first, further apart the more there have been.
struct Candidate {
  PlacedSchedule placed;
  std::uint64_t tail = 0;  ///< cycles of a tile that no schedule can be below
  std::uint64_t step = 1;
  std::uint64_t next = 0;    ///< steps above the bound, which are to be tried
  std::uint64_t failed = 0;  ///< the last that were
  std::uint64_t most = 0;    ///< the last to be tried

  std::uint64_t interval(std::uint64_t steps) const {
    return std::max<std::uint64_t>(placed.found.bound, 1) + steps * step;
  }
  std::uint64_t cycles() const { return std::max(interval(next), tail); }
  bool schedule(std::uint64_t steps) {
    auto found = find_schedule(placed.pipeline, interval(steps));
    if (!found) return false;
    placed.found.schedule = std::move(*found);
    return true;
  }
};

void move_on(Candidate& candidate) {
  constexpr std::uint64_t close = 16;  // so many intervals are tried step by step
  candidate.failed = candidate.next;
  candidate.next += candidate.next < close ? 1 : candidate.next / 8;
}

/// A schedule was found: looks between it and the last interval that had none.
PlacedSchedule narrowed(Candidate& candidate) {
  std::uint64_t good = candidate.next;
  while (good - candidate.failed > 1) {
    const std::uint64_t middle = candidate.failed + (good - candidate.failed) / 2;
    (candidate.schedule(middle) ? good : candidate.failed) = middle;
  }
  return std::move(candidate.placed);
}

Candidate candidate(Placement placement, Pipeline pipeline, const PipelineOptions& options) {
  constexpr std::uint64_t slack = 4;  // no placement is worth looking at for longer than that
  Candidate c;
  c.placed.found.bound = interval_bounds(pipeline).front().cycles;
  c.tail = tail_bound(pipeline, options);
  c.step = interval_step(pipeline);
  c.most = (slack * c.cycles() - c.interval(0)) / c.step;
  c.placed.placement = std::move(placement);
  c.placed.pipeline = std::move(pipeline);
  return c;
}

/// Every placement, with all lanes and with fewer for a column.
std::vector<Candidate> candidates(const TileWork& work, SpatialMachine machine,
                                  const PipelineOptions& options, bool free) {
  const std::uint32_t lanes = machine.vector_array.lanes, columns = machine.spatial_array.columns;
  std::vector<Candidate> all;
  for (const Placement& placement : placements(work, free)) {
    machine.vector_array.lanes = lanes;
    all.push_back(candidate(placement, make_pipeline(work, machine, placement, options), options));
    for (std::uint32_t a_column = lanes / columns; a_column-- > 1;) {
      machine.vector_array.lanes = a_column * columns;
      Pipeline fewer = make_pipeline(work, machine, placement, options);
      if (fewer == all.back().placed.pipeline) continue;
      all.push_back(candidate(placement, std::move(fewer), options));
    }
  }
  return all;
}

}  // namespace

std::optional<PlacedSchedule> place_and_schedule(const TileWork& work,
                                                 const SpatialMachine& machine,
                                                 const PipelineOptions& options, bool free) {
  std::vector<Candidate> left = candidates(work, machine, options, free);
  std::erase_if(left, [](const Candidate& c) { return is_hopeless(c.placed.pipeline); });
  std::ranges::stable_sort(left, {}, &Candidate::cycles);
  while (!left.empty()) {
    const auto next = std::ranges::min_element(left, {}, &Candidate::cycles);
    if (next->schedule(next->next)) return narrowed(*next);
    move_on(*next);
    if (next->next > next->most) left.erase(next);
  }
  return std::nullopt;
}

}  // namespace sluice
