// SPDX-License-Identifier: Apache-2.0
#include "dse/evaluator.hpp"

#include <fmt/format.h>
#include <tbb/enumerable_thread_specific.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <cmath>

#include "base/hash.hpp"
#include "dse/metrics.hpp"
#include "dse/worker_pool.hpp"
#include "sim/evaluate.hpp"

namespace sluice {
namespace {

Result failed(TrialStatus status, std::string reason) {
  return {status, std::move(reason), {}, {}, {}};
}

std::string infeasible_reason(const Infeasible& infeasible) {
  return fmt::format("{}: needed {} {}, available {} {}", infeasible.what, infeasible.needed,
                     infeasible.unit, infeasible.available, infeasible.unit);
}

/// The first metric constraint that is broken, or "".
std::string broken_metric(const Sweep& sweep, const Point& point,
                          const std::vector<double>& values) {
  if (sweep.metric_constraints.empty()) return {};
  std::vector<ExpressionValue> all = expression_values(sweep.space, point);
  all.insert(all.end(), values.begin(), values.end());
  for (const Expression& constraint : sweep.metric_constraints)
    if (!constraint.holds(all)) return constraint.text();
  return {};
}

Result result_of(const Sweep& sweep, const Point& point, const Report& report) {
  Result result;
  result.metrics = metrics_of(report);
  result.bottleneck = report.total.bottleneck;
  result.stalls = report.total.stalls;
  for (const Objective& objective : sweep.objectives)
    if (!std::isfinite(result.metrics[objective.metric])) {
      result.status = TrialStatus::invalid;
      result.reason = fmt::format("{} is no number", metrics()[objective.metric].name);
      return result;
    }
  if (std::string broken = broken_metric(sweep, point, result.metrics); !broken.empty()) {
    result.status = TrialStatus::infeasible;
    result.reason = "broken: " + broken;
  }
  return result;
}

std::string first_mistake(const SpecError& error) {
  const Diagnostic& first = error.diagnostics().front();
  return first.message;
}

/// Evaluates the experiment that `make` gives; what it or the evaluation throws is the result.
template <class Make>
Result evaluate_design(const Sweep& sweep, const Library& library, const Point& point, Make make) {
  if (std::string broken = broken_constraint(sweep.space, point); !broken.empty())
    return failed(TrialStatus::infeasible, "broken: " + broken);
  try {
    EvaluateHooks hooks;
    const Experiment& experiment = make(hooks);
    const Outcome outcome = evaluate(experiment, library, hooks);
    if (const auto* infeasible = std::get_if<Infeasible>(&outcome))
      return failed(TrialStatus::infeasible, infeasible_reason(*infeasible));
    return result_of(sweep, point, std::get<Report>(outcome));
  } catch (const SpecError& error) {
    return failed(TrialStatus::invalid, first_mistake(error));
  }
}

}  // namespace

Result evaluate_point(const Sweep& sweep, const Library& library, const Point& point) {
  Experiment experiment;
  return evaluate_design(sweep, library, point, [&](EvaluateHooks&) -> const Experiment& {
    return experiment = read_experiment(apply(sweep, point), library);
  });
}

Result evaluate_point(Workspace& workspace, const Point& point) {
  const Sweep& sweep = workspace.sweep();
  Experiment read;
  return evaluate_design(
      sweep, workspace.library(), point, [&](EvaluateHooks& hooks) -> const Experiment& {
        const Experiment* experiment = workspace.set(point);
        if (experiment == nullptr)
          experiment = &(read = read_experiment(apply(sweep, point), workspace.library()));
        hooks.detail = ReportDetail::total;
        hooks.energy_table = workspace.table(experiment->architecture.energy_table);
        return *experiment;
      });
}

std::size_t PointHash::operator()(const Point& point) const {
  std::uint64_t hash = content_hash("");
  for (const std::uint64_t digit : point.digits) hash = (hash ^ digit) * 0x00000100000001b3u;
  return hash;
}

/// What evaluates: threads with a workspace each, or processes.
struct Evaluator::Hands {
  tbb::enumerable_thread_specific<Workspace> workspaces;
  std::unique_ptr<tbb::task_arena> arena;
  std::unique_ptr<WorkerPool> pool;
};

Evaluator::Evaluator(const Sweep& sweep, const Library& library)
    : sweep_(sweep),
      hands_(new Hands{tbb::enumerable_thread_specific<Workspace>(
                           [&sweep, &library] { return Workspace(sweep, library); }),
                       nullptr, nullptr}) {
  if (sweep.fidelity == Fidelity::analytic) {
    int threads = tbb::task_arena::automatic;
    if (sweep.search.workers > 0) threads = static_cast<int>(sweep.search.workers);
    hands_->arena = std::make_unique<tbb::task_arena>(threads);
  } else {
    const auto workspace = std::make_shared<Workspace>(sweep, library);
    hands_->pool = std::make_unique<WorkerPool>(
        [workspace](const Point& point) { return evaluate_point(*workspace, point); },
        WorkerOptions{sweep.search.workers, sweep.search.timeout.value});
  }
}

Evaluator::~Evaluator() = default;

std::vector<Result> Evaluator::evaluate(std::span<const Point> points) {
  std::vector<Entry*> places, fresh;
  for (const Point& point : points) {
    const auto [entry, is_new] = known_.try_emplace(point);
    places.push_back(&*entry);
    if (is_new) fresh.push_back(&*entry);
  }
  if (hands_->pool) {
    std::vector<Point> asked;
    for (const Entry* entry : fresh) asked.push_back(entry->first);
    std::vector<Result> results = hands_->pool->evaluate(asked);
    for (std::size_t i = 0; i < fresh.size(); ++i) fresh[i]->second = std::move(results[i]);
  } else {
    hands_->arena->execute([&] {
      tbb::parallel_for(std::size_t{0}, fresh.size(), [&](std::size_t i) {
        fresh[i]->second = evaluate_point(hands_->workspaces.local(), fresh[i]->first);
      });
    });
  }
  std::vector<Result> answers;
  answers.reserve(points.size());
  for (const Entry* place : places) answers.push_back(place->second);
  return answers;
}

}  // namespace sluice
