// SPDX-License-Identifier: Apache-2.0
// Search of modulo schedules; see schedule.hpp. The order of placing after B. R. Rau, "Iterative
// Modulo Scheduling", MICRO 1994; that what waits is placed late after R. A. Huff, "Lifetime-
// Sensitive Modulo Scheduling", PLDI 1993.
#include <algorithm>
#include <tuple>

#include "base/assert.hpp"
#include "mapper/schedule/occupancy.hpp"
#include "mapper/schedule/schedule.hpp"

namespace sluice {
namespace {

/// Cycles between the elements of an operation; `anywhere`: the next cycle with room.
constexpr std::uint64_t anywhere = 0;
constexpr std::uint64_t close_strides[] = {2, 1, 3};
/// Pipelines of more elements are long: fewer strides and intervals are tried.
constexpr std::uint64_t most_short_elements = 1024;

/// Part `part` of an element at a cycle.
struct Slot {
  std::uint64_t part = 0, cycle = 0;
};

/// A schedule in the making: what is taken of each cycle of the interval.
class Table {
 public:
  Table(const Pipeline& pipeline, std::uint64_t interval)
      : pipeline_(pipeline), interval_(interval), reads_(interval, 0), writes_(interval, 0) {
    for (auto& unit : taken_) unit.assign(interval, false);
    schedule_.interval = interval;
    schedule_.times.resize(pipeline.ops.size());
  }

  const ModuloSchedule& schedule() const { return schedule_; }
  bool is_placed(std::uint32_t op) const { return !schedule_.times[op].empty(); }

  /// Whether slot `k` of an element fits at cycle `t`.
  bool fits(const PipelineOp& op, std::uint64_t k, std::uint64_t t) const {
    if (taken_[static_cast<std::size_t>(op.unit)][t % interval_]) return false;
    if (pipeline_.read_ports == 0) return true;
    const std::uint64_t later = (t + op.write_after) % interval_;
    const std::uint64_t writes = k + 1 == op.slots ? op.writes : 0;
    bool room = writes == 0 || has_room(later, 0, writes);
    if (k == 0)
      for_each_read(pipeline_, op, t, interval_, [&](std::uint64_t at, std::uint64_t rows) {
        room = room && has_room(at, rows, at == later && pipeline_.shared_ports ? writes : 0);
      });
    return room;
  }

  void take(std::uint32_t o, std::uint64_t k, std::uint64_t t) { change(o, k, t, true); }

  void put(std::uint32_t op, std::vector<std::uint64_t> times) {
    schedule_.times[op] = std::move(times);
  }
  void undo(std::uint32_t o, const std::vector<Slot>& slots) {
    for (const Slot& slot : slots) change(o, slot.part, slot.cycle, false);
  }
  /// Takes an operation out again.
  void remove(std::uint32_t o) {
    const auto& times = schedule_.times[o];
    for (std::size_t i = 0; i < times.size(); ++i)
      change(o, i % pipeline_.ops[o].slots, times[i], false);
    schedule_.times[o].clear();
  }

 private:
  bool has_room(std::uint64_t at, std::uint64_t reads, std::uint64_t writes) const {
    if (pipeline_.shared_ports)
      return reads_[at] + writes_[at] + reads + writes <= pipeline_.read_ports;
    return (reads == 0 || reads_[at] + reads <= pipeline_.read_ports) &&
           (writes == 0 || writes_[at] + writes <= pipeline_.write_ports);
  }
  void change(std::uint32_t o, std::uint64_t k, std::uint64_t t, bool add) {
    const PipelineOp& op = pipeline_.ops[o];
    taken_[static_cast<std::size_t>(op.unit)][t % interval_] = add;
    const auto apply = [&](std::uint64_t& count, std::uint64_t amount) {
      count = add ? count + amount : count - amount;
    };
    if (k == 0)
      for_each_read(pipeline_, op, t, interval_,
                    [&](std::uint64_t at, std::uint64_t rows) { apply(reads_[at], rows); });
    if (k + 1 == op.slots) apply(writes_[(t + op.write_after) % interval_], op.writes);
  }

  const Pipeline& pipeline_;
  std::uint64_t interval_;
  std::vector<bool> taken_[array_units];
  std::vector<std::uint64_t> reads_, writes_;
  ModuloSchedule schedule_;
};

class Builder {
 public:
  Builder(const Pipeline& pipeline, std::uint64_t interval,
          const std::vector<std::uint64_t>& stride, bool together,
          const std::vector<std::uint64_t>& not_before)
      : pipeline_(pipeline),
        stride_(stride),
        not_before_(not_before),
        together_(together),
        table_(pipeline, interval),
        interval_(interval) {}

