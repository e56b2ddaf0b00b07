// SPDX-License-Identifier: Apache-2.0
#include "mapper/search/explore.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace sluice::search {

/// A mapping down to the end of its nest, with what its accesses cost so far.
struct Explorer::State {
  explicit State(const TallyRules& rules) : tally(rules) {}

  Nest nest;
  Tally tally;
  Tile tile{};
  std::size_t level = 0;  ///< the innermost that the nest has come to
  double energy_pj = 0;   ///< of links that both ends are known of
  double pending_pj = 0;  ///< of those whose inner end is not known, at least
  double block_pj = 0;    ///< of those that end at the next level, both ends, at least
  std::array<double, max_nest_tensors> served_pj{}, arrived_pj{};  ///< these, by tensor and end
  double operands_pj = 0;  ///< of words that compute takes over lanes that are known
  double busy = 0;         ///< cycles that words take so far, at least
  double lanes = 1;
  std::array<std::uint32_t, max_nest_levels> spreads{};  ///< that were chosen, by level
  std::array<double, max_nest_levels> reads{}, writes{}, instances{};
  std::array<double, max_nest_levels> pending_reads{}, pending_writes{};
  std::array<double, max_nest_tensors> untouched{}, touches{};
  std::array<double, max_nest_tensors> served{};  ///< of tensors where tallies are not closed
  std::array<std::int8_t, max_nest_tensors> home{};
};

Explorer::~Explorer() = default;

Explorer::Explorer(const Space& space, const Keeps& keeps, const Bounds& bounds,
                   const Dominance& known, Archive& archive)
    : space_(space), keeps_(keeps), bounds_(bounds), known_(known), archive_(archive) {
  for (const NestRank& rank : space.problem.ranks) operations_ *= static_cast<double>(rank.extent);
  fixed_pj_ = operations_ * space.hierarchy.compute.pj;
  // In timeloop only the instances that are used leak; how many that is is not known before the
  // end.
  if (space.options.convention != CountConvention::timeloop)
    for (std::size_t i = 0; i < space.hierarchy.levels.size(); ++i)
      leak_pj_ +=
          space.hierarchy.levels[i].leak_pj * static_cast<double>(instances_of(space.hierarchy, i));
  auto root = std::make_unique<State>(space.counter.rules());
  begin(*root);
  root_ = std::move(root);
}

/// The shared nodes, or what the outermost level keeps.
void Explorer::begin(State& state) {
  state.tile = space_.whole();
  state.home.fill(-1);
  state.instances.fill(1);
  if (space_.options.shared.size() == 0) {
    settle(state, 0, keeps_[0]);
    if (keeps_[0] != 0) state.nest.keep(0, keeps_[0]);
    state.tally.keep(keeps_[0]);
  }
  for (const NestNode& node : space_.options.shared) {
    if (node.kind == NestKind::keep) {
      account(state, node.level, true, node.tensors);
      state.tally.keep(node.tensors);
    } else {
      state.tally.loop(node.rank, node.tile);
    }
    state.nest.add(node);
  }
  if (space_.options.shared.size() > 0) state.tally.branch();
  state.tile = space_.begin();
  state.level = 0;
  state.block_pj = 0;  // nothing is known of what ends at the next level
  state.served_pj.fill(0);
  state.arrived_pj.fill(0);
  state.busy = busy_cycles(state);
}

/// `level` is the outermost home of tensors.
void Explorer::settle(State& state, std::size_t level, std::uint16_t tensors) {
  for (std::size_t t = 0; t < space_.problem.tensors.size(); ++t) {
    if ((tensors >> t & 1) == 0) continue;
    state.home[t] = static_cast<std::int8_t>(level);
    state.untouched[t] = state.touches[t] = static_cast<double>(space_.words(t, space_.whole()));
    (space_.problem.tensors[t].output ? state.pending_writes : state.pending_reads)[level] +=
        state.untouched[t] * space_.words_of_element(level, t);
  }
}

