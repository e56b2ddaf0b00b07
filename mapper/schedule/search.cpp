// SPDX-License-Identifier: Apache-2.0
// Search of modulo schedules; see schedule.hpp.
#include <algorithm>
#include <map>
#include <tuple>

#include "mapper/schedule/occupancy.hpp"
#include "mapper/schedule/placer.hpp"
#include "mapper/schedule/schedule.hpp"

namespace sluice {
namespace {

constexpr std::uint64_t close_strides[] = {2, 1, 3};
/// Pipelines of more elements are long: fewer strides and intervals are tried.
constexpr std::uint64_t most_short_elements = 1024;

bool is_long(const Pipeline& pipeline) {
  std::uint64_t elements = 0;
  for (const PipelineOp& op : pipeline.ops) elements += op.after_loop ? 0 : op.elements;
  return elements > most_short_elements;
}

/// Slots that are tried at one interval with one kind of strides at most.
std::uint64_t most_work(const Pipeline& pipeline) {
  std::uint64_t slots = 0;
  for (const PipelineOp& op : pipeline.ops) slots += op.after_loop ? 0 : op.elements * op.slots;
  return 250'000 + 256 * slots;
}

/// Which strides are tried.
enum class Strides : std::uint8_t {
  close,   ///< every second cycle, every cycle, every third, wherever there is room
  spread,  ///< every cycle, spread evenly over the interval, wherever there is room
};

/// Without those that are like another one: a stride up to the slots of an element leaves no gap.
std::vector<std::uint64_t> strides_of(const PipelineOp& op, std::uint64_t interval, Strides which) {
  std::vector<std::uint64_t> wanted = {1, interval / op.elements};
  if (which == Strides::close) wanted.assign(std::begin(close_strides), std::end(close_strides));
  std::vector<std::uint64_t> strides;
  bool is_dense = false;
  for (const std::uint64_t stride : wanted) {
    const bool dense = stride <= op.slots;
    if (!dense || !is_dense) strides.push_back(std::max<std::uint64_t>(stride, 1));
    is_dense = is_dense || dense;
  }
  strides.push_back(anywhere);
  return strides;
}

/// Fewer tiles in flight first, then fewer registers, then the shorter way through.
auto rank_of(const ScheduleUse& use) {
  return std::tuple(use.stages, use.spatial_registers + use.vector_registers, use.length);
}

/// Moves operations that read what the tile before makes behind that, as far as the last attempt
/// shows they must; whether any had to be moved.
bool postpone(const Pipeline& pipeline, const ModuloSchedule& schedule,
              std::vector<std::uint64_t>& not_before) {
  bool moved = false;
  for (const PipelineEdge& edge : pipeline.edges) {
    if (edge.distance == 0) continue;
    const PipelineOp &from = pipeline.ops[edge.from], &to = pipeline.ops[edge.to];
    const std::uint64_t shift = edge.distance * pipeline.distance * schedule.interval;
    std::uint64_t late = 0;
    for (std::uint64_t j = 0; j < to.elements; ++j) {
      const std::uint64_t e = producer_element(pipeline, edge, j);
      const std::uint64_t ready =
          schedule.times[edge.from][(e + 1) * from.slots - 1] + edge.latency;
      const std::uint64_t use = schedule.times[edge.to][j * to.slots] + shift;
      late = std::max(late, ready - std::min(ready, use));
    }
    if (late == 0) continue;
    not_before[edge.to] = std::max(not_before[edge.to], schedule.times[edge.to].front() + late);
    moved = true;
  }
  return moved;
}

/// Which strides are tried together: every choice of one for each operation that has several, by
/// its number, in which the choice for the first operation changes fastest.
class Choices {
 public:
  Choices(const Pipeline& pipeline, const std::vector<PlacingStep>& steps, std::uint64_t interval,
          Strides which) {
    for (const PlacingStep& step : steps) {
      const PipelineOp& op = pipeline.ops[step.strided()];
      steps_.push_back(
          {op.elements > 1 ? strides_of(op, interval, which) : std::vector<std::uint64_t>{1},
           count_});
      count_ = std::min(count_ * steps_.back().strides.size(), most_choices);
    }
  }

  std::uint64_t count() const { return count_; }
  const std::vector<std::uint64_t>& strides(std::size_t step) const { return steps_[step].strides; }
  /// That choice `number` makes for a step.
  std::uint64_t stride(std::uint64_t number, std::size_t step) const {
    const auto& [strides, weight] = steps_[step];
    return strides[number / weight % strides.size()];
  }

