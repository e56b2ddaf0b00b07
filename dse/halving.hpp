// SPDX-License-Identifier: Apache-2.0
// Successive halving: many designs are looked at cheaply, and the best of every `eta` go on to
// where they are looked at more closely (K. Jamieson and A. Talwalkar, Non-stochastic best arm
// identification, AISTATS 2016; L. Li and others, Hyperband, JMLR 18, 2018).
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/read.hpp"
#include "dse/study/study.hpp"
#include "dse/sweep.hpp"
#include "dse/worker_pool.hpp"

namespace sluice {

/// What a look at this rung is called in studies: `tile`, or `tile, workload.model=resnet50`.
std::string label_of(const Rung& rung);

/// The sweep whose designs are looked at as closely as on this rung.
Sweep at_rung(const Sweep& sweep, const Rung& rung);

/// How many designs stand on each rung after `designs` on the first: designs / eta, then that
/// over eta, rounded down, at least one.
std::vector<std::size_t> rung_sizes(const Halving& halving, std::size_t designs);

/// The results of a batch of points at a rung, in their order.
using EvaluateRung = std::function<std::vector<Result>(const Rung&, std::span<const Point>)>;
/// Called after every batch with what is done of a rung and what stands on it; false ends it.
using RungHook = std::function<bool(const Rung&, std::size_t done, std::size_t all)>;

/// Takes the best designs of `trials`, which are those of the study, up the rungs of
/// `sweep.halving`, which must be there. Which go on follows from the results of the rung below
/// alone; a batch is in the study before the next begins, and what is there is not evaluated again,
/// so that it goes on where it was interrupted. Returns whether it came to the end.
bool climb(const Sweep& sweep, const EvaluateRung& evaluate, Study& study,
           const std::vector<Trial>& trials, const RungHook& hook);
/// The same with designs evaluated here. What `pulse` throws ends a batch, which is then not in the
/// study (evaluator.hpp).
bool climb(const Sweep& sweep, const Library& library, Study& study,
           const std::vector<Trial>& trials, const RungHook& hook, const Pulse& pulse = {});

/// The trials that stand on the last rung that any reached, with what was seen there; all trials
/// as they are where none did.
std::vector<Trial> top_of(const Sweep& sweep, std::vector<Trial> trials,
                          const std::vector<ConfirmedTrial>& looks);

/// Reads `halving:`. All mistakes go to `diagnostics`; rungs that the experiment cannot be set to
/// are among them.
void read_halving(const YamlNode& node, Sweep& sweep, const Library& library,
                  Diagnostics& diagnostics);

}  // namespace sluice