/// Appends what `level` keeps. Where every loop brings tiles anew, each tensor is kept outside of
/// the loops that do not move it.
void Explorer::keep(Nest& nest, std::size_t level) const {
  const auto kept = static_cast<std::uint16_t>(keeps_[level] & ~space_.resident(level));
  if (kept == 0) return;
  if (space_.options.convention != CountConvention::accelforge) {
    nest.keep(level, kept);
    return;
  }
  const std::size_t shared = space_.options.shared.size();
  std::array<std::uint16_t, max_nest_nodes + 1> before{};  // tensors kept before each node
  for (std::size_t t = 0; t < space_.problem.tensors.size(); ++t) {
    if ((kept >> t & 1) == 0) continue;
    std::size_t at = nest.size();
    const auto stays = [&](const NestNode& node) {
      if (node.kind == NestKind::keep) return (node.tensors >> t & 1) == 0;
      return node.kind == NestKind::loop && (space_.relevant(t) >> node.rank & 1) == 0;
    };
    while (at > shared && stays(nest[at - 1])) --at;
    before[at] = static_cast<std::uint16_t>(before[at] | 1u << t);
  }
  Nest result;
  for (std::size_t at = 0; at <= nest.size(); ++at) {
    if (before[at] != 0) result.keep(level, before[at]);
    if (at < nest.size()) result.add(nest[at]);
  }
  nest = result;
}

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

/// Whether what begins with `state`, uses `more_lanes` and then goes on as `table` bounds at
/// `point` is known to be no better. `best`: what is the best to hope for, if it is not.
bool Explorer::excludes(const State& state, double further_pj, const LaneTable* table,
                        std::size_t point, double more_lanes, Step* best) const {
  if (space_.options.exhaustive && best == nullptr) return false;
  const std::size_t classes = table == nullptr ? 1 : table->classes();
  const double* least = table == nullptr ? nullptr : table->at(point);
  const double lanes = state.lanes * more_lanes;
  bool excluded = true;
  for (std::size_t k = 0; k < classes; ++k) {
    const double inner_pj = least == nullptr ? 0 : least[k];
    if (!std::isfinite(inner_pj)) continue;
    const double top = table == nullptr ? bounds_.most_lanes(state.level) : table->top[k];
    const double cycles =
        std::ceil(std::max(state.busy, operations_ / (lanes * top)) * (1 - 1e-12));
    const double energy = fixed_pj_ + state.energy_pj +
                          std::max(further_pj + state.operands_pj + inner_pj, state.pending_pj) +
                          cycles * leak_pj_;
    if (!space_.options.exhaustive && archive_.excludes(cycles, energy)) continue;
    if (best == nullptr) return false;
    if (excluded || better(space_.options.objective, cycles, energy, best->cycles, best->energy_pj))
      best->cycles = cycles, best->energy_pj = energy;
    excluded = false;
  }
  return excluded;
}

bool Explorer::excludes(const Step& start) const {
  if (space_.options.exhaustive) return false;
  const BlockBound* bound = bounds_.block(0);
  return excludes(*root_, 0, bound == nullptr ? nullptr : &bound->at_loops,
                  space_.point(start.tile), 1, nullptr);
}

/// What comes to the end of the nest; in accelforge, outside of the loops that do not move it.
Arrivals Explorer::arrivals(const State& state, std::size_t tensor) const {
  bool closed = space_.counter.rules().closed && !space_.options.ragged;
  if (closed) {
    const Arrivals come = state.tally.arrivals(tensor, true, closed);
    if (closed) return come;
  }
  const std::size_t shared = space_.options.shared.size();
  const CountOptions options{space_.options.convention,
                             shared == 0 ? 0 : std::uint64_t{1} << shared};
  return count_arrivals(state.nest, space_.problem, space_.hierarchy, options)[tensor];
}

