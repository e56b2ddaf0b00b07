// SPDX-License-Identifier: Apache-2.0
// Studies as text for a terminal, and as CSV and JSON lines for other programs.
#pragma once

#include <string>
#include <vector>

#include "cli/open_study.hpp"
#include "dse/study/study.hpp"
#include "dse/sweep.hpp"
#include "dse/trial.hpp"

namespace sluice {

/// What a sweep asks: what may vary, how many designs that makes, what is wanted.
std::string describe_sweep(const Sweep& sweep);

/// How many designs came to what, why others did not, and the best.
std::string study_summary(const Sweep& sweep, const std::vector<Trial>& trials);

/// A row for each of these trials: number, objectives, design.
std::string trial_table(const Sweep& sweep, const std::vector<Trial>& trials,
                        const std::vector<std::size_t>& rows);

/// Closer looks beside what the search saw; empty when there are none.
std::string looks_table(const Sweep& sweep, const std::vector<Trial>& trials,
                        const std::vector<ConfirmedTrial>& looks);

/// A line for each trial: number, batch, status, parameters, metrics, reason, bottleneck, the hash
/// of its design, and where it comes from: fidelity, searcher, seed, hash of the sweep, version of
/// sluice.
std::string trials_csv(const OpenStudy& study);
/// The same as JSON objects, with its stalls and the closer looks at it.
std::string trials_json_lines(const OpenStudy& study);

}  // namespace sluice
