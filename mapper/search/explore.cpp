// SPDX-License-Identifier: Apache-2.0
#include "mapper/search/explore.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace sluice::search {

/// A mapping down to the end of its nest, with what its accesses cost so far.
struct Explorer::State {
  Nest nest;
  Tile tile{};
  std::size_t level = 0;  ///< the innermost that the nest has come to
  double energy_pj = 0;   ///< of links that both ends are known of
  double pending_pj = 0;  ///< of those whose inner end is not known, at least
  double block_pj = 0;    ///< of those that end at the next level, both ends, at least
  double lanes = 1;
  std::array<double, max_nest_levels> reads{}, writes{}, instances{};
  std::array<double, max_nest_levels> pending_reads{}, pending_writes{};
  std::array<double, max_nest_tensors> untouched{}, touches{};
  std::array<double, max_nest_tensors> served{}, arrived{};  ///< at the end of the nest
  std::array<std::int8_t, max_nest_tensors> home{};
};

Explorer::Explorer(const Space& space, const Keeps& keeps, const Bounds& bounds,
                   const Dominance& known, Archive& archive)
    : space_(space), keeps_(keeps), bounds_(bounds), known_(known), archive_(archive) {
  for (const NestRank& rank : space.problem.ranks) operations_ *= static_cast<double>(rank.extent);
  fixed_pj_ = operations_ * space.hierarchy.compute.pj;
  // In timeloop only the instances that are used leak; how many that is is not known before the
  // end.
  if (space.options.convention == CountConvention::timeloop) return;
  for (std::size_t i = 0; i < space.hierarchy.levels.size(); ++i)
    leak_pj_ +=
        space.hierarchy.levels[i].leak_pj * static_cast<double>(instances_of(space.hierarchy, i));
}

Explorer::State Explorer::root() const {
  State state;
  state.tile = space_.whole();
  state.home.fill(-1);
  state.instances.fill(1);
  keep(state.nest, 0);
  for (std::size_t t = 0; t < space_.problem.tensors.size(); ++t)
    if ((keeps_[0] >> t & 1) != 0) {
      state.home[t] = 0;
      state.untouched[t] = state.touches[t] = static_cast<double>(space_.words(t, space_.whole()));
      (space_.problem.tensors[t].output ? state.pending_writes : state.pending_reads)[0] +=
          state.untouched[t] * space_.words_of_element(0, t);
    }
  return state;
}

/// Appends what `level` keeps. Where every loop brings tiles anew, each tensor is kept outside of
/// the loops that do not move it.
void Explorer::keep(Nest& nest, std::size_t level) const {
  if (keeps_[level] == 0) return;
  if (space_.options.convention != CountConvention::accelforge) {
    nest.keep(level, keeps_[level]);
    return;
  }
  std::array<std::uint16_t, max_nest_nodes + 1> before{};  // tensors kept before each node
  for (std::size_t t = 0; t < space_.problem.tensors.size(); ++t) {
    if ((keeps_[level] >> t & 1) == 0) continue;
    std::size_t at = nest.size();
    const auto stays = [&](const NestNode& node) {
      if (node.kind == NestKind::keep) return (node.tensors >> t & 1) == 0;
      return node.kind == NestKind::loop && (space_.relevant(t) >> node.rank & 1) == 0;
    };
    while (at > 0 && stays(nest[at - 1])) --at;
    before[at] = static_cast<std::uint16_t>(before[at] | 1u << t);
  }
  Nest result;
  for (std::size_t at = 0; at <= nest.size(); ++at) {
    if (before[at] != 0) result.keep(level, before[at]);
    if (at < nest.size()) result.add(nest[at]);
  }
  nest = result;
}

/// No completion of `state` takes fewer cycles.
double Explorer::cycles_bound(const State& state, double more_lanes) const {
  double cycles = operations_ / (state.lanes * more_lanes);
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
  return std::ceil(cycles * (1 - 1e-12));
}

/// Whether what begins with `state` and costs at least `further_pj` more is known to be no better.
bool Explorer::excludes(const State& state, double further_pj, double more_lanes) const {
  if (space_.options.exhaustive) return false;
  const double cycles = cycles_bound(state, more_lanes);
  return archive_.excludes(cycles, fixed_pj_ + state.energy_pj +
                                       std::max(further_pj, state.pending_pj) + cycles * leak_pj_);
}

