// SPDX-License-Identifier: Apache-2.0
#include "mapper/nest/counts.hpp"

#include <algorithm>
#include <bit>

#include "mapper/nest/moves.hpp"
#include "mapper/nest/tally.hpp"

namespace sluice {
namespace {

constexpr std::uint64_t every_lane = ~std::uint64_t{0};

/// Counts one tensor after the other over the same nest.
class Counter {
 public:
  Counter(const Nest& nest, const Problem& problem, const Hierarchy& hierarchy,
          const CountOptions& options)
      : nest_(nest),
        problem_(problem),
        hierarchy_(hierarchy),
        options_(options),
        chains_(chains_of(nest, problem)) {
    for (std::uint32_t at = 0; at < nest.size(); ++at)
      if (nest[at].kind == NestKind::spread) spatial_ |= std::uint64_t{1} << at;
    for (std::size_t rank = 0; rank < problem.ranks.size(); ++rank)
      for (std::uint32_t i = 0; i < chains_[rank].size; ++i) {
        const RankLoop& loop = chains_[rank].loops[i];
        if (!loop.spatial) loops_ |= std::uint64_t{1} << loop.position;
      }
  }

  Arrivals at_end(std::size_t tensor) {
    begin(tensor);
    if (homes_ == 0) return {};
    auto end = static_cast<std::uint32_t>(nest_.size());
    const std::uint64_t separate = separate_lanes(home_[homes_ - 1].position);
    const bool timeloop = options_.convention == CountConvention::timeloop;
    if (options_.convention == CountConvention::accelforge) end = outermost(end);
    const auto words_for = [&](std::uint64_t lanes) {
      return timeloop ? timeloop_share(end, lanes) : arrivals(end, lanes);
    };
    Arrivals result;
    result.served = words_for(separate);
    result.arrived = all_alone(end, separate) ? result.served : words_for(every_lane);
    if (tensor_->output) result.first_touches = first_touches(end);
    return result;
  }

  /// The outermost position at which a keep holds the same tile as one at `end`.
  std::uint32_t outermost(std::uint32_t end) const {
    while (end > home_[homes_ - 1].position + 1) {
      const NestNode& node = nest_[end - 1];
      if (node.kind == NestKind::spread) break;
      if (node.kind == NestKind::loop && is_relevant(end - 1)) break;
      --end;
    }
    return end;
  }

  void count(NestCounts& counts) {
    for (std::size_t level = 0; level < hierarchy_.levels.size(); ++level)
      for (std::size_t tensor = 0; tensor < problem_.tensors.size(); ++tensor)
        counts.at[level][tensor] = {};
    counts.operations = counts.steps = 1;
    const auto end = static_cast<std::uint32_t>(nest_.size());
    for (std::size_t rank = 0; rank < problem_.ranks.size(); ++rank) {
      counts.operations *= problem_.ranks[rank].extent;
      counts.steps *= sum_steps(chains_[rank], {end, end, false, 0});
    }
    for (std::size_t tensor = 0; tensor < problem_.tensors.size(); ++tensor) {
      begin(tensor);
      if (options_.convention == CountConvention::timeloop) {
        count_as_timeloop(counts);
      } else {
        count_moves(counts);
      }
    }
  }

 private:
  struct Home {
    std::uint32_t position, level;
  };

  void begin(std::size_t tensor) {
    index_ = tensor;
    tensor_ = &problem_.tensors[tensor];
    relevant_ = 0;
    sliding_ = 0;
    for (const NestProjection& dimension : tensor_->dimensions)
      for (const NestTerm& term : dimension) {
        relevant_ |= 1u << term.rank;
        if (dimension.size() > 1) sliding_ |= 1u << term.rank;
      }
    homes_ = 0;
    anchors_ = 0;
    for (std::uint32_t at = 0; at < nest_.size(); ++at)
      if (nest_[at].kind == NestKind::keep && (nest_[at].tensors >> tensor & 1) != 0 &&
          homes_ < max_nest_levels) {
        home_[homes_++] = {at, nest_[at].level};
        if (tensor_->output) anchors_ |= std::uint64_t{1} << at;
      }
  }

  bool is_relevant(std::uint32_t at) const { return (relevant_ >> nest_[at].rank & 1) != 0; }

  /// Lanes that are served one by one: those above `parent`, and along separate axes.
  std::uint64_t separate_lanes(std::uint32_t parent) const {
    std::uint64_t mask = (std::uint64_t{1} << parent) - 1;
    for (std::uint32_t at = parent; at < nest_.size(); ++at) {
      if (nest_[at].kind != NestKind::spread) continue;
      const bool timeloop = options_.convention == CountConvention::timeloop;
      const bool scattered = tensor_->output && (sliding_ >> nest_[at].rank & 1) != 0;
      const auto& names = hierarchy_.levels[nest_[at].level].fan_out[nest_[at].axis].separate;
      if (timeloop ? is_relevant(at)
                   : scattered || (!names.empty() && std::find(names.begin(), names.end(),
                                                               tensor_->name) != names.end()))
        mask |= std::uint64_t{1} << at;
    }
    return mask & spatial_;
  }

