// SPDX-License-Identifier: Apache-2.0
#include "sim/pe/spatial_program.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace sluice {
namespace {

/// Tiles [first, end) of the program, which are one group, and its column tiles' last ones.
struct GroupTiles {
  std::uint64_t first = 0, end = 0;
  std::vector<std::uint64_t> last_of_column;
  const TileGroup* group = nullptr;
};

class Unroller {
 public:
  explicit Unroller(const SpatialJob& job)
      : job_(job),
        schedule_(job.placed.found.schedule),
        stages_(use_of(job.placed.pipeline, schedule_).stages) {}

  SpatialProgram run() {
    list_tiles();
    const std::uint64_t tiles = program_.tiles.size();
    if (job_.walk.every_tile)
      for (std::uint64_t e = 0; e < tiles + stages_ - 1; ++e) epoch(e, 0, tiles, 0);
    else if (job_.overlap)
      overlapped();
    else
      for (const GroupTiles& group : groups_) drained(group);
    while (has_after()) tail();
    const std::size_t length = std::max(program_.issues[0].size(), program_.issues[1].size());
    for (auto& issues : program_.issues) issues.resize(length);
    return std::move(program_);
  }

 private:
  void list_tiles();
  void drained(const GroupTiles& group);
  void overlapped();
  void epoch(std::uint64_t entering, std::uint64_t first, std::uint64_t end, std::uint64_t after);
  void finish(const GroupTiles& group);
  bool has_after() const { return next_after_ < after_.size(); }
  void tail();

  const SpatialJob& job_;
  const ModuloSchedule& schedule_;
  std::uint64_t stages_;
  SpatialProgram program_;
  std::vector<GroupTiles> groups_;
  std::vector<Issue> after_;  ///< what comes after the loop, of groups that have left it
  std::size_t next_after_ = 0;
};

void Unroller::list_tiles() {
  for (std::uint64_t block = 0; block < job_.walk.blocks; ++block) {
    std::uint64_t column = 0;
    for (const TileGroup& group : job_.walk.groups)
      for (std::uint64_t g = 0; g < group.repeat; ++g) {
        GroupTiles tiles;
        tiles.first = program_.tiles.size();
        tiles.group = &group;
        tiles.last_of_column.resize(group.column_tiles());
        std::uint64_t step = group.first_step, low = 0, high = 0;
        for (const TileSweep& sweep : group.sweeps)
          for (std::uint64_t s = 0; s < sweep.repeat; ++s, ++step) {
            const std::uint64_t fresh = high;
            high += sweep.starting;
            SLUICE_ASSERT(high - low == sweep.tiles, "a sweep has other tiles than are open");
            for (std::uint64_t c = low; c < high; ++c) {
              tiles.last_of_column[c] = program_.tiles.size();
              program_.tiles.push_back({block, step, column + c, c >= fresh});
            }
            low += sweep.finishing;
          }
        column += group.column_tiles();
        tiles.end = program_.tiles.size();
        groups_.push_back(std::move(tiles));
      }
  }
}

/// What comes after the loop, column tile by column tile.
void Unroller::finish(const GroupTiles& group) {
  const Pipeline& pipeline = job_.placed.pipeline;
  for (const std::uint64_t tile : group.last_of_column)
    for (std::size_t o = 0; o < pipeline.ops.size(); ++o)
      for (std::uint64_t e = 0; pipeline.ops[o].after_loop && e < pipeline.ops[o].elements; ++e)
        for (std::uint64_t k = 0; k < pipeline.ops[o].slots; ++k)
          after_.push_back({static_cast<std::int32_t>(o), e, k, tile});
}

/// One interval in which the tile `entering` begins, of the tiles [first, end); and `after` slots
/// of what comes after the loop, where the vector array is idle or behind.
void Unroller::epoch(std::uint64_t entering, std::uint64_t first, std::uint64_t end,
                     std::uint64_t after) {
  const Pipeline& pipeline = job_.placed.pipeline;
  const std::size_t begin = program_.issues[0].size();
  std::vector<Issue> issues[array_units];
  for (auto& unit : issues) unit.resize(schedule_.interval);
  std::uint64_t busy = 0;
  for (std::size_t o = 0; o < pipeline.ops.size(); ++o) {
    const PipelineOp& op = pipeline.ops[o];
    for (std::size_t i = 0; i < schedule_.times[o].size(); ++i) {
      const std::uint64_t stage = schedule_.times[o][i] / schedule_.interval;
      if (entering < first + stage || entering - stage >= end) continue;
      issues[static_cast<std::size_t>(op.unit)][schedule_.times[o][i] % schedule_.interval] = {
          static_cast<std::int32_t>(o), i / op.slots, i % op.slots, entering - stage};
      busy += op.unit == ArrayUnit::vector ? 1 : 0;
    }
  }
  auto& line = issues[static_cast<std::size_t>(ArrayUnit::vector)];
  line.resize(std::max<std::size_t>(schedule_.interval, busy + after));
  for (std::size_t t = 0; after > 0; ++t)
    if (line[t].op < 0) line[t] = after_[next_after_++], --after;
  for (std::size_t u = 0; u < array_units; ++u) {
    issues[u].resize(line.size());
    program_.issues[u].insert(program_.issues[u].begin() + static_cast<std::ptrdiff_t>(begin),
                              issues[u].begin(), issues[u].end());
  }
}

void Unroller::drained(const GroupTiles& group) {
  const AfterPlan plan = plan_after(job_, after_.size() - next_after_);
  for (std::uint64_t i = 0; i < plan.before; ++i) tail();
  for (std::uint64_t e = 0; e + group.first < group.end + stages_ - 1; ++e)
    epoch(group.first + e, group.first, group.end, e < plan.in_epoch.size() ? plan.in_epoch[e] : 0);
  finish(group);
}

void Unroller::overlapped() {
  const std::uint64_t all = program_.tiles.size();
  for (const GroupTiles& group : groups_) {
    const SpreadPlan plan = spread_after(job_, *group.group, after_.size() - next_after_);
    const bool any = has_after();
    for (std::uint64_t e = 0; e < group.end - group.first; ++e) {
      std::uint64_t slots = 0;
      if (any && e >= plan.first && e <= plan.first + plan.epochs)
        slots = e < plan.first + plan.epochs ? plan.slots : plan.last;
      epoch(group.first + e, 0, all, slots);
    }
    finish(group);
  }
  for (std::uint64_t e = 0; e + 1 < stages_; ++e) epoch(all + e, 0, all, 0);
}

/// A cycle in which only the vector array works.
void Unroller::tail() {
  program_.issues[static_cast<std::size_t>(ArrayUnit::spatial)].emplace_back();
  program_.issues[static_cast<std::size_t>(ArrayUnit::vector)].push_back(after_[next_after_++]);
}

}  // namespace

SpatialProgram unroll(const SpatialJob& job) { return Unroller(job).run(); }

}  // namespace sluice
