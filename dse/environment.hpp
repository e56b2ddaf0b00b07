// SPDX-License-Identifier: Apache-2.0
// A search as a game for learning agents: episodes in which an agent chooses a design, sees what
// came of it, and is rewarded. Many episodes run side by side; designs that end at the same step
// are evaluated as one batch. docs/gym.md describes modes, actions, observations and rewards.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/describe.hpp"
#include "dse/evaluator.hpp"
#include "dse/learn/encoding.hpp"
#include "dse/random.hpp"
#include "dse/sweep.hpp"

namespace sluice {

/// What a step chooses.
enum class EpisodeMode : std::uint8_t {
  design,    ///< a value of every parameter; the episode ends
  sequence,  ///< a value of the next parameter that exists; ends with the last
  edit,      ///< one parameter of a whole design; ends after `horizon` steps
};
template <>
struct EnumNames<EpisodeMode> {
  static constexpr EnumName<EpisodeMode> table[] = {{"design", EpisodeMode::design},
                                                    {"sequence", EpisodeMode::sequence},
                                                    {"edit", EpisodeMode::edit}};
};

struct EnvironmentSettings {
  EpisodeMode mode = EpisodeMode::design;
  std::uint64_t horizon = 32;  ///< steps of an episode of `edit`, at least 2
  double reward_limit = 10;  ///< largest reward either way; minus this for a design that is not ok
};

/// A quantity that is observed, and its place among the observations.
struct ObservationGroup {
  std::string name;  ///< `design`, `next`, `status`, `metrics`, `stalls`, `progress`
  std::size_t first = 0;
  std::vector<std::string> entries;
};

/// Where an episode stands.
struct Episode {
  Point point;             ///< in `sequence`, parameters not yet chosen are inactive
  std::uint64_t step = 0;  ///< steps made
  std::size_t next = 0;    ///< in `sequence`, the parameter to be chosen
  Result result;           ///< of the last design that was evaluated; empty metrics: of none
  bool evaluated = false;
  double value = 0;                       ///< what a reward of a whole design would be
  std::vector<std::vector<double>> seen;  ///< log_costs() of its designs, for hypervolume_gain
};

/// What a step gave.
struct StepOutcome {
  double reward = 0;
  bool terminated = false;
  bool truncated = false;
  bool changed = true;  ///< false: the action had no effect
};

class Environment {
 public:
  /// Evaluates the usual design, to which rewards and metrics are relative; when it is not ok, the
  /// first that is among 1,000 drawn with seed 1. Throws SpecError when there is none. Holds
  /// references. What `pulse` throws ends a step (evaluator.hpp).
  Environment(const Sweep& sweep, const Library& library, const EnvironmentSettings& settings,
              std::size_t count, Pulse pulse = {});

  std::size_t count() const { return episodes_.size(); }
  const Episode& episode(std::size_t index) const { return episodes_[index]; }
  const Point& reference() const { return reference_; }
  const std::vector<double>& reference_metrics() const { return reference_metrics_; }

  /// Choices of each entry of an action: in `design` the values of every parameter, in `sequence`
  /// the values of the largest, in `edit` all values of all parameters one after the other.
  const std::vector<std::uint64_t>& choices() const { return choices_; }
  const std::vector<ObservationGroup>& observations() const { return groups_; }
  std::size_t observation_size() const { return observation_size_; }

  /// Begins an episode. `edit` begins with the reference, or with a random design that keeps the
  /// constraints when `random` is set.
  void reset(std::size_t index, std::uint64_t seed, bool random);
  /// One step of the episodes named, `choices().size()` numbers each. Throws SpecError for a number
  /// out of range, before anything is changed.
  std::vector<StepOutcome> step(std::span<const std::size_t> indices,
                                std::span<const std::int64_t> actions);

  /// observation_size() numbers from -1 to 1.
  void observe(std::size_t index, std::span<float> out) const;
  /// A flag for each choice of each entry of the action, one after the other; 0: it breaks a
  /// constraint by itself, does not exist, or changes nothing. Some choice of each entry is 1.
  void mask(std::size_t index, std::span<std::uint8_t> out) const;
  std::size_t mask_size() const;

 private:
  void begin_choices();
  void begin_observations();
  void find_reference();
  void check_actions(std::size_t episodes, std::span<const std::int64_t> actions) const;
  bool take(Episode& episode, std::span<const std::int64_t> action) const;
  Point edited(const Point& point, std::uint64_t choice) const;
  StepOutcome end_step(Episode& episode, const Result* result) const;
  void mask_design(std::span<std::uint8_t> out) const;
  void mask_sequence(const Episode& episode, std::span<std::uint8_t> out) const;
  void mask_edit(const Episode& episode, std::span<std::uint8_t> out) const;
  double value_of(Episode& episode, const Result& result) const;

  const Sweep& sweep_;
  EnvironmentSettings settings_;
  Evaluator evaluator_;
  Encoding encoding_;
  std::vector<Episode> episodes_;
  std::vector<std::uint64_t> choices_;
  std::vector<ObservationGroup> groups_;
  std::size_t observation_size_ = 0;
  Point reference_;
  std::vector<double> reference_metrics_;
  std::vector<double> reference_costs_;  ///< log_costs() of the objectives
  double reference_cost_ = 0;            ///< by the scalarisation
};

}  // namespace sluice
