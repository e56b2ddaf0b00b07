// SPDX-License-Identifier: Apache-2.0
// What can still become of a partial mapping: nothing new, by what it has cost so far, what must
// come through the loops of the next level and what is further in; or nothing that another has not.
#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "mapper/nest/moves.hpp"
#include "mapper/search/state.hpp"

namespace sluice::search {
namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

}  // namespace

/// Cycles that the words of each level take so far.
double Explorer::busy_cycles(const State& state) const {
  double cycles = 0;
  for (std::size_t level = 0; level <= state.level; ++level) {
    const NestLevel& memory = space_.hierarchy.levels[level];
    const double reads = (state.reads[level] + state.pending_reads[level]) / state.instances[level];
    const double writes =
        (state.writes[level] + state.pending_writes[level]) / state.instances[level];
    if (memory.read_bandwidth > 0) cycles = std::max(cycles, reads / memory.read_bandwidth);
    if (memory.write_bandwidth > 0) cycles = std::max(cycles, writes / memory.write_bandwidth);
    if (memory.shared_bandwidth > 0)
      cycles = std::max(cycles, (reads + writes) / memory.shared_bandwidth);
  }
  return cycles;
}

/// Energy of the words of tensors that have passed fan-outs without being kept, more than if all
/// lanes there shared them; that of `spread`, too. `further`: only of those that the next level
/// does not keep.
double Explorer::passing_lanes_pj(const State& state, const BlockBound* bound, const Spread* spread,
                                  bool further) const {
  if (bound == nullptr) return 0;
  double sum = 0;
  for (std::size_t t = 0; t < space_.problem.tensors.size(); ++t) {
    const double once = further ? bound->passing_pj[t] : bound->ending_pj[t];
    if (once != 0) sum += once * (state.alone[t] * (spread == nullptr ? 1 : spread->alone[t]) - 1);
  }
  return sum;
}

/// What begins with a state and goes on as a table bounds, class by class.
struct Explorer::Ahead {
  const double* inner_pj;  ///< by class; infinite: nothing goes on so
  const double* top;       ///< lanes of what goes on, at most
  std::size_t classes;
  double operations, busy;  ///< a lane of the state; cycles
  double spent_pj, further_pj, pending_pj, leak_pj;

  double fewest_cycles(double lanes) const {
    return std::ceil(std::max(busy, operations / lanes) * (1 - 1e-12));
  }
  /// What a class costs at least; false where nothing does.
  bool hope(std::size_t k, CostFloor& least) const {
    if (inner_pj[k] == infinite) return false;
    least.cycles = fewest_cycles(top[k]);
    least.energy_pj =
        spent_pj + std::max(further_pj + inner_pj[k], pending_pj) + least.cycles * leak_pj;
    return true;
  }
};

Explorer::Ahead Explorer::ahead(const State& state, double further_pj, const LaneTable* table,
                                std::size_t point, double more_lanes) const {
  static constexpr double nothing = 0;
  Ahead ahead{};
  ahead.inner_pj = table == nullptr ? &nothing : table->at(point);
  ahead.top = table == nullptr ? &bounds_.most_lanes(state.level) : table->top.data();
  ahead.classes = table == nullptr ? 1 : table->classes();
  ahead.operations = operations_ / (state.lanes * more_lanes);
  ahead.busy = state.busy;
  ahead.spent_pj = fixed_pj_ + state.energy_pj;
  ahead.further_pj = further_pj + state.operands_pj;
  ahead.pending_pj = state.pending_pj;
  ahead.leak_pj = leak_pj_;
  return ahead;
}

/// Whether what begins with `state`, uses `more_lanes` and then goes on as `table` bounds at
/// `point` is known to be no better. `best`: what is the best to hope for, if it is not.
bool Explorer::excludes(const State& state, double further_pj, const LaneTable* table,
                        std::size_t point, double more_lanes, Step* best) const {
  const bool exhaustive = space_.options.exhaustive;
  if (exhaustive && best == nullptr) return false;
  const Ahead ahead = this->ahead(state, further_pj, table, point, more_lanes);
  bool excluded = true;
  CostFloor least;
  if (ahead.classes > 1 && !exhaustive) {  // the cycles of the first, the energy of the last
    if (!ahead.hope(ahead.classes - 1, least)) return true;
    const double slower = least.cycles;
    least.cycles = std::min(slower, ahead.fewest_cycles(ahead.top[0]));
    least.energy_pj -= (slower - least.cycles) * leak_pj_;
    if (archive_.excludes(least.cycles, least.energy_pj)) return true;
  }
  for (std::size_t k = 0; k < ahead.classes; ++k) {
    if (!ahead.hope(k, least)) continue;
    if (!exhaustive && archive_.excludes(least.cycles, least.energy_pj)) continue;
    if (best == nullptr) return false;
    if (excluded || better(goal_, least.cycles, least.energy_pj, best->cycles, best->energy_pj))
      best->cycles = least.cycles, best->energy_pj = least.energy_pj;
    excluded = false;
  }
  return excluded;
}