/// Accounts for the words that reach the end of the nest: for good where `level` keeps them, as a
/// lower bound where they go further in. Without `kept`, as a lower bound for all.
void Explorer::count_links(State& state, std::size_t level, bool kept) {
  ++visits_.nodes;
  const Hierarchy& machine = space_.hierarchy;
  const bool timeloop = space_.options.convention == CountConvention::timeloop;
  const auto arrivals =
      count_arrivals(state.nest, space_.problem, machine, {space_.options.convention, 0});
  state.pending_reads.fill(0);
  state.pending_writes.fill(0);
  state.pending_pj = state.block_pj = 0;
  const std::size_t next = level + 1;
  const bool last = next == machine.levels.size();
  for (std::size_t t = 0; t < space_.problem.tensors.size(); ++t) {
    const bool here = kept && (keeps_[level] >> t & 1) != 0;
    const double touches = static_cast<double>(arrivals[t].first_touches);
    if (state.home[t] < 0) {
      if (!here) continue;
      state.home[t] = static_cast<std::int8_t>(level);
      state.untouched[t] = state.touches[t] = static_cast<double>(space_.words(t, space_.whole()));
      continue;
    }
    const auto home = static_cast<std::size_t>(state.home[t]);
    const NestLevel& above = machine.levels[home];
    const double served = static_cast<double>(arrivals[t].served);
    const double arrived = static_cast<double>(arrivals[t].arrived);
    state.served[t] = here ? arrived : served;
    state.arrived[t] = arrived;
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
      if (last) state.block_pj += parent_pj;
      if (last || kept || (keeps_[next] >> t & 1) == 0) continue;
      const NestLevel& below = machine.levels[next];
      state.block_pj += parent_pj + (std::min(served, fills) * below.write_pj +
                                     std::min(served, drains) * below.read_pj) *
                                        space_.blocks_of_element(next, t);
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
}

/// Whether loops over a window run inside of the last one that brings a wholly new tile: then what
/// follows depends on more than the tile that is left.
bool Explorer::slides_on(const State& state, std::size_t tensor) const {
  if (space_.sliding(tensor) == 0) return false;
  for (std::size_t at = state.nest.size(); at-- > 0;) {
    const NestNode& node = state.nest[at];
    if (node.kind != NestKind::loop) continue;
    if ((space_.sliding(tensor) >> node.rank & 1) != 0) return true;
    if ((space_.relevant(tensor) >> node.rank & 1) != 0) return false;
  }
  return false;
}

/// Whether another partial mapping, from which the same can follow, is no worse; else remembers
/// this one. `stage`: which part of a block comes next.
bool Explorer::dominated(const State& state, char stage) {
  if (space_.options.exhaustive || space_.options.ragged) return false;
  for (std::size_t t = 0; t < space_.problem.tensors.size(); ++t)
    if (slides_on(state, t)) return false;
  Standing standing;
  const auto put = [&](std::uint64_t value) {
    standing.key.append(reinterpret_cast<const char*>(&value), sizeof value);
  };
  standing.key.push_back(stage);
  standing.key.push_back(static_cast<char>(state.level));
  put(space_.point(state.tile));
  std::array<std::uint64_t, max_nest_ranks> around{};
  for (std::size_t rank = 0; rank < space_.ranks.size(); ++rank)
    around[rank] = space_.ranks[rank].size.back();
  for (const NestNode& node : state.nest) {
    if (node.kind == NestKind::spread) {
      standing.key.push_back(static_cast<char>(node.level));
      standing.key.push_back(static_cast<char>(node.axis));
      standing.key.push_back(static_cast<char>(node.rank));
      put(around[node.rank] / node.tile);
    }
    if (node.kind != NestKind::keep) around[node.rank] = node.tile;
  }
  standing.costs.push_back(state.energy_pj);
  for (std::size_t level = 0; level <= state.level; ++level) {
    const NestLevel& memory = space_.hierarchy.levels[level];
    if (memory.read_bandwidth > 0 || memory.shared_bandwidth > 0)
      standing.costs.push_back(state.reads[level]);
    if (memory.write_bandwidth > 0 || memory.shared_bandwidth > 0)
      standing.costs.push_back(state.writes[level]);
  }
  for (std::size_t t = 0; t < space_.problem.tensors.size(); ++t) {
    if (state.home[t] < 0) continue;
    standing.costs.push_back(state.served[t]);
    standing.costs.push_back(state.arrived[t]);
    if (!space_.problem.tensors[t].output) continue;
    standing.costs.push_back(-state.untouched[t]);
    standing.costs.push_back(-state.touches[t]);
  }
  if (known_.beats(standing) || fresh_.beats(standing)) return true;
  fresh_.add(standing);
  return false;
}

/// The nest has come to `level`.
void Explorer::arrive(State& state, std::size_t level) {
  if (stopped()) return;
  if (level == space_.hierarchy.levels.size()) return evaluate(state);
  if (!space_.fits(level, keeps_[level], state.tile)) return;
  state.instances[level] = state.lanes;
  state.level = level;
  count_links(state, level, true);
  keep(state.nest, level);
  const std::size_t point = space_.point(state.tile);
  if (excludes(state, bounds_.at_keep(level, point), bounds_.lanes_at_keep(level, point))) return;
  if (dominated(state, 'k')) return;
  block(state, level);
}

void Explorer::block(const State& state, std::size_t level) {
  for (const Start& step : steps(state, level)) {
    if (stopped_) return;
    if (!space_.options.exhaustive && archive_.excludes(step.cycles, step.energy_pj)) continue;
    temporal(state, level, step);
  }
}

std::vector<Start> Explorer::steps(const State& state, std::size_t level) {
  std::vector<Start> list;
  collect(state, level, list);
  const SearchObjective objective = space_.options.objective;
  std::stable_sort(list.begin(), list.end(), [&](const Start& a, const Start& b) {
    return better(objective, a.cycles, a.energy_pj, b.cycles, b.energy_pj);
  });
  return list;
}

/// All tiles inside of the state's, in all orders, that are not excluded.
void Explorer::collect(const State& state, std::size_t level, std::vector<Start>& list) {
  const std::size_t ranks = space_.ranks.size();
  const bool ends =
      level + 1 == space_.hierarchy.levels.size() && space_.hierarchy.levels[level].fan_out.empty();
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
    std::uint32_t mask = 0;
    for (std::size_t rank = 0; rank < ranks; ++rank)
      if (tile[rank] != state.tile[rank]) mask |= 1u << rank;
    const std::size_t point = space_.point(tile);
    const double further = bounds_.at_axis(level, 0, point);
    const double cycles = cycles_bound(state, bounds_.lanes_at_axis(level, 0, point));
    const double energy = fixed_pj_ + state.energy_pj + further + cycles * leak_pj_;
    if (std::isfinite(further) && (space_.options.exhaustive || !archive_.excludes(cycles, energy)))
      for (const auto& order : space_.orders(mask, level))
        list.push_back({tile, &order, cycles, energy});
    if (ends) return;  // only tiles of one are left: at[] is 0 everywhere
    std::size_t rank = 0;
    while (rank < ranks && (!cut(rank) || ++at[rank] == inside(rank).size())) {
      if (cut(rank)) at[rank] = 0;
      ++rank;
    }
    if (rank == ranks) return;
  }
}

