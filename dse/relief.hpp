// SPDX-License-Identifier: Apache-2.0
// What holds a design back, and which parameters may relieve it: from what its cycles are lost to,
// and from where in the machine the parameters stand. Knows components of machines and causes of
// stalls (docs/report.md), and no design space.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dse/space.hpp"
#include "dse/trial.hpp"

namespace sluice {

/// Something that a design pays for: a cause of stalls, `mapping` (PEs that folds leave unused),
/// `work:array` (the array is busy), or the name of a metric.
struct Loss {
  std::string cause;
  double share = 0;  ///< of the cycles, 0..1
  bool operator==(const Loss&) const = default;
};

/// What the cycles of a trial go to, largest first; empty where nothing was simulated.
std::vector<Loss> losses_of(const Result& result);

/// How a parameter changes. A switch rises to true; values without an order only change somehow.
enum class Change : std::uint8_t { lower, raise, any };

struct Relief {
  std::size_t parameter = 0;
  Change change = Change::any;
  auto operator<=>(const Relief&) const = default;
};

/// The changes that may make this loss smaller, by the components and fields that the paths of the
/// parameters name. None where the space has no such parameter.
std::vector<Relief> reliefs_of(const DesignSpace& space, std::string_view cause);

}  // namespace sluice