std::vector<CostFloor> Explorer::floors() const {
  const BlockBound* bound = bounds_.block(0);
  const Ahead ahead = this->ahead(*root_, 0, bound == nullptr ? nullptr : bound->at_keep.get(),
                                  space_.point(space_.begin()), 1);
  std::vector<CostFloor> list;
  CostFloor least;
  for (std::size_t k = 0; k < ahead.classes; ++k)
    if (ahead.hope(k, least)) list.push_back(least);
  return list;
}

bool Explorer::excludes(const Step& start) const {
  if (space_.options.exhaustive) return false;
  const BlockBound* bound = bounds_.block(0);
  return excludes(*root_, 0, bound == nullptr ? nullptr : bound->at_loops.get(),
                  space_.point(start.tile), 1, nullptr);
}

/// What the next level keeps, before the loops of `level` run.
Passing Explorer::passing(const State& state, std::size_t level) const {
  Passing passes;
  const std::size_t next = level + 1;
  if (next == space_.hierarchy.levels.size()) return passes;
  const auto kept = static_cast<std::uint16_t>(keeps_[next] & ~space_.resident(next));
  for (std::size_t t = 0; t < space_.problem.tensors.size(); ++t) {
    if ((kept >> t & 1) == 0 || state.home[t] < 0) continue;
    const Arrivals come = arrivals(state, t);
    Pass& pass = passes.list[passes.size++];
    pass.tensor = t;
    pass.level = next;
    pass.served = static_cast<double>(come.served);
    pass.arrived = static_cast<double>(come.arrived);
    pass.touches = static_cast<double>(come.first_touches);
    pass.slides = space_.sliding(t) != 0;
    if (pass.slides) continue;
    const std::uint64_t now = space_.options.convention == CountConvention::accelforge
                                  ? state.tally.settled_steps(t)
                                  : state.tally.fresh_steps(t);
    pass.again = static_cast<double>(state.tally.steps()) / static_cast<double>(now);
  }
  return passes;
}

/// Energy of words that come to the next level, at least.
double Explorer::link_pj(const State& state, const Pass& pass, double served,
                         double arrived) const {
  const auto home = static_cast<std::size_t>(state.home[pass.tensor]);
  const NestLevel& above = space_.hierarchy.levels[home];
  const NestLevel& below = space_.hierarchy.levels[pass.level];
  const double above_blocks = space_.blocks_of_element(home, pass.tensor);
  const double below_blocks = space_.blocks_of_element(pass.level, pass.tensor);
  if (!space_.problem.tensors[pass.tensor].output)
    return served * above.read_pj * above_blocks + arrived * below.write_pj * below_blocks;
  const bool timeloop = space_.options.convention == CountConvention::timeloop;
  const double reads = std::max(
      0.0, served - (timeloop ? state.touches[pass.tensor] : state.untouched[pass.tensor]));
  const bool to_all = space_.options.convention != CountConvention::sluice;
  const double fills = to_all ? std::max(0.0, arrived - pass.touches) : reads;
  const double drains = timeloop ? 0 : arrived;
  return (reads * above.read_pj + served * above.update_pj) * above_blocks +
         (fills * below.write_pj + drains * below.read_pj) * below_blocks;
}

/// How often the words of a window come, at least, when loops in this order leave `tile`. In every
/// iteration of a loop that does not move it, with loops inside that do, it is brought again but
/// for what its first and its last tile there have in common.
double Explorer::window_times(const State& state, const Pass& pass, const Tile& tile,
                              const std::vector<std::uint8_t>& order) const {
  const std::uint32_t relevant = space_.relevant(pass.tensor);
  const auto count = [&](std::size_t rank) {
    return space_.size(rank, state.tile[rank]) / space_.size(rank, tile[rank]);
  };
  std::uint32_t inside = 0;  // ranks that move it, inside of the innermost that does not
  std::size_t at = order.size();
  for (; at > 0 && ((relevant >> order[at - 1] & 1) != 0 || inside == 0); --at)
    if ((relevant >> order[at - 1] & 1) != 0) inside |= 1u << order[at - 1];
  double iterations = 1;
  for (; at > 0; --at)
    if ((relevant >> order[at - 1] & 1) == 0)
      iterations *= static_cast<double>(count(order[at - 1]));
  if (iterations == 1) return 1;
  double common = 1;
  for (const NestProjection& dimension : space_.problem.tensors[pass.tensor].dimensions) {
    std::uint64_t span = 1, shift = 0;
    std::array<std::uint64_t, max_nest_ranks> all{};
    for (std::size_t i = 0; i < dimension.size(); ++i) {
      const std::size_t rank = dimension[i].rank;
      const std::uint64_t size = space_.size(rank, tile[rank]);
      span += (size - 1) * dimension[i].coefficient;
      all[i] = size;
      if ((inside >> rank & 1) == 0) continue;
      shift += (count(rank) - 1) * size * dimension[i].coefficient;
      all[i] = size * count(rank);
    }
    if (shift >= span) return iterations;
    if (shift > 0)
      common *= static_cast<double>(span - shift) /
                static_cast<double>(distinct_points(dimension, all.data()));
  }
  return 1 + (iterations - 1) * std::max(0.0, 1 - common);
}

