// SPDX-License-Identifier: Apache-2.0
// The actions of a job on a spatial machine that cost energy. docs/spatial.md says how they are
// counted.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "arch/spatial_energy.hpp"
#include "sim/evaluate.hpp"
#include "sim/models/spatial.hpp"

namespace sluice {

struct SpatialCount {
  SpatialActionName name;
  std::uint64_t count = 0;
};

/// Operations of both arrays at all points that the cascade has (masked ones do nothing), accesses
/// of their register files, bytes of the buffer and of the memory. `actions` are those of the job's
/// firings, by SpatialAction.
std::vector<SpatialCount> energy_counts(const SpatialJob& job, const SpatialMachine& machine,
                                        const std::vector<std::uint64_t>& actions);

/// The prices of all that the jobs do; nothing where the machine has no table. `table` is used in
/// its place when it is given. Throws SpecError for what has no price.
std::optional<EnergyModel> price_jobs(const std::vector<SpatialJob>& jobs,
                                      const SpatialMachine& machine, const Library& library,
                                      const EnergyTable* table);

}  // namespace sluice