  /// Words needed in all the steps of a view, and the words of these that were there before.
  PointSums words(StepView view) const {
    view.anchors = anchors_;
    PointSums sums{1, view.transition ? std::uint64_t{1} : 0};
    for (const NestProjection& dimension : tensor_->dimensions) {
      const PointSums points = sum_points(dimension, chains_, view);
      sums.needed *= points.needed;
      sums.had *= points.had;
    }
    for (std::size_t rank = 0; rank < problem_.ranks.size(); ++rank)
      if ((relevant_ >> rank & 1) == 0 && chains_[rank].size > 0) {
        const std::uint64_t steps = sum_steps(chains_[rank], view);
        sums.needed *= steps;
        sums.had *= steps;
      }
    return sums;
  }

  /// Whether the loop at `at` runs more than once.
  bool runs(std::uint32_t at) const { return (loops_ >> at & 1) != 0; }

  /// The outer nodes that are shared with the Einsums that a tile at `child` makes room for: none
  /// if it is kept in what is shared.
  std::uint32_t branch_around(std::uint32_t child) const {
    const std::uint64_t around =
        options_.branches & (child >= 63 ? ~std::uint64_t{0} : (std::uint64_t{2} << child) - 1);
    return static_cast<std::uint32_t>(std::bit_width(around >> 1));
  }

  /// Loops at positions below this one always bring a whole new tile: those that others run in, and
  /// those at or outside of a loop that moves the tile to where it shares nothing with itself.
  std::uint32_t first_saving(std::uint32_t child) const {
    if (options_.convention == CountConvention::accelforge) return child;
    const std::uint32_t shared = branch_around(child);
    for (std::uint32_t at = child; at-- > shared;)
      if (runs(at) && is_relevant(at) && (sliding_ >> nest_[at].rank & 1) == 0 &&
          chains_[nest_[at].rank].perfect)
        return at + 1;
    return shared;
  }

  /// Words that come to a tile at `child`, over all steps.
  std::uint64_t arrivals(std::uint32_t child, std::uint64_t separate) const {
    const std::uint32_t from = first_saving(child);
    std::uint64_t sum = words({child, from, false, separate}).needed;
    for (std::uint32_t at = from; at < child; ++at)
      if (runs(at)) {
        const PointSums step = words({child, at, true, separate});
        sum += step.needed - step.had;
      }
    return sum;
  }

  /// Words that the compute units take, over all steps.
  std::uint64_t operands(std::uint64_t separate) const {
    const auto end = static_cast<std::uint32_t>(nest_.size());
    if (hierarchy_.compute.latch) return arrivals(end, separate);
    return words({end, end, false, separate}).needed;
  }

  /// Fills in what both ways of counting share; returns whether the tensor is kept anywhere.
  bool place(NestCounts& counts) const {
    for (std::size_t i = 0; i < homes_; ++i) {
      AccessCount& count = counts.at[home_[i].level][index_];
      count.kept = true;
      count.tile = tile_words(*tensor_, chains_, home_[i].position);
      count.instances = instances_at(home_[i].position);
    }
    return homes_ > 0;
  }

  double instances_at(std::uint32_t position) const {
    double instances = 1;
    if ((spatial_ & ((std::uint64_t{1} << position) - 1)) == 0) return instances;
    for (std::size_t rank = 0; rank < problem_.ranks.size(); ++rank) {
      if (chains_[rank].size == 0) continue;
      const StepView lanes{position, position, false, every_lane}, steps{position, position};
      instances *= static_cast<double>(sum_steps(chains_[rank], lanes)) /
                   static_cast<double>(sum_steps(chains_[rank], steps));
    }
    return instances;
  }

  /// Words of the whole tensor, once for each lane above `position` that reduces into them.
  std::uint64_t first_touches(std::uint32_t position) const {
    std::uint64_t sum = tile_words(*tensor_, chains_, 0);
    for (std::size_t rank = 0; rank < problem_.ranks.size(); ++rank)
      if ((relevant_ >> rank & 1) == 0)
        sum *= sum_steps(chains_[rank], {position, 0, false, every_lane});
    return sum;
  }

  /// Whether no lanes above `position` are served together, given those that are separate.
  bool all_alone(std::uint32_t position, std::uint64_t separate) const {
    return (spatial_ & ~separate & ((std::uint64_t{1} << position) - 1)) == 0;
  }

