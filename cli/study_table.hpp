// SPDX-License-Identifier: Apache-2.0
// Studies as text for a terminal.
#pragma once

#include <string>
#include <vector>

#include "dse/study/study.hpp"
#include "dse/sweep.hpp"
#include "dse/trial.hpp"

namespace sluice {

/// What a sweep asks: what may vary, how many designs that makes, what is wanted.
std::string describe_sweep(const Sweep& sweep);

/// How many designs came to what, why others did not, and the best: `front`, as front_of() gives
/// it.
std::string study_summary(const Sweep& sweep, const std::vector<Trial>& trials,
                          const std::vector<std::size_t>& front);

/// A row for each of these trials: number, objectives, design. Where there are none, why not.
std::string trial_table(const Sweep& sweep, const std::vector<Trial>& trials,
                        const std::vector<std::size_t>& rows);

/// Closer looks beside what the search saw; empty when there are none.
std::string looks_table(const Sweep& sweep, const std::vector<Trial>& trials,
                        const std::vector<ConfirmedTrial>& looks);

}  // namespace sluice
