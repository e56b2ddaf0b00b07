// SPDX-License-Identifier: Apache-2.0
#include "mapper/search/explore.hpp"

#include <algorithm>

#include "mapper/search/state.hpp"

namespace sluice::search {

Explorer::~Explorer() = default;

Explorer::Explorer(const Space& space, const Keeps& keeps, const Bounds& bounds,
                   const Dominance& known, Archive& archive)
    : space_(space),
      keeps_(keeps),
      bounds_(bounds),
      known_(known),
      archive_(archive),
      goal_{space.options.objective, space.options.prices, space.options.tolerance} {
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
  state.alone.fill(1);
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
  const bool to_all = space_.options.convention != CountConvention::sluice;
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
      fills = to_all ? arrived - touches : reads;
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
      // In sluice, partial sums that come back come to one of the lanes that add to them.
      const double blocks = space_.blocks_of_element(next, t);
      const double fill_pj = std::min(served, fills) * below.write_pj * blocks;
      const bool output = space_.problem.tensors[t].output;
      state.served_pj[t] = parent_pj + (output && !to_all ? fill_pj : 0);
      state.arrived_pj[t] =
          (output && !to_all ? 0 : fill_pj) + std::min(served, drains) * below.read_pj * blocks;
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
    state.untouched[t] = arrived - fills;
    state.touches[t] = touches;
    state.home[t] = static_cast<std::int8_t>(level);
    state.alone[t] = 1;
  }
  state.busy = busy_cycles(state);
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
  if (excludes(state, passing_lanes_pj(state, bound, nullptr, false),
               bound == nullptr ? nullptr : bound->at_keep.get(), space_.point(state.tile), 1,
               nullptr))
    return;
  if (dominated(state, 'k')) return;
  block(state, level);
}

void Explorer::block(const State& state, std::size_t level) {
  const BlockBound* bound = bounds_.block(level);
  const double passing_pj = passing_lanes_pj(state, bound, nullptr, false);
  for (const Step& step : steps(state, level)) {
    if (stopped_) return;
    if (!space_.options.exhaustive &&
        excludes(state, passing_pj, bound == nullptr ? nullptr : bound->at_loops.get(),
                 space_.point(step.tile), 1, nullptr))
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
  const double further_pj = passing_lanes_pj(state, bound, nullptr, true);
  const std::size_t point = space_.point(step.tile);
  for (const auto& order : space_.orders(mask, level)) {
    if (stopped_) return;
    if (passes.size > 0 &&
        excludes(state, passing_pj(state, passes, step.tile, &order) + further_pj,
                 bound->at_axes.get(), point, 1, nullptr))
      continue;
    temporal(state, level, step, order);
  }
}

std::vector<Step> Explorer::steps(const State& state, std::size_t level) {
  std::vector<Step> list;
  collect(state, level, list);
  std::stable_sort(list.begin(), list.end(), [&](const Step& a, const Step& b) {
    return better(goal_, a.cycles, a.energy_pj, b.cycles, b.energy_pj);
  });
  return list;
}

/// Lists a step unless it is excluded, by what is true of its tile and by what goes before it.
void Explorer::add_step(const State& state, const Before& before, const Tile& tile,
                        std::vector<Step>& list) const {
  const BlockBound* bound = before.bound;
  const std::size_t point = space_.point(tile);
  Step step{tile, 0, 0};
  if (excludes(state, before.ending_pj, bound == nullptr ? nullptr : bound->at_loops.get(), point,
               1, &step))
    return;
  if (before.passes.size > 0) {
    Step passed{tile, 0, 0};
    if (excludes(state, passing_pj(state, before.passes, tile, nullptr) + before.further_pj,
                 bound->at_axes.get(), point, 1, &passed))
      return;
    if (better(goal_, step.cycles, step.energy_pj, passed.cycles, passed.energy_pj)) step = passed;
  }
  list.push_back(step);
}

/// All tiles inside of the state's that are not excluded.
void Explorer::collect(const State& state, std::size_t level, std::vector<Step>& list) {
  const std::size_t ranks = space_.ranks.size();
  const bool ends =
      level + 1 == space_.hierarchy.levels.size() && space_.hierarchy.levels[level].fan_out.empty();
  const BlockBound* bound = bounds_.block(level);
  const Before before{bound, bound == nullptr ? Passing{} : passing(state, level),
                      passing_lanes_pj(state, bound, nullptr, false),
                      passing_lanes_pj(state, bound, nullptr, true)};
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
    add_step(state, before, tile, list);
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
    if (excludes(state, state.block_pj + passing_lanes_pj(state, bound, nullptr, true),
                 bound == nullptr ? nullptr : bound->at_axes.get(), space_.point(state.tile), 1,
                 nullptr))
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
    link += passing_lanes_pj(outer, bound, &spread, true);
    if (excludes(outer, link + operands, bound == nullptr ? nullptr : bound->at_end.get(),
                 step.left, static_cast<double>(spread.product), nullptr))
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
    for (std::size_t t = 0; t < space_.problem.tensors.size(); ++t)
      if (state.home[t] >= 0) state.alone[t] *= spread.alone[t];
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
