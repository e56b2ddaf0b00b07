// SPDX-License-Identifier: Apache-2.0
// The mapper for every day. Of a hundred or so tilings of each task an estimate picks a few, and
// the one of least traffic joins them; then task by task the one is taken with which the next task
// is done first on a timeline of the machine.
#include <algorithm>
#include <optional>

#include "base/registry.hpp"
#include "mapper/attention_choice.hpp"
#include "mapper/mappers.hpp"
#include "mapper/shortlist.hpp"

namespace sluice::mappers {
namespace {

/// A kind of task, of which a network has many.
struct Kind {
  TaskWork work;
  Candidate first;
  ComputeCycles fewest;                          ///< of any tiling
  std::optional<std::vector<Candidate>> others;  ///< once one of them may be faster
};

/// A cycle for each tile, but of attention, that the timeline does not see: a store waits for the
/// load that is on the bus, which comes later in the program.
double unseen_cycles(const TaskWork& work, const Candidate& candidate) {
  return std::holds_alternative<AttentionTask>(work) ? 0 : candidate.steps;
}

class Chooser {
 public:
  Chooser(const Network& network, const Architecture& architecture, std::vector<Task> tasks)
      : network_(network),
        architecture_(architecture),
        shortlist_(architecture),
        caution_(architecture.dram.is_ideal() ? 0.01 : 0.2),
        timeline_(shortlist_.empty()) {
    for (Task& task : tasks) mapping_.tasks.push_back({std::move(task), {}});
  }

  std::variant<Mapping, Infeasible> run();

 private:
  /// A tiling of a task and the timeline behind it.
  struct Choice {
    Tiling tiling;
    Timeline after;
  };
  std::optional<Infeasible> find_kinds();
  std::optional<Kind> kind_of(const TaskWork& work) const;
  std::optional<Choice> choose(std::size_t task, const Timeline& after_first);
  Kind& kind(std::size_t task) { return kinds_[kind_[task]]; }
  const Kind& kind(std::size_t task) const { return kinds_[kind_[task]]; }
  std::size_t look_ahead(std::size_t task) const {
    return std::min(mapping_.tasks.size(), task + 1 + lookahead);
  }
  /// End of the next few tasks after this one: what it leaves to them, such as weights that are
  /// fetched ahead, may help the one after the next.
  double end_ahead(const Timeline& after, std::size_t task) const;
  void append(Timeline& timeline, std::size_t task, const Tiling& tiling) const {
    timeline.append(mapping_.tasks[task].task.work, tiling, needs_[task]);
  }

  static constexpr std::size_t lookahead = 4;