/// Accounts for the words that reach the end of the nest: for good where `level` keeps them, as a
/// lower bound where they go further in. Without `kept`, as a lower bound for all.
void Explorer::account(State& state, std::size_t level, bool kept, std::uint16_t tensors) {
  ++visits_.nodes;
  const Hierarchy& machine = space_.hierarchy;
  const bool timeloop = space_.options.convention == CountConvention::timeloop;
  state.pending_reads.fill(0);
  state.pending_writes.fill(0);
  state.pending_pj = state.block_pj = 0;
  state.served_pj.fill(0);
  state.arrived_pj.fill(0);
  const std::size_t next = level + 1;
  const bool last = next == machine.levels.size();
  for (std::size_t t = 0; t < space_.problem.tensors.size(); ++t) {
    const bool here = kept && (tensors >> t & 1) != 0;
    if (state.home[t] < 0) {
      if (here) settle(state, level, static_cast<std::uint16_t>(1u << t));
      continue;
    }
    const Arrivals come = arrivals(state, t);
    const double touches = static_cast<double>(come.first_touches);
    const auto home = static_cast<std::size_t>(state.home[t]);
    const NestLevel& above = machine.levels[home];
    const double served = static_cast<double>(come.served);
    const double arrived = static_cast<double>(come.arrived);
    state.served[t] = here ? arrived : served;
    double reads = served, updates = 0, fills = arrived, drains = 0;
    if (space_.problem.tensors[t].output) {
      updates = served;
      reads = std::max(0.0, served - (timeloop ? state.touches[t] : state.untouched[t]));
      fills = timeloop ? arrived - touches : reads;
      drains = timeloop ? 0 : arrived;
    }
    const double parent_pj =
        (reads * above.read_pj + updates * above.update_pj) * space_.blocks_of_element(home, t);
    const double words = space_.words_of_element(home, t);
    if (!here) {
      state.pending_reads[home] += reads * words;
      state.pending_writes[home] += updates * words;
      state.pending_pj += parent_pj;
      if (last && bounds_.operand_level(t) == machine.levels.size()) state.block_pj += parent_pj;
      if (last || kept || (keeps_[next] >> t & 1) == 0) continue;
      const NestLevel& below = machine.levels[next];
      // Partial sums that come back come to one of the lanes that add to them.
      const double blocks = space_.blocks_of_element(next, t);
      const double fill_pj = std::min(served, fills) * below.write_pj * blocks;
      const bool output = space_.problem.tensors[t].output;
      state.served_pj[t] = parent_pj + (output ? fill_pj : 0);
      state.arrived_pj[t] =
          (output ? 0 : fill_pj) + std::min(served, drains) * below.read_pj * blocks;
      state.block_pj += state.served_pj[t] + state.arrived_pj[t];
      continue;
    }
    const NestLevel& below = machine.levels[level];
    state.energy_pj += parent_pj + (fills * below.write_pj + drains * below.read_pj) *
                                       space_.blocks_of_element(level, t);
    state.reads[home] += reads * words;
    state.writes[home] += updates * words;
    state.reads[level] += drains * space_.words_of_element(level, t);
    state.writes[level] += fills * space_.words_of_element(level, t);
    state.untouched[t] = arrived - reads;
    state.touches[t] = touches;
    state.home[t] = static_cast<std::int8_t>(level);
  }
  state.busy = busy_cycles(state);
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

/// The nest has come to `level`.
void Explorer::arrive(State& state, std::size_t level) {
  if (stopped()) return;
  if (level == space_.hierarchy.levels.size()) return evaluate(state);
  if (!space_.fits(level, keeps_[level], state.tile)) return;
  state.instances[level] = state.lanes;
  state.level = level;
  const auto kept = static_cast<std::uint16_t>(keeps_[level] & ~space_.resident(level));
  account(state, level, true, kept);
  keep(state.nest, level);
  state.tally.keep(kept);
  const BlockBound* bound = bounds_.block(level);
  if (excludes(state, 0, bound == nullptr ? nullptr : &bound->at_keep, space_.point(state.tile), 1,
               nullptr))
    return;
  if (dominated(state, 'k')) return;
  block(state, level);
}

void Explorer::block(const State& state, std::size_t level) {
  const BlockBound* bound = bounds_.block(level);
  for (const Step& step : steps(state, level)) {
    if (stopped_) return;
    if (!space_.options.exhaustive &&
        excludes(state, 0, bound == nullptr ? nullptr : &bound->at_loops, space_.point(step.tile),
                 1, nullptr))
      continue;
    loops(state, level, step);
  }
}

/// The loops of a level that leave the tile of a step, in every order that can matter.
void Explorer::loops(const State& state, std::size_t level, const Step& step) {
  std::uint32_t mask = 0;
  for (std::size_t rank = 0; rank < space_.ranks.size(); ++rank)
    if (step.tile[rank] != state.tile[rank]) mask |= 1u << rank;
  const BlockBound* bound = bounds_.block(level);
  const Passing passes = bound == nullptr ? Passing{} : passing(state, level);
  const std::size_t point = space_.point(step.tile);
  for (const auto& order : space_.orders(mask, level)) {
    if (stopped_) return;
    if (passes.size > 0 && excludes(state, passing_pj(state, passes, step.tile, &order),
                                    &bound->at_axes, point, 1, nullptr))
      continue;
    temporal(state, level, step, order);
  }
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
  const double fills = timeloop ? std::max(0.0, arrived - pass.touches) : reads;
  const double drains = timeloop ? 0 : arrived;
  return (reads * above.read_pj + served * above.update_pj) * above_blocks +
         (fills * below.write_pj + drains * below.read_pj) * below_blocks;
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
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < (order == nullptr ? passes.size : 1); ++i) {
    double sum = 0;
    for (std::size_t j = 0; j < passes.size; ++j) {
      const Pass& pass = passes.list[j];
      std::uint32_t stays = order == nullptr ? ~space_.relevant(passes.list[i].tensor) : 0;
      if (order != nullptr)
        for (std::size_t at = order->size(); at-- > 0; stays |= 1u << (*order)[at])
          if ((space_.relevant(pass.tensor) >> (*order)[at] & 1) != 0) break;
      sum += energy(pass, stays);
    }
    least = std::min(least, sum);
  }
  return least;
}