/// The same of all of them when loops leave `tile`: in this order, or in that which suits them
/// best, where one of them stays in loops that do not move it, and any other only in the same.
double Explorer::passing_pj(const State& state, const Passing& passes, const Tile& tile,
                            const std::vector<std::uint8_t>* order) const {
  std::array<double, max_nest_ranks> counts;
  std::uint32_t running = 0;
  for (std::size_t rank = 0; rank < space_.ranks.size(); ++rank) {
    if (tile[rank] == state.tile[rank]) continue;
    running |= 1u << rank;
    counts[rank] = static_cast<double>(space_.size(rank, state.tile[rank])) /
                   static_cast<double>(space_.size(rank, tile[rank]));
  }
  const auto energy = [&](const Pass& pass, std::uint32_t stays) {
    double times = 1;
    const std::uint32_t relevant = space_.relevant(pass.tensor);
    if (!pass.slides && (relevant & running) != 0) {
      times = pass.again;
      std::uint32_t outside = running & ~relevant & ~stays;
      for (; outside != 0; outside &= outside - 1)
        times *= counts[static_cast<std::size_t>(std::countr_zero(outside))];
    }
    return link_pj(state, pass, pass.served * times, pass.arrived * times);
  };
  double least = infinite;
  for (std::size_t i = 0; i < (order == nullptr ? passes.size : 1); ++i) {
    double sum = 0;
    for (std::size_t j = 0; j < passes.size; ++j) {
      const Pass& pass = passes.list[j];
      std::uint32_t stays = order == nullptr ? ~space_.relevant(passes.list[i].tensor) : 0;
      if (order != nullptr)
        for (std::size_t at = order->size(); at-- > 0; stays |= 1u << (*order)[at])
          if ((space_.relevant(pass.tensor) >> (*order)[at] & 1) != 0) break;
      if (pass.slides && order != nullptr) {
        const double times = window_times(state, pass, tile, *order);
        sum += link_pj(state, pass, pass.served * times, pass.arrived * times);
        continue;
      }
      sum += energy(pass, stays);
    }
    least = std::min(least, sum);
  }
  return least;
}

/// Adds what a window that slides on has come to: what follows depends on how far it has moved at
/// each step, and the oftener it has moved so far, the less it brings.
void Explorer::put_window(const State& state, std::size_t tensor) {
  const Tally::Sliding& sliding = state.tally.sliding(tensor);
  standing_.put(sliding.size);
  for (std::size_t i = 0; i < sliding.size; ++i) {
    for (std::size_t d = 0; d < space_.counter.rules().tensor[tensor].dimensions; ++d)
      standing_.put(sliding.comebacks[i].shift[d]);
    standing_.costs.push_back(-static_cast<double>(sliding.comebacks[i].times));
  }
}

/// Whether another partial mapping, from which the same can follow, is no worse; else remembers
/// this one. `stage`: which part of a block comes next.
bool Explorer::dominated(const State& state, char stage) {
  if (space_.options.exhaustive || space_.options.ragged || !space_.counter.rules().closed)
    return false;
  standing_.key.clear();
  standing_.costs.clear();
  standing_.put(stage);
  standing_.put(static_cast<std::uint8_t>(state.level));
  standing_.put(static_cast<std::uint32_t>(space_.point(state.tile)));
  for (std::size_t level = 0; level <= state.level; ++level)
    if (space_.spreads(level).size() > 1) standing_.put(state.spreads[level]);
  standing_.costs.push_back(state.energy_pj);
  for (std::size_t level = 0; level <= state.level; ++level) {
    const NestLevel& memory = space_.hierarchy.levels[level];
    if (memory.read_bandwidth > 0 || memory.shared_bandwidth > 0)
      standing_.costs.push_back(state.reads[level]);
    if (memory.write_bandwidth > 0 || memory.shared_bandwidth > 0)
      standing_.costs.push_back(state.writes[level]);
  }
  for (std::size_t t = 0; t < space_.problem.tensors.size(); ++t) {
    if (state.home[t] < 0) continue;
    if (space_.counter.rules().tensor[t].dimensions > 0) put_window(state, t);
    standing_.costs.push_back(static_cast<double>(state.tally.fresh_steps(t)));
    standing_.costs.push_back(static_cast<double>(state.tally.settled_steps(t)));
    if (!space_.problem.tensors[t].output) continue;
    standing_.costs.push_back(-state.untouched[t]);
    standing_.costs.push_back(-state.touches[t]);
  }
  if (known_.beats(standing_) || fresh_.beats(standing_)) return true;
  fresh_.add(standing_);
  return false;
}

}  // namespace sluice::search