 private:
  static constexpr std::uint64_t most_choices = 4096;
  struct OfStep {
    std::vector<std::uint64_t> strides;
    std::uint64_t weight = 1;
  };
  std::vector<OfStep> steps_;
  std::uint64_t count_ = 1;
};

/// The best schedule of one interval. What is placed up to a step depends on the strides of the
/// steps up to it alone, so that choices which begin alike are followed together, and abandoned
/// together.
class IntervalSearch {
 public:
  IntervalSearch(const Pipeline& pipeline, const std::vector<PlacingStep>& steps,
                 std::uint64_t interval, Strides which)
      : pipeline_(pipeline),
        steps_(steps),
        interval_(interval),
        choices_(pipeline, steps, interval, which),
        left_(most_work(pipeline)) {}

  std::optional<ModuloSchedule> run() {
    const bool has_parts =
        std::ranges::any_of(pipeline_.ops, [](const PipelineOp& op) { return op.slots > 1; });
    search(true);
    if (has_parts) search(false);
    return std::move(best_);
  }

 private:
  using Numbers = std::vector<std::uint64_t>;
  /// Choices by the cycles before which operations must not begin.
  using Groups = std::map<std::vector<std::uint64_t>, Numbers>;
  void search(bool together);
  void follow(Placer& placer, std::size_t step, const Numbers& numbers);
  void consider(const ModuloSchedule& schedule, std::uint64_t number);

  const Pipeline& pipeline_;
  const std::vector<PlacingStep>& steps_;
  std::uint64_t interval_;
  Choices choices_;
  std::uint64_t left_;  ///< slots that may still be tried
  const std::vector<std::uint64_t>* not_before_ = nullptr;
  Groups postponed_;
  std::optional<ModuloSchedule> best_;
  ScheduleUse best_use_;
  std::uint64_t best_number_ = 0;
};

/// Operations are postponed until recurrences hold, of all choices alike where they must be alike.
void IntervalSearch::search(bool together) {
  constexpr int most_rounds = 6;
  Numbers all(choices_.count());
  for (std::uint64_t i = 0; i < all.size(); ++i) all[i] = i;
  Groups groups = {{std::vector<std::uint64_t>(pipeline_.ops.size(), 0), std::move(all)}};
  for (int round = 0; round < most_rounds && !groups.empty(); ++round) {
    postponed_.clear();
    for (const auto& [not_before, numbers] : groups) {
      if (left_ == 0) return;
      not_before_ = &not_before;
      Placer placer(pipeline_, interval_, together, not_before);
      follow(placer, 0, numbers);
      left_ -= std::min(left_, placer.work());
    }
    groups = std::move(postponed_);
  }
}

void IntervalSearch::follow(Placer& placer, std::size_t step, const Numbers& numbers) {
  if (step == steps_.size()) return consider(placer.schedule(), numbers.front());
  for (const std::uint64_t stride : choices_.strides(step)) {
    Numbers alike;
    for (const std::uint64_t number : numbers)
      if (choices_.stride(number, step) == stride) alike.push_back(number);
    if (placer.work() >= left_) return;
    if (alike.empty() || !placer.place(steps_[step], stride)) continue;
    follow(placer, step + 1, alike);
    placer.remove(steps_[step]);
  }
}

/// Of schedules that are as good, the one of the first choice is kept.
void IntervalSearch::consider(const ModuloSchedule& schedule, std::uint64_t number) {
  std::vector<std::uint64_t> not_before = *not_before_;
  if (postpone(pipeline_, schedule, not_before)) {
    postponed_[std::move(not_before)].push_back(number);
    return;
  }
  if (!verify(pipeline_, schedule).empty()) return;
  const ScheduleUse use = use_of(pipeline_, schedule);
  if (best_ && std::tuple(rank_of(use), number) >= std::tuple(rank_of(best_use_), best_number_))
    return;
  best_ = schedule;
  best_use_ = use;
  best_number_ = number;
}

std::optional<ModuloSchedule> best_of(const Pipeline& pipeline, std::uint64_t interval,
                                      Strides which) {
  return IntervalSearch(pipeline, placing_steps(pipeline), interval, which).run();
}

}  // namespace

std::uint64_t interval_step(const Pipeline& pipeline) {
  return interval_bounds(pipeline).front().cycles / (is_long(pipeline) ? 32 : 512) + 1;
}

std::optional<ModuloSchedule> find_schedule(const Pipeline& pipeline, std::uint64_t interval) {
  if (!is_long(pipeline))
    if (auto schedule = best_of(pipeline, interval, Strides::close)) return schedule;
  return best_of(pipeline, interval, Strides::spread);
}

}  // namespace sluice