  void count_moves(NestCounts& counts) const {
    if (!place(counts)) return;
    std::uint64_t untouched = first_touches(home_[0].position);
    for (std::size_t i = 0; i < homes_; ++i) {
      AccessCount& parent = counts.at[home_[i].level][index_];
      const bool last = i + 1 == homes_;
      const std::uint64_t separate = separate_lanes(home_[i].position);
      const std::uint64_t events =
          last ? operands(separate) : arrivals(home_[i + 1].position, separate);
      const bool alone = !last && all_alone(home_[i + 1].position, separate);
      const std::uint64_t arrived = last    ? 0
                                    : alone ? events
                                            : arrivals(home_[i + 1].position, every_lane);
      AccessCount none;
      AccessCount& child = last ? none : counts.at[home_[i + 1].level][index_];
      if (!tensor_->output) {
        parent.reads += events;
        child.fills = arrived;
        continue;
      }
      const std::uint64_t again = events - untouched;
      parent.reads += again;
      parent.updates = events;
      // A partial sum comes back to one of the lanes that add to it; in accelforge, to all.
      const bool all = !last && options_.convention == CountConvention::accelforge;
      child.fills = all ? arrived - first_touches(home_[i + 1].position) : again;
      child.reads = arrived;  // drains to the parent
      untouched = arrived - child.fills;
    }
  }

  /// Words that come to all instances of a tile at `child` by rules 2 and 3: a credit for what a
  /// window shares with itself only where the innermost loop of all slides it.
  std::uint64_t timeloop_share(std::uint32_t child, std::uint64_t separate) const {
    std::uint32_t innermost = child, relevant = child;
    for (std::uint32_t at = child; at-- > 0;) {
      if (!runs(at)) continue;
      if (innermost == child) innermost = at;
      if (relevant == child && is_relevant(at)) relevant = at;
    }
    if (relevant == child) return words({child, 0, false, separate}).needed;
    if (relevant != innermost) return words({child, relevant + 1, false, separate}).needed;
    const PointSums step = words({child, relevant, true, separate});
    return words({child, relevant, false, separate}).needed + step.needed - step.had;
  }

  /// Whether an operand that does not change is not read again: only where nothing but a fan-out
  /// lies above the compute units.
  bool timeloop_latch() const {
    std::uint64_t lanes = 1;
    for (const FanOutAxis& axis : hierarchy_.levels.back().fan_out) lanes *= axis.size;
    return lanes > 1 || hierarchy_.compute.latch;
  }

  void count_as_timeloop(NestCounts& counts) const {
    if (!place(counts)) return;
    for (std::size_t i = 0; i < homes_; ++i) {
      AccessCount& parent = counts.at[home_[i].level][index_];
      const bool last = i + 1 == homes_;
      const auto child = last ? static_cast<std::uint32_t>(nest_.size()) : home_[i + 1].position;
      const std::uint64_t separate = separate_lanes(home_[i].position);
      const std::uint64_t taken = last && !timeloop_latch()
                                      ? words({child, child, false, separate}).needed
                                      : timeloop_share(child, separate);
      const std::uint64_t elided = tensor_->output ? first_touches(home_[i].position) : 0;
      parent.reads = taken - elided;
      parent.updates = tensor_->output ? taken : 0;
      if (last) continue;
      AccessCount& below = counts.at[home_[i + 1].level][index_];
      below.fills =
          timeloop_share(child, every_lane) - (tensor_->output ? first_touches(child) : 0);
    }
  }

  const Nest& nest_;
  const Problem& problem_;
  const Hierarchy& hierarchy_;
  const CountOptions& options_;
  RankChains chains_;
  std::uint64_t spatial_ = 0, loops_ = 0, anchors_ = 0;
  std::size_t index_ = 0;
  const NestTensor* tensor_ = nullptr;
  std::uint32_t relevant_ = 0, sliding_ = 0;
  std::array<Home, max_nest_levels> home_{};
  std::size_t homes_ = 0;
};

}  // namespace

void count_any(const Nest& nest, const Problem& problem, const Hierarchy& hierarchy,
               const CountOptions& options, NestCounts& counts) {
  Counter(nest, problem, hierarchy, options).count(counts);
}

void count_accesses(const Nest& nest, const Problem& problem, const Hierarchy& hierarchy,
                    const CountOptions& options, NestCounts& counts) {
  NestCounter(problem, hierarchy, options.convention).count(nest, counts, options.branches);
}

std::array<Arrivals, max_nest_tensors> count_arrivals(const Nest& nest, const Problem& problem,
                                                      const Hierarchy& hierarchy,
                                                      const CountOptions& options) {
  Counter counter(nest, problem, hierarchy, options);
  std::array<Arrivals, max_nest_tensors> result;
  for (std::size_t tensor = 0; tensor < problem.tensors.size(); ++tensor)
    result[tensor] = counter.at_end(tensor);
  return result;
}

}  // namespace sluice
