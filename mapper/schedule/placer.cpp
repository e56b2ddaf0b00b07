// SPDX-License-Identifier: Apache-2.0
// The order of placing after B. R. Rau, "Iterative Modulo Scheduling", MICRO 1994; that what waits
// is placed late after R. A. Huff, "Lifetime-Sensitive Modulo Scheduling", PLDI 1993.
#include "mapper/schedule/placer.hpp"

#include <algorithm>

#include "mapper/schedule/occupancy.hpp"

namespace sluice {
namespace {

/// The operation whose other operand decides when the results of `o` are used: they would wait in
/// registers for it.
std::optional<std::uint32_t> late_user(const Pipeline& pipeline, std::uint32_t o,
                                       const std::vector<bool>& placed) {
  const PipelineOp& op = pipeline.ops[o];
  if (op.unit != ArrayUnit::vector || op.elements < 2) return std::nullopt;
  std::optional<std::uint32_t> user;
  for (const PipelineEdge& edge : pipeline.edges) {
    if (edge.from != o || edge.distance > 0) continue;
    if (user || !edge.elementwise || edge.path != Path::registers) return std::nullopt;
    user = edge.to;
  }
  if (!user || placed[*user]) return std::nullopt;
  // All else that the user needs must be there already, or have a place of its own.
  for (const PipelineEdge& edge : pipeline.edges)
    if (edge.to == *user && edge.from != o && edge.distance == 0 && !placed[edge.from])
      return std::nullopt;
  return user;
}

/// Whether elements so far apart come into each other's cycles of the interval, wherever they
/// begin.
bool collide(const PipelineOp& op, std::uint64_t stride, std::uint64_t interval) {
  if (op.elements * stride <= interval) return false;
  std::vector<bool> taken(interval, false);
  for (std::uint64_t e = 0; e < op.elements; ++e)
    for (std::uint64_t k = 0; k < op.slots; ++k) {
      const std::uint64_t at = (e * stride + k) % interval;
      if (taken[at]) return true;
      taken[at] = true;
    }
  return false;
}

}  // namespace

std::vector<PlacingStep> placing_steps(const Pipeline& pipeline) {
  const std::size_t count = pipeline.ops.size();
  std::vector<bool> placed(count, false);
  for (std::size_t o = 0; o < count; ++o) placed[o] = pipeline.ops[o].after_loop;
  const auto is_ready = [&](std::uint32_t o) {
    return std::ranges::none_of(pipeline.edges, [&](const PipelineEdge& edge) {
      return edge.to == o && edge.distance == 0 && !placed[edge.from];
    });
  };
  std::vector<PlacingStep> steps;
  while (true) {
    // The first one that all it needs is there for; of a circle, which nothing can place, the
    // first.
    std::optional<std::uint32_t> next;
    for (std::uint32_t o = 0; o < count; ++o) {
      if (placed[o]) continue;
      if (!next) next = o;
      if (!is_ready(o)) continue;
      next = o;
      break;
    }
    if (!next) return steps;
    steps.push_back({*next, late_user(pipeline, *next, placed)});
    placed[*next] = placed[steps.back().strided()] = true;
  }
}

/// Where an operation may begin, with all others as they are.
struct Placer::Starts {
  std::uint32_t op = 0;
  std::uint64_t stride = anywhere;
  bool rigid = false;
  std::vector<std::uint64_t> ready;  ///< by element: not before
  std::uint64_t first = 0;
  bool looked = false;  ///< whether `open` is known; it is asked for when a first try has failed
  std::vector<std::uint8_t> open;
};

Placer::Placer(const Pipeline& pipeline, std::uint64_t interval, bool together,
               const std::vector<std::uint64_t>& not_before)
    : pipeline_(pipeline),
      not_before_(not_before),
      into_(pipeline.ops.size()),
      together_(together),
      table_(pipeline, interval) {
  schedule_.interval = interval;
  schedule_.times.resize(pipeline.ops.size());
  for (const PipelineEdge& edge : pipeline.edges) into_[edge.to].push_back(edge);
}

bool Placer::place(const PlacingStep& step, std::uint64_t stride) {
  constexpr std::uint64_t effort = 32;  // places tried for each slot that must have one
  std::uint64_t slots = slots_of(step.op);
  if (step.user) slots += slots_of(*step.user);
  stop_ = work_ + effort * slots + schedule_.interval;
  if (step.user) return place_with_user(step.op, *step.user, stride);
  Starts starts = starts_of(step.op, stride);
  return place_early(starts, 0);
}

void Placer::remove(const PlacingStep& step) {
  remove(step.op);
  if (step.user) remove(*step.user);
}

void Placer::remove(std::uint32_t o) {
  auto& times = schedule_.times[o];
  for (std::size_t i = 0; i < times.size(); ++i)
    table_.release(o, i % pipeline_.ops[o].slots, times[i] % schedule_.interval);
  times.clear();
}

std::uint64_t Placer::earliest(std::uint32_t o, std::uint64_t element) const {
  std::uint64_t least = not_before_[o];
  for (const PipelineEdge& edge : into_[o]) {
    const auto& times = schedule_.times[edge.from];
    if (times.empty()) continue;
    const std::uint64_t e = producer_element(pipeline_, edge, element);
    const std::uint64_t ready = times[(e + 1) * pipeline_.ops[edge.from].slots - 1] + edge.latency;
    const std::uint64_t shift = edge.distance * pipeline_.distance * schedule_.interval;
    least = std::max(least, ready - std::min(ready, shift));
  }
  return least;
}

Placer::Starts Placer::starts_of(std::uint32_t o, std::uint64_t stride) const {
  const PipelineOp& op = pipeline_.ops[o];
  Starts starts{o, stride, stride != anywhere && op.elements > 1, {}, 0, false, {}};
  for (std::uint64_t e = 0; e < op.elements; ++e) starts.ready.push_back(earliest(o, e));
  starts.first = starts.ready.front();
  // A later element may be ready only later than its stride says.
  if (starts.rigid)
    for (std::uint64_t e = 1; e < op.elements; ++e) {
      const std::uint64_t offset = e * std::max(stride, op.slots);
      starts.first = std::max(starts.first, starts.ready[e] - std::min(starts.ready[e], offset));
    }
  return starts;
}

/// Whether a try at cycle `t` can succeed, as far as that is known without one.
bool Placer::may_begin(Starts& starts, std::uint64_t t) {
  const std::uint64_t interval = schedule_.interval;
  if (!starts.looked) {
    const PipelineOp& op = pipeline_.ops[starts.op];
    const bool fixed = together_ || op.slots == 1;
    const std::uint64_t stride = std::max(starts.stride, op.slots);
    starts.looked = true;
    work_ += interval;
    if (table_.free_cycles(op.unit) < op.elements * op.slots ||
        (starts.rigid && fixed && collide(op, stride, interval)))
      starts.open.assign(interval, 0);
    else if (fixed)
      starts.open = table_.open_starts(starts.op, starts.rigid ? op.elements : 1, stride);
    else
      starts.open = table_.open_first_parts(starts.op);
  }
  return starts.open[t % interval] != 0;
}

bool Placer::place_early(Starts& starts, std::uint64_t not_before) {
  const std::uint64_t first = std::max(not_before, starts.first);
  std::uint64_t t = first;
  if (!starts.looked && place_at(starts, t++)) return true;
  for (; t < first + schedule_.interval; ++t)
    if (may_begin(starts, t)) {
      if (work_ > stop_) return false;
      if (place_at(starts, t)) return true;
    }
  return false;
}

/// The elements `stride` apart from `start` on; without a stride, each where there is room.
bool Placer::place_at(const Starts& starts, std::uint64_t start) {
  const std::uint32_t o = starts.op;
  const PipelineOp& op = pipeline_.ops[o];
  taken_.clear();
  std::uint64_t next = start;
  for (std::uint64_t e = 0; e < op.elements; ++e) {
    if (starts.rigid && next < starts.ready[e]) return give_up(o);
    next = std::max(next, starts.ready[e]);
    const std::uint64_t begin = next;
    for (std::uint64_t k = 0; k < op.slots; ++k) {
      const bool fixed = k == 0 ? starts.rigid || e == 0 : together_;
      const std::uint64_t stop = next + schedule_.interval;
      while (!fits(o, k, next))
        if (fixed || ++next == stop) return give_up(o);
      take(o, k, next++);
    }
    if (starts.rigid) next = std::max(next, begin + starts.stride);
  }
  keep(o);
  return true;
}

bool Placer::place_with_user(std::uint32_t o, std::uint32_t user, std::uint64_t stride) {
  const PipelineOp &op = pipeline_.ops[o], &next = pipeline_.ops[user];
  const std::uint64_t slots = op.elements * op.slots + next.elements * next.slots;
  if (op.unit == next.unit && table_.free_cycles(op.unit) < slots) return false;
  Starts starts = starts_of(user, stride);
  const std::uint64_t first = std::max(starts.ready.front(), earliest(o, 0) + op.slots);
  for (std::uint64_t t = first; t < first + schedule_.interval; ++t) {
    if (work_ > stop_ || !place_early(starts, t)) return false;
    if (place_late(o, user)) return true;
    t = schedule_.times[user].front();
    remove(user);
  }
  return false;
}

/// The elements, last one first, as late as the user allows.
bool Placer::place_late(std::uint32_t o, std::uint32_t user) {
  const PipelineOp &op = pipeline_.ops[o], &next = pipeline_.ops[user];
  taken_.clear();
  std::uint64_t limit = ~std::uint64_t{0};
  for (std::uint64_t e = op.elements; e-- > 0;) {
    const std::uint64_t user_element = e * op.group / next.group;
    limit = std::min(limit, schedule_.times[user][user_element * next.slots]);
    const std::uint64_t ready = earliest(o, e);
    for (std::uint64_t k = op.slots; k-- > 0;) {
      do {
        if (limit <= ready + k) return give_up(o);
        --limit;
      } while (!fits(o, k, limit));
      take(o, k, limit);
    }
  }
  std::ranges::reverse(taken_);
  keep(o);
  return true;
}

void Placer::take(std::uint32_t o, std::uint64_t k, std::uint64_t t) {
  table_.take(o, k, t % schedule_.interval);
  taken_.push_back({k, t});
}

void Placer::keep(std::uint32_t o) {
  for (const Slot& slot : taken_) schedule_.times[o].push_back(slot.cycle);
}

bool Placer::give_up(std::uint32_t o) {
  for (const Slot& slot : taken_) table_.release(o, slot.part, slot.cycle % schedule_.interval);
  return false;
}

}  // namespace sluice