std::vector<Step> Explorer::steps(const State& state, std::size_t level) {
  std::vector<Step> list;
  collect(state, level, list);
  const SearchObjective objective = space_.options.objective;
  std::stable_sort(list.begin(), list.end(), [&](const Step& a, const Step& b) {
    return better(objective, a.cycles, a.energy_pj, b.cycles, b.energy_pj);
  });
  return list;
}

/// Lists a step unless it is excluded, by what is true of its tile and by what goes before it.
void Explorer::add_step(const State& state, const BlockBound* bound, const Passing& passes,
                        const Tile& tile, std::vector<Step>& list) const {
  const std::size_t point = space_.point(tile);
  Step step{tile, 0, 0};
  if (excludes(state, 0, bound == nullptr ? nullptr : &bound->at_loops, point, 1, &step)) return;
  if (passes.size > 0) {
    Step passed{tile, 0, 0};
    if (excludes(state, passing_pj(state, passes, tile, nullptr), &bound->at_axes, point, 1,
                 &passed))
      return;
    if (better(space_.options.objective, step.cycles, step.energy_pj, passed.cycles,
               passed.energy_pj))
      step = passed;
  }
  list.push_back(step);
}

/// All tiles inside of the state's that are not excluded.
void Explorer::collect(const State& state, std::size_t level, std::vector<Step>& list) {
  const std::size_t ranks = space_.ranks.size();
  const bool ends =
      level + 1 == space_.hierarchy.levels.size() && space_.hierarchy.levels[level].fan_out.empty();
  const BlockBound* bound = bounds_.block(level);
  const Passing passes = bound == nullptr ? Passing{} : passing(state, level);
  Tile tile{};
  std::array<std::size_t, max_nest_ranks> at{};
  const auto inside = [&](std::size_t rank) -> const std::vector<std::uint16_t>& {
    return space_.ranks[rank].inside[state.tile[rank]];
  };
  const auto cut = [&](std::size_t rank) { return (space_.uncut(level) >> rank & 1) == 0; };
  for (std::size_t rank = 0; rank < ranks; ++rank)
    if (!cut(rank)) at[rank] = inside(rank).size() - 1;
  while (true) {
    for (std::size_t rank = 0; rank < ranks; ++rank) tile[rank] = inside(rank)[at[rank]];
    add_step(state, bound, passes, tile, list);
    if (ends) return;  // only tiles of one are left: at[] is 0 everywhere
    std::size_t rank = 0;
    while (rank < ranks && (!cut(rank) || ++at[rank] == inside(rank).size())) {
      if (cut(rank)) at[rank] = 0;
      ++rank;
    }
    if (rank == ranks) return;
  }
}

