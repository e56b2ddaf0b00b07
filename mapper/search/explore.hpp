// SPDX-License-Identifier: Apache-2.0
// Depth first through a part of a map space, from the outermost level inwards. Internal to this
// folder.
#pragma once

#include "mapper/search/bounds.hpp"
#include "mapper/search/dominance.hpp"

namespace sluice::search {

/// Whether one pair comes before another; on a front, as for energy x cycles.
bool better(SearchObjective objective, double cycles, double energy_pj, double other_cycles,
            double other_energy_pj);

/// The best mappings found so far: one, or a front.
class Archive {
 public:
  explicit Archive(SearchObjective objective) : objective_(objective) {}

  /// Whether nothing of at least so many cycles and so much energy can be new.
  bool excludes(double cycles, double energy_pj) const;
  /// Takes a mapping in if it is better than what is known.
  void offer(const FoundMapping& mapping);
  void merge(const Archive& other) {
    for (const FoundMapping& mapping : other.found_) offer(mapping);
  }
  const std::vector<FoundMapping>& found() const { return found_; }
  double best() const;

 private:
  SearchObjective objective_;
  std::vector<FoundMapping> found_;  ///< by cycles
};

/// A first step: what levels keep, the order of the outermost loops, and the tile that they leave.
struct Start {
  Tile tile{};
  const std::vector<std::uint8_t>* order = nullptr;
  double cycles = 0, energy_pj = 0;  ///< bounds
};

struct Visits {
  std::uint64_t nodes = 0, evaluations = 0;
};

class Explorer {
 public:
  /// `known`: partial mappings that were looked at before.
  Explorer(const Space& space, const Keeps& keeps, const Bounds& bounds, const Dominance& known,
           Archive& archive);

  /// All first steps that the archive does not exclude, the most promising first.
  std::vector<Start> starts();
  /// Everything that begins with `start`. False if it was stopped.
  bool explore(const Start& start);
  const Visits& visits() const { return visits_; }
  const Dominance& looked_at() const { return fresh_; }

 private:
  struct State;
  void keep(Nest& nest, std::size_t level) const;
  void arrive(State& state, std::size_t level);
  void block(const State& state, std::size_t level);
  void temporal(const State& state, std::size_t level, const Start& step);
  void spread(const State& state, std::size_t level);
  void evaluate(const State& state);
  std::vector<Start> steps(const State& state, std::size_t level);
  void collect(const State& state, std::size_t level, std::vector<Start>& list);
  void count_links(State& state, std::size_t level, bool kept);
  double cycles_bound(const State& state, double more_lanes) const;
  bool excludes(const State& state, double further_pj, double more_lanes) const;
  bool dominated(const State& state, char stage);
  bool slides_on(const State& state, std::size_t tensor) const;
  bool stopped();
  State root() const;

  const Space& space_;
  const Keeps& keeps_;
  const Bounds& bounds_;
  const Dominance& known_;
  Archive& archive_;
  Dominance fresh_;
  Visits visits_;
  bool stopped_ = false;
  double fixed_pj_ = 0;  ///< of operations
  double leak_pj_ = 0;   ///< a cycle
  double operations_ = 1;
};

}  // namespace sluice::search
