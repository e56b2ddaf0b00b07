// SPDX-License-Identifier: Apache-2.0
// A sweep from its first design to its last: ask, evaluate, store, tell.
#pragma once

#include <functional>
#include <span>

#include "dse/study/study.hpp"
#include "dse/sweep.hpp"
#include "dse/worker_pool.hpp"

namespace sluice {

/// What a study of this sweep says of itself.
StudyInfo info_of(const Sweep& sweep);

/// The study of a sweep at `path`, made when there is none. Throws StudyError when it is of another
/// sweep, and says what differs.
Study study_of(const Sweep& sweep, const std::string& path);

/// The indices of the best `count` trials that are ok: by the objective; of several, the front
/// first, both by the scalarisation.
std::vector<std::size_t> best_trials(const Sweep& sweep, std::span<const Trial> trials,
                                     std::size_t count);

/// The sweep as its best designs are looked at again: at the fidelity of `sweep.confirm`, which
/// must be there, and simulated.
Sweep at_confirmation(const Sweep& sweep);

/// Evaluates the best designs at the fidelity of `sweep.confirm`, which must be there, and adds the
/// results to the study, as many at a time as there are workers. What the study knows is not
/// evaluated again. What `pulse` throws ends it (evaluator.hpp).
void confirm_best(const Sweep& sweep, const Library& library, Study& study,
                  const std::vector<Trial>& trials, const Pulse& pulse = {});

/// Called when the study was found as it is, and after every batch, with all trials so far; false
/// ends the sweep there.
using SweepHook = std::function<bool(const std::vector<Trial>&)>;

/// A batch that is being evaluated.
struct Evaluating {
  std::function<std::vector<Result>()> await;  ///< waits for its results, in its order
  std::function<bool()> ready;  ///< whether they are there already; none: they never are

  bool is_ready() const { return ready && ready(); }
};
/// Begins the evaluation of a batch of canonical points.
using BeginBatch = std::function<Evaluating(std::span<const Point>)>;

/// Goes on with the study until the sweep's budget is spent or the searcher has nothing more to
/// try, and returns all its trials. A batch is in the study before the hook is told of it. It is
/// written while others are evaluated, which are then written together: when the hook ends the
/// sweep, the study may have trials that it was not told of.
/// Batches are told to the searcher in the order in which they were asked for; `search.ahead` of
/// them are asked for before the oldest is told. The searcher is brought to where it was by asking
/// it again for what is stored, so that a study that was interrupted goes on as if it had not been.
/// Throws StudyError when the searcher does not ask for the same designs again. What `pulse` throws
/// ends a batch, which is then not in the study (evaluator.hpp).
std::vector<Trial> run_sweep(const Sweep& sweep, const Library& library, Study& study,
                             const SweepHook& hook, const Pulse& pulse = {});
/// The same with designs evaluated elsewhere, such as on a cluster, `search.ahead` + 1 batches at a
/// time; those that the study knows are not evaluated again.
std::vector<Trial> run_sweep(const Sweep& sweep, const BeginBatch& begin, Study& study,
                             const SweepHook& hook);

}  // namespace sluice