void Explorer::temporal(const State& outer, std::size_t level, const Step& step,
                        const std::vector<std::uint8_t>& order) {
  State state = outer;
  state.tile = step.tile;
  for (const std::uint8_t rank : order) {
    state.nest.loop(rank, space_.size(rank, step.tile[rank]));
    state.tally.loop(rank, space_.size(rank, step.tile[rank]));
  }
  const bool spreads = !space_.hierarchy.levels[level].fan_out.empty();
  if (!space_.options.exhaustive && spreads) {
    account(state, level, false, 0);
    const BlockBound* bound = bounds_.block(level);
    if (excludes(state, state.block_pj, bound == nullptr ? nullptr : &bound->at_axes,
                 space_.point(state.tile), 1, nullptr))
      return;
    if (dominated(state, 's')) return;
  }
  spread(state, level);
}

void Explorer::spread(const State& outer, std::size_t level) {
  const std::size_t axes = space_.hierarchy.levels[level].fan_out.size();
  const BlockBound* bound = bounds_.block(level);
  for (const SpreadStep& step : space_.spreads(level, space_.point(outer.tile))) {
    if (stopped_) return;
    const Spread& spread = space_.spreads(level)[step.spread];
    const double operands = bound == nullptr ? 0 : bound->operands_pj[step.spread];
    double link = outer.block_pj;  // lanes that a tensor does not move with take more
    if (bound != nullptr)
      for (std::size_t t = 0; t < space_.problem.tensors.size(); ++t)
        link += outer.served_pj[t] * (spread.alone[t] - 1) +
                outer.arrived_pj[t] * (spread.copies[t] - 1);
    if (excludes(outer, link + operands, bound == nullptr ? nullptr : &bound->at_end, step.left,
                 static_cast<double>(spread.product), nullptr))
      continue;
    State state = outer;
    for (std::size_t axis = 0; axis < axes; ++axis)
      for (std::size_t rank = 0; rank < space_.ranks.size(); ++rank) {
        const std::uint64_t lanes = spread.axes[axis].of_rank[rank];
        if (lanes == 1) continue;
        const std::int32_t index = space_.divided(rank, state.tile[rank], lanes);
        state.tile[rank] = static_cast<std::uint16_t>(index);
        state.nest.spread(level, axis, rank, space_.size(rank, state.tile[rank]));
        state.tally.spread(level, axis, rank, space_.size(rank, state.tile[rank]));
      }
    state.spreads[level] = step.spread;
    state.operands_pj += operands;
    state.lanes *= static_cast<double>(spread.product);
    arrive(state, level + 1);
  }
}

void Explorer::evaluate(const State& state) {
  for (std::size_t rank = 0; rank < space_.ranks.size(); ++rank)
    if (state.tile[rank] != 0) return;
  ++visits_.evaluations;
  NestCounts counts;
  const std::size_t shared = space_.options.shared.size();
  space_.counter.count(state.nest, counts, shared == 0 ? 0 : std::uint64_t{1} << shared);
  const NestCost cost = space_.pricer.price(counts);
  archive_.offer({state.nest, cost.cycles, cost.total_pj});
}

bool Explorer::stopped() {
  if (space_.options.stop && visits_.nodes % 256 == 0) stopped_ = stopped_ || space_.options.stop();
  return stopped_;
}

std::vector<Step> Explorer::starts() { return steps(*root_, 0); }

bool Explorer::explore(const Step& start) {
  loops(*root_, 0, start);
  return !stopped_;
}

}  // namespace sluice::search
