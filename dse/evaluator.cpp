// SPDX-License-Identifier: Apache-2.0
#include "dse/evaluator.hpp"

#include <fmt/format.h>
#include <tbb/enumerable_thread_specific.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>
#include <utility>

#include "base/hash.hpp"
#include "dse/broken.hpp"
#include "dse/judged.hpp"
#include "dse/metrics.hpp"
#include "dse/proxy/proxy_file.hpp"
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
  std::vector<ExpressionValue> all = values_for(sweep.metric_constraints, sweep.space, point);
  all.insert(all.end(), values.begin(), values.end());
  for (const Expression& constraint : sweep.metric_constraints)
    if (std::string wrong = broken(constraint, all); !wrong.empty()) return wrong;
  return {};
}

/// What the objectives and constraints of the sweep say to a result with metrics.
Result judged(const Sweep& sweep, const Point& point, Result result) {
  require_numbers(sweep.objectives, result);
  if (result.status != TrialStatus::ok) return result;
  if (std::string broken = broken_metric(sweep, point, result.metrics); !broken.empty()) {
    result.status = TrialStatus::infeasible;
    result.reason = "broken: " + broken;
  }
  return result;
}

Result result_of(const Sweep& sweep, const Point& point, Report&& report) {
  Result result;
  result.metrics = metrics_of(report);
  result.bottleneck = std::move(report.total.bottleneck);
  result.stalls = std::move(report.total.stalls);
  return judged(sweep, point, std::move(result));
}

std::string first_mistake(const SpecError& error) {
  const Diagnostic& first = error.diagnostics().front();
  return first.message;
}

/// What the proxy says of points, as results of the sweep.
void predict(const Sweep& sweep, const Proxy& proxy, std::span<const Point> points,
             std::span<Result> results) {
  std::vector<Result> said = proxy.evaluate(sweep, points);
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (std::string broken = broken_constraint(sweep.space, points[i]); !broken.empty())
      results[i] = failed(TrialStatus::infeasible, "broken: " + broken);
    else
      results[i] = said[i].status == TrialStatus::ok ? judged(sweep, points[i], std::move(said[i]))
                                                     : std::move(said[i]);
  }
}

/// Evaluates the experiment that `make` gives; what it or the evaluation throws is the result.
template <class Make>
Result evaluate_design(const Sweep& sweep, const Library& library, const Point& point, Make make) {
  if (std::string broken = broken_constraint(sweep.space, point); !broken.empty())
    return failed(TrialStatus::infeasible, "broken: " + broken);
  try {
    EvaluateHooks hooks;
    const Experiment& experiment = make(hooks);
    Outcome outcome = evaluate(experiment, library, hooks);
    if (const auto* infeasible = std::get_if<Infeasible>(&outcome))
      return failed(TrialStatus::infeasible, infeasible_reason(*infeasible));
    return result_of(sweep, point, std::get<Report>(std::move(outcome)));
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
        if (const auto* setup = std::get_if<SystolicSetup>(&experiment->setup))
          if (Workspace::Prices* prices = workspace.prices(setup->machine.energy_table)) {
            hooks.energy_table = &prices->table;
            hooks.priced = &prices->scratchpads;
          }
        return *experiment;
      });
}

std::size_t PointHash::operator()(const Point& point) const {
  std::uint64_t hash = content_hash("");
  for (const std::uint64_t digit : point.digits) hash = (hash ^ digit) * 0x00000100000001b3u;
  return hash;
}

/// What evaluates: threads with a workspace each, or a proxy on threads, or processes.
struct Evaluator::Hands {
  tbb::enumerable_thread_specific<Workspace> workspaces;
  std::unique_ptr<tbb::task_arena> arena;
  std::unique_ptr<WorkerPool> pool;
  std::optional<Proxy> proxy;
};

bool needs_processes(const Sweep& sweep) {
  return !sweep.proxy && (sweep.fidelity != Fidelity::analytic || sweep.search.timeout.value > 0);
}

Evaluator::Evaluator(const Sweep& sweep, const Library& library, Pulse pulse)
    : sweep_(sweep),
      pulse_(std::move(pulse)),
      hands_(new Hands{tbb::enumerable_thread_specific<Workspace>(
                           [&sweep, &library, tables = std::make_shared<EnergyTables>(library)] {
                             return Workspace(sweep, library, tables);
                           }),
                       nullptr, nullptr, std::nullopt}) {
  if (sweep.proxy) hands_->proxy = proxy_of(sweep);
  if (!needs_processes(sweep)) {
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

std::vector<Result> Evaluator::results_of(const std::vector<Point>& points) {
  if (hands_->pool) return hands_->pool->evaluate(points, pulse_);
  std::vector<Result> results(points.size());
  using Clock = std::chrono::steady_clock;
  const std::thread::id waiting = std::this_thread::get_id();
  Clock::time_point next = Clock::now();  // used by the waiting thread alone
  const auto pulse = [&] {
    if (!pulse_ || std::this_thread::get_id() != waiting || Clock::now() < next) return;
    next = Clock::now() + pulse_interval;
    pulse_();
  };
  hands_->arena->execute([&] {
    if (hands_->proxy) {
      constexpr std::size_t together = 256;
      const std::size_t parts = (points.size() + together - 1) / together;
      tbb::parallel_for(std::size_t{0}, parts, [&](std::size_t part) {
        pulse();
        const std::size_t first = part * together;
        const std::size_t count = std::min(together, points.size() - first);
        predict(sweep_, *hands_->proxy, std::span(points).subspan(first, count),
                std::span(results).subspan(first, count));
      });
      return;
    }
    tbb::parallel_for(std::size_t{0}, points.size(), [&](std::size_t i) {
      pulse();
      results[i] = evaluate_point(hands_->workspaces.local(), points[i]);
    });
  });
  return results;
}

std::vector<Result> Evaluator::evaluate(std::span<const Point> points) {
  std::vector<Entry*> places, fresh;
  places.reserve(points.size());
  known_.reserve(known_.size() + points.size());
  for (const Point& point : points) {
    const auto [entry, is_new] = known_.try_emplace(point);
    places.push_back(&*entry);
    if (is_new) fresh.push_back(&*entry);
  }
  std::vector<Point> asked;
  asked.reserve(fresh.size());
  for (const Entry* entry : fresh) asked.push_back(entry->first);
  std::vector<Result> results;
  try {
    results = results_of(asked);
  } catch (...) {
    for (const Point& point : asked) known_.erase(point);
    throw;
  }
  for (std::size_t i = 0; i < fresh.size(); ++i) fresh[i]->second = std::move(results[i]);
  std::vector<Result> answers;
  answers.reserve(points.size());
  for (const Entry* place : places) answers.push_back(place->second);
  return answers;
}

}  // namespace sluice