  const Network& network_;
  const Architecture& architecture_;
  Shortlister shortlist_;
  /// Part of a task's time that has to be gained before its tiling of least traffic is given up:
  /// the timeline knows nothing of the memory's banks, and little of ports.
  double caution_;
  Timeline timeline_;
  Mapping mapping_;
  std::vector<Kind> kinds_;
  std::vector<std::size_t> kind_;  ///< by task
  std::vector<TaskNeeds> needs_;
};

std::optional<Infeasible> Chooser::find_kinds() {
  Dependencies dependencies(network_);
  for (const TaskMapping& mapped : mapping_.tasks) {
    const TaskWork& work = mapped.task.work;
    needs_.push_back(dependencies.next(mapped.task));
    const auto known = std::find_if(kinds_.begin(), kinds_.end(),
                                    [&](const Kind& kind) { return kind.work == work; });
    kind_.push_back(static_cast<std::size_t>(known - kinds_.begin()));
    if (known != kinds_.end()) continue;
    if (auto reason = too_much_work(mapped.task)) return reason;
    auto found = kind_of(work);
    if (!found) return smallest_tiles_do_not_fit(mapped.task, architecture_);
    kinds_.push_back(*std::move(found));
  }
  return std::nullopt;
}

/// Nothing if no tiling fits.
std::optional<Kind> Chooser::kind_of(const TaskWork& work) const {
  std::optional<Candidate> first;
  std::optional<std::vector<Candidate>> others;
  if (const auto* attention = std::get_if<AttentionTask>(&work)) {
    others = shortlist_.best(*attention);
    if (others->empty()) return std::nullopt;
    first = std::move(others->front());
    others->erase(others->begin());
  } else {
    first = shortlist_.first(work);
    if (!first) return std::nullopt;
  }
  return Kind{work, *std::move(first), fewest_compute_cycles(work, architecture_),
              std::move(others)};
}

double Chooser::end_ahead(const Timeline& after, std::size_t task) const {
  if (task + 1 == look_ahead(task)) return after.end();
  Timeline ahead = after;
  for (std::size_t next = task + 1; next < look_ahead(task); ++next)
    append(ahead, next, kind(next).first.tiling);
  return ahead.end();
}

/// Another tiling than the first, if one is clearly faster. They are tried in the order of their
/// estimates, but only where the units can do their work in less time than the best takes: that
/// alone decides most tasks that are bound by compute.
std::optional<Chooser::Choice> Chooser::choose(std::size_t task, const Timeline& after_first) {
  Kind& own = kind(task);
  double least = end_ahead(after_first, task);
  if (caution_ > 0) least -= caution_ * (after_first.end() - timeline_.end());
  ComputeCycles ahead;
  for (std::size_t next = task + 1; next < look_ahead(task); ++next)
    ahead += kind(next).first.cycles;
  const auto is_slower = [&](const Timeline& before, const ComputeCycles& cycles) {
    return nearly * before.end_after(cycles) >= least;
  };
  std::optional<Choice> best;
  if (is_slower(timeline_, own.fewest + ahead)) return best;
  if (!own.others) own.others = shortlist_.others(own.work, own.first.tiling);
  for (const Candidate& other : *own.others) {
    const ComputeCycles cycles = other.cycles + ahead;
    if (is_slower(timeline_, cycles)) continue;
    const double more_tiles =
        std::max(0.0, unseen_cycles(own.work, other) - unseen_cycles(own.work, own.first));
    Timeline after = timeline_;
    const double store =
        task + 1 == look_ahead(task) ? timeline_.last_store(own.work, other.tiling) : 0;
    const double latest = (least - more_tiles) / nearly - cycles.array - store;
    if (!after.append_unless_late(latest, own.work, other.tiling, needs_[task])) continue;
    if (is_slower(after, ahead)) continue;
    const double end = end_ahead(after, task) + more_tiles;
    if (end >= least) continue;
    least = end;
    best = {other.tiling, std::move(after)};
  }
  return best;
}

std::variant<Mapping, Infeasible> Chooser::run() {
  if (auto reason = find_kinds()) return std::move(*reason);
  std::optional<Timeline> least_traffic;  // once it is another
  for (std::size_t t = 0; t < mapping_.tasks.size(); ++t) {
    const Tiling& first = kind(t).first.tiling;
    Timeline after_first = timeline_;
    append(after_first, t, first);
    std::optional<Choice> other = choose(t, after_first);
    if (least_traffic)
      append(*least_traffic, t, first);
    else if (other)
      least_traffic = after_first;
    timeline_ = other ? std::move(other->after) : std::move(after_first);
    mapping_.tasks[t].tiling = other ? std::move(other->tiling) : first;
  }
  // A DRAM's timeline tells two mappings of a network apart by no less.
  const double margin = architecture_.dram.is_ideal() ? 1 : 1.015;
  if (least_traffic && least_traffic->end() < margin * timeline_.end())
    for (std::size_t t = 0; t < mapping_.tasks.size(); ++t)
      mapping_.tasks[t].tiling = kind(t).first.tiling;
  return std::move(mapping_);
}

}  // namespace

std::variant<Mapping, Infeasible> map_heuristic(const Network& network,
                                                const Architecture& architecture,
                                                const MappingOptions& options) {
  const std::vector<AttentionForm> forms =
      attention_forms(network, architecture, options.attention);
  return Chooser(network, architecture, lower(network, architecture, forms)).run();
}

Descriptor describe_map_heuristic() {
  return {"heuristic",
          "the tilings with which each task is done first, by a timeline of the machine",
          "",
          {}};
}

}  // namespace sluice::mappers
