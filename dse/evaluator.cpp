// SPDX-License-Identifier: Apache-2.0
#include "dse/evaluator.hpp"

#include <fmt/format.h>
#include <tbb/parallel_for.h>

#include <cmath>

#include "dse/metrics.hpp"
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

}  // namespace

Result evaluate_point(const Sweep& sweep, const Library& library, const Point& point) {
  if (std::string broken = broken_constraint(sweep.space, point); !broken.empty())
    return failed(TrialStatus::infeasible, "broken: " + broken);
  try {
    const Experiment experiment = read_experiment(apply(sweep, point), library);
    const Outcome outcome = evaluate(experiment, library);
    if (const auto* infeasible = std::get_if<Infeasible>(&outcome))
      return failed(TrialStatus::infeasible, infeasible_reason(*infeasible));
    return result_of(sweep, point, std::get<Report>(outcome));
  } catch (const SpecError& error) {
    return failed(TrialStatus::invalid, first_mistake(error));
  }
}

std::vector<Result> Evaluator::evaluate(std::span<const Point> points) {
  std::vector<Point> fresh;
  for (const Point& point : points)
    if (known_.emplace(point, Result{}).second) fresh.push_back(point);
  std::vector<Result> results(fresh.size());
  const auto one = [&](std::size_t i) { results[i] = evaluate_point(sweep_, library_, fresh[i]); };
  if (sweep_.fidelity == Fidelity::analytic) {
    tbb::parallel_for(std::size_t{0}, fresh.size(), one);
  } else {
    for (std::size_t i = 0; i < fresh.size(); ++i) one(i);
  }
  for (std::size_t i = 0; i < fresh.size(); ++i) known_[fresh[i]] = std::move(results[i]);
  std::vector<Result> answers;
  answers.reserve(points.size());
  for (const Point& point : points) answers.push_back(known_.at(point));
  return answers;
}

}  // namespace sluice