  std::optional<ModuloSchedule> build() {
    for (std::uint32_t o = 0; o < pipeline_.ops.size(); ++o) {
      if (pipeline_.ops[o].after_loop || table_.is_placed(o)) continue;
      const auto user = late_user(o);
      if (user ? !place_with_user(o, *user) : !place_early(o, 0)) return std::nullopt;
    }
    return table_.schedule();
  }

 private:
  std::optional<std::uint32_t> late_user(std::uint32_t o) const;
  std::uint64_t earliest(std::uint32_t o, std::uint64_t element) const;
  bool place_early(std::uint32_t o, std::uint64_t not_before);
  bool place_at(std::uint32_t o, std::uint64_t start);
  bool place_with_user(std::uint32_t o, std::uint32_t user);
  bool place_late(std::uint32_t o, std::uint32_t user);
  bool give_up(std::uint32_t o, const std::vector<Slot>& slots) {
    table_.undo(o, slots);
    return false;
  }
  void keep(std::uint32_t o, const std::vector<Slot>& slots) {
    std::vector<std::uint64_t> times;
    for (const Slot& slot : slots) times.push_back(slot.cycle);
    table_.put(o, std::move(times));
  }

  const Pipeline& pipeline_;
  const std::vector<std::uint64_t>& stride_;
  const std::vector<std::uint64_t>& not_before_;  ///< by operation
  bool together_ = false;  ///< the slots of an element follow each other without a gap
  Table table_;
  std::uint64_t interval_;
};

/// The operation whose other operand decides when the results of `o` are used: they would wait in
/// registers for it.
std::optional<std::uint32_t> Builder::late_user(std::uint32_t o) const {
  const PipelineOp& op = pipeline_.ops[o];
  if (op.unit != ArrayUnit::vector || op.elements < 2) return std::nullopt;
  std::optional<std::uint32_t> user;
  for (const PipelineEdge& edge : pipeline_.edges) {
    if (edge.from != o || edge.distance > 0) continue;
    if (user || !edge.elementwise || edge.path != Path::registers) return std::nullopt;
    user = edge.to;
  }
  if (!user || table_.is_placed(*user)) return std::nullopt;
  // All else that the user needs must be there already, or have a place of its own.
  for (const PipelineEdge& edge : pipeline_.edges)
    if (edge.to == *user && edge.from != o && edge.distance == 0 && !table_.is_placed(edge.from))
      return std::nullopt;
  return user;
}

std::uint64_t Builder::earliest(std::uint32_t o, std::uint64_t element) const {
  std::uint64_t least = not_before_[o];
  for (const PipelineEdge& edge : pipeline_.edges) {
    if (edge.to != o || !table_.is_placed(edge.from)) continue;
    const PipelineOp& from = pipeline_.ops[edge.from];
    const std::uint64_t e = producer_element(pipeline_, edge, element);
    const std::uint64_t ready =
        table_.schedule().times[edge.from][(e + 1) * from.slots - 1] + edge.latency;
    const std::uint64_t shift = edge.distance * pipeline_.distance * interval_;
    least = std::max(least, ready - std::min(ready, shift));
  }
  return least;
}

/// The elements `stride` apart from `start` on; without a stride, each where there is room.
bool Builder::place_at(std::uint32_t o, std::uint64_t start) {
  const PipelineOp& op = pipeline_.ops[o];
  const bool rigid = stride_[o] != anywhere && op.elements > 1;
  std::vector<Slot> slots;
  std::uint64_t next = start;
  for (std::uint64_t e = 0; e < op.elements; ++e) {
    const std::uint64_t ready = earliest(o, e);
    if (rigid && next < ready) return give_up(o, slots);
    next = std::max(next, ready);
    const std::uint64_t begin = next;
    for (std::uint64_t k = 0; k < op.slots; ++k) {
      const bool fixed = k == 0 ? rigid || e == 0 : together_;
      const std::uint64_t stop = next + interval_;
      while (!table_.fits(op, k, next))
        if (fixed || ++next == stop) return give_up(o, slots);
      table_.take(o, k, next);
      slots.push_back({k, next++});
    }
    if (rigid) next = std::max(next, begin + stride_[o]);
  }
  keep(o, slots);
  return true;
}

bool Builder::place_early(std::uint32_t o, std::uint64_t not_before) {
  const std::uint64_t first = std::max(not_before, earliest(o, 0));
  // A later element may be ready only later than its stride says.
  const PipelineOp& op = pipeline_.ops[o];
  std::uint64_t start = first;
  if (stride_[o] != anywhere)
    for (std::uint64_t e = 1; e < op.elements; ++e) {
      const std::uint64_t ready = earliest(o, e), offset = e * std::max(stride_[o], op.slots);
      start = std::max(start, ready - std::min(ready, offset));
    }
  for (std::uint64_t t = start; t < start + interval_; ++t)
    if (place_at(o, t)) return true;
  return false;
}

bool Builder::place_with_user(std::uint32_t o, std::uint32_t user) {
  const std::uint64_t first = std::max(earliest(user, 0), earliest(o, 0) + pipeline_.ops[o].slots);
  for (std::uint64_t t = first; t < first + interval_; ++t) {
    if (!place_early(user, t)) return false;
    if (place_late(o, user)) return true;
    t = table_.schedule().times[user].front();
    table_.remove(user);
  }
  return false;
}

/// The elements, last one first, as late as the user allows.
bool Builder::place_late(std::uint32_t o, std::uint32_t user) {
  const PipelineOp &op = pipeline_.ops[o], &next = pipeline_.ops[user];
  std::vector<Slot> slots;
  std::uint64_t limit = ~std::uint64_t{0};
  for (std::uint64_t e = op.elements; e-- > 0;) {
    const std::uint64_t user_element = e * op.group / next.group;
    limit = std::min(limit, table_.schedule().times[user][user_element * next.slots]);
    const std::uint64_t ready = earliest(o, e);
    for (std::uint64_t k = op.slots; k-- > 0;) {
      do {
        if (limit <= ready + k) return give_up(o, slots);
        --limit;
      } while (!table_.fits(op, k, limit));
      table_.take(o, k, limit);
      slots.push_back({k, limit});
    }
  }
  std::ranges::reverse(slots);
  keep(o, slots);
  return true;
}

/// Operations whose elements can be apart, by strides.
std::vector<std::uint32_t> choices_of(const Pipeline& pipeline) {
  std::vector<std::uint32_t> choices;
  for (std::uint32_t o = 0; o < pipeline.ops.size(); ++o)
    if (!pipeline.ops[o].after_loop && pipeline.ops[o].elements > 1) choices.push_back(o);
  return choices;
}

bool is_long(const Pipeline& pipeline) {
  std::uint64_t elements = 0;
  for (const PipelineOp& op : pipeline.ops) elements += op.after_loop ? 0 : op.elements;
  return elements > most_short_elements;
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

/// One attempt, with operations postponed until recurrences hold.
std::optional<ModuloSchedule> build_one(const Pipeline& pipeline, std::uint64_t interval,
                                        const std::vector<std::uint64_t>& stride, bool together) {
  std::vector<std::uint64_t> not_before(pipeline.ops.size(), 0);
  for (int round = 0; round < 6; ++round) {
    auto schedule = Builder(pipeline, interval, stride, together, not_before).build();
    if (!schedule || !postpone(pipeline, *schedule, not_before)) return schedule;
  }
  return std::nullopt;
}

/// The best schedule of one interval over all strides; at most `most_tries` are built.
std::optional<ModuloSchedule> best_of(const Pipeline& pipeline, std::uint64_t interval,
                                      Strides which) {
  constexpr std::uint64_t most_tries = 4096;
  const std::vector<std::uint32_t> choices = choices_of(pipeline);
  std::vector<std::size_t> digit(choices.size(), 0);
  std::vector<std::vector<std::uint64_t>> strides;
  for (const std::uint32_t choice : choices)
    strides.push_back(strides_of(pipeline.ops[choice], interval, which));
  std::optional<ModuloSchedule> best;
  ScheduleUse best_use;
  for (std::uint64_t i = 0; i < most_tries; ++i) {
    std::vector<std::uint64_t> stride(pipeline.ops.size(), 1);
    for (std::size_t c = 0; c < choices.size(); ++c) stride[choices[c]] = strides[c][digit[c]];
    for (const bool together : {true, false}) {
      auto schedule = build_one(pipeline, interval, stride, together);
      if (!schedule || !verify(pipeline, *schedule).empty()) continue;
      const ScheduleUse use = use_of(pipeline, *schedule);
      if (!best || rank_of(use) < rank_of(best_use)) best = std::move(schedule), best_use = use;
    }
    std::size_t place = 0;
    while (place < digit.size() && ++digit[place] == strides[place].size()) digit[place++] = 0;
    if (place == digit.size()) break;
  }
  return best;
}

}  // namespace

std::uint64_t interval_step(const Pipeline& pipeline) {
  return is_long(pipeline) ? interval_bounds(pipeline).front().cycles / 32 + 1 : 1;
}

std::optional<ModuloSchedule> find_schedule(const Pipeline& pipeline, std::uint64_t interval) {
  if (!is_long(pipeline))
    if (auto schedule = best_of(pipeline, interval, Strides::close)) return schedule;
  return best_of(pipeline, interval, Strides::spread);
}

}  // namespace sluice