void Explorer::temporal(const State& outer, std::size_t level, const Start& step) {
  State state = outer;
  state.tile = step.tile;
  for (const std::uint8_t rank : *step.order)
    state.nest.loop(rank, space_.size(rank, step.tile[rank]));
  const bool spreads = !space_.hierarchy.levels[level].fan_out.empty();
  if (!space_.options.exhaustive && spreads) {
    count_links(state, level, false);
    const std::size_t point = space_.point(state.tile);
    const double inner = bounds_.at_axis(level, 0, point);
    if (excludes(state, state.block_pj + inner, bounds_.lanes_at_axis(level, 0, point))) return;
    if (dominated(state, 's')) return;
  }
  spread(state, level);
}

void Explorer::spread(const State& outer, std::size_t level) {
  const std::size_t axes = space_.hierarchy.levels[level].fan_out.size();
  Tile left;
  for (const Spread& spread : space_.spreads(level)) {
    if (stopped_) return;
    if (!space_.divided(outer.tile, spread, left)) continue;
    const std::size_t point = space_.point(left);
    const double further = bounds_.at_axis(level, axes, point);
    if (!std::isfinite(further)) continue;
    if (excludes(outer, outer.block_pj + further,
                 static_cast<double>(spread.product) * bounds_.lanes_at_axis(level, axes, point)))
      continue;
    State state = outer;
    for (std::size_t axis = 0; axis < axes; ++axis)
      for (std::size_t rank = 0; rank < space_.ranks.size(); ++rank) {
        const std::uint64_t lanes = spread.axes[axis].of_rank[rank];
        if (lanes == 1) continue;
        const std::int32_t index = space_.divided(rank, state.tile[rank], lanes);
        state.tile[rank] = static_cast<std::uint16_t>(index);
        state.nest.spread(level, axis, rank, space_.size(rank, state.tile[rank]));
      }
    state.lanes *= static_cast<double>(spread.product);
    arrive(state, level + 1);
  }
}

void Explorer::evaluate(const State& state) {
  for (std::size_t rank = 0; rank < space_.ranks.size(); ++rank)
    if (state.tile[rank] != 0) return;
  ++visits_.evaluations;
  NestCounts counts;
  count_accesses(state.nest, space_.problem, space_.hierarchy, {space_.options.convention, 0},
                 counts);
  const NestCost cost = price(counts, space_.problem, space_.hierarchy, space_.options.convention);
  archive_.offer({state.nest, cost.cycles, cost.total_pj});
}

bool Explorer::stopped() {
  if (space_.options.stop && visits_.nodes % 256 == 0) stopped_ = stopped_ || space_.options.stop();
  return stopped_;
}

std::vector<Start> Explorer::starts() { return steps(root(), 0); }

bool Explorer::explore(const Start& start) {
  temporal(root(), 0, start);
  return !stopped_;
}

}  // namespace sluice::search
