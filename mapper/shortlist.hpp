// SPDX-License-Identifier: Apache-2.0
// Of the hundred or so tilings of a task the few that are worth a closer look, by an estimate. The
// sizes that are tried do not depend on the scratchpads, so that a larger one never takes a choice
// away. Internal to this folder.
#pragma once

#include <optional>
#include <vector>

#include "mapper/estimate.hpp"
#include "mapper/mapping.hpp"
#include "mapper/room.hpp"
#include "mapper/timeline.hpp"

namespace sluice {

/// What a bound of cycles is multiplied by before it is compared: sums in another order differ in
/// their last digits.
inline constexpr double nearly = 1 - 1e-9;

/// A tiling, the cycles that it keeps the units, and its steps().
struct Candidate {
  Tiling tiling;
  ComputeCycles cycles;
  double steps = 0;
};

/// The tilings of one task that are worth a closer look.
class Shortlister {
 public:
  explicit Shortlister(const Architecture& architecture)
      : architecture_(architecture),
        rates_(architecture),
        room_(architecture),
        empty_(architecture) {}

  /// The tiling of the least traffic, which is taken unless another is clearly faster. Nothing if
  /// none fits.
  std::optional<Candidate> first(const TaskWork& work) const;
  /// The others, those of the least estimates, the best first.
  std::vector<Candidate> others(const TaskWork& work, const Tiling& first) const;
  /// All of attention, where the first is that of the least estimate. None if none fits.
  std::vector<Candidate> best(const AttentionTask& task) const;
  /// The machine with nothing to do.
  const Timeline& empty() const { return empty_; }

 private:
  std::vector<Candidate> others_of(const GemmTask& task, const Tiling& first) const;
  std::vector<Candidate> others_of(const VectorTask& task, const Tiling& first) const;

  const Architecture& architecture_;
  MachineRates rates_;
  Room room_;
  Timeline empty_;
};

}  // namespace sluice
