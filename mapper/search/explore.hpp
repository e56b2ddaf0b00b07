// SPDX-License-Identifier: Apache-2.0
// Depth first through a part of a map space, from the outermost level inwards. Internal to this
// folder.
#pragma once

#include <limits>

#include "mapper/search/bounds.hpp"
#include "mapper/search/dominance.hpp"

namespace sluice::search {

/// What a search looks for.
struct Goal {
  SearchObjective objective = SearchObjective::edp;
  CyclePrices prices;
  double tolerance = 0;
};

/// Whether one pair comes before another; on a front, as for energy x cycles.
bool better(const Goal& goal, double cycles, double energy_pj, double other_cycles,
            double other_energy_pj);

/// The best mappings found so far: one, or a front.
class Archive {
 public:
  explicit Archive(const Goal& goal) : goal_(goal) {}

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
  void replace(const FoundMapping& mapping);
  bool offer_to_front(const FoundMapping& mapping);

  static constexpr double nothing = std::numeric_limits<double>::infinity();

  Goal goal_;
  std::vector<FoundMapping> found_;  ///< by cycles
  /// Of a single objective: values above which nothing is as good as what was found, and from which
  /// on it is only by less of the second term.
  double worse_ = nothing, equal_ = nothing, equal_second_ = nothing;
};

/// A step: the tile that the loops of a level leave, in any order.
struct Step {
  Tile tile{};
  double cycles = 0, energy_pj = 0;  ///< bounds of what is the best to hope for
};

/// What a tensor that the next level keeps brings there, at least, when the loops of a level run.
struct Pass {
  std::size_t tensor = 0, level = 0;  ///< and the next level
  double served = 0, arrived = 0;     ///< words, as it is
  double again = 1;                   ///< how often these when a loop moves it
  bool slides = false;
  double touches = 0;
};
struct Passing {
  std::array<Pass, max_nest_tensors> list{};
  std::size_t size = 0;
};

/// Takes those out that no price between makes the best, of mappings from the fewest cycles to the
/// least energy of which none beats another in both.
template <class Mapping>
void keep_priced(std::vector<Mapping>& front, const CyclePrices& prices) {
  const auto price = [](const Mapping& a, const Mapping& b) {
    return (a.energy_pj - b.energy_pj) /
           (static_cast<double>(b.cycles) - static_cast<double>(a.cycles));
  };
  std::size_t size = 0;
  for (std::size_t i = 0; i < front.size(); ++i) {
    while (size > 1 && price(front[size - 2], front[size - 1]) <= price(front[size - 1], front[i]))
      --size;
    if (size != i) front[size] = std::move(front[i]);
    ++size;
  }
  while (size > 1 && price(front[size - 2], front[size - 1]) <= prices.least) --size;
  front.resize(size);
  std::size_t first = 0;
  while (first + 1 < size && price(front[first], front[first + 1]) >= prices.most) ++first;
  front.erase(front.begin(), front.begin() + static_cast<std::ptrdiff_t>(first));
}

struct Visits {
  std::uint64_t nodes = 0, evaluations = 0;
};

class Explorer {
 public:
  /// `known`: partial mappings that were looked at before.
  Explorer(const Space& space, const Keeps& keeps, const Bounds& bounds, const Dominance& known,
           Archive& archive);
  ~Explorer();

  /// What all mappings cost at least: each as much, in both, as one of these.
  std::vector<CostFloor> floors() const;
  /// All first steps that the archive does not exclude, the most promising first.
  std::vector<Step> starts();
  /// Whether the archive excludes by now what begins with a step.
  bool excludes(const Step& start) const;
  /// Everything that begins with `start`. False if it was stopped.
  bool explore(const Step& start);
  const Visits& visits() const { return visits_; }
  const Dominance& looked_at() const { return fresh_; }

 private:
  struct State;
  struct Ahead;
  void keep(Nest& nest, std::size_t level) const;
  void arrive(State& state, std::size_t level);
  void block(const State& state, std::size_t level);
  void loops(const State& state, std::size_t level, const Step& step);
  void temporal(const State& state, std::size_t level, const Step& step,
                const std::vector<std::uint8_t>& order);
  Passing passing(const State& state, std::size_t level) const;
  double passing_pj(const State& state, const Passing& passing, const Tile& tile,
                    const std::vector<std::uint8_t>* order) const;
  double window_times(const State& state, const Pass& pass, const Tile& tile,
                      const std::vector<std::uint8_t>& order) const;
  double link_pj(const State& state, const Pass& pass, double served, double arrived) const;
  void spread(const State& state, std::size_t level);
  void evaluate(const State& state);
  std::vector<Step> steps(const State& state, std::size_t level);
  /// What goes before all steps of a level.
  struct Before {
    const BlockBound* bound;
    Passing passes;
    double ending_pj, further_pj;  ///< passing_lanes_pj(), without and with `further`
  };
  void add_step(const State& state, const Before& before, const Tile& tile,
                std::vector<Step>& list) const;
  void collect(const State& state, std::size_t level, std::vector<Step>& list);
  void begin(State& state);
  void settle(State& state, std::size_t level, std::uint16_t tensors);
  void account(State& state, std::size_t level, bool kept, std::uint16_t tensors);
  Arrivals arrivals(const State& state, std::size_t tensor) const;
  double busy_cycles(const State& state) const;
  double passing_lanes_pj(const State& state, const BlockBound* bound, const Spread* spread,
                          bool further) const;
  Ahead ahead(const State& state, double further_pj, const LaneTable* table, std::size_t point,
              double more_lanes) const;
  bool excludes(const State& state, double further_pj, const LaneTable* table, std::size_t point,
                double more_lanes, Step* best) const;
  bool dominated(const State& state, char stage);
  void put_window(const State& state, std::size_t tensor);
  bool stopped();

  const Space& space_;
  const Keeps& keeps_;
  const Bounds& bounds_;
  const Dominance& known_;
  Archive& archive_;
  Dominance fresh_;
  Visits visits_;
  Standing standing_;  ///< of the state that is looked at
  Goal goal_;
  std::unique_ptr<const State> root_;
  bool stopped_ = false;
  double fixed_pj_ = 0;  ///< of operations
  double leak_pj_ = 0;   ///< a cycle
  double operations_ = 1;
};

}  // namespace sluice::search
