// SPDX-License-Identifier: Apache-2.0
// A proxy: what designs are worth, learned from the trials of a study instead of simulated. It
// answers with the same metrics in the same units, and refuses where it does not know.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dse/proxy/domain.hpp"
#include "dse/proxy/model.hpp"
#include "dse/sweep.hpp"
#include "dse/trial.hpp"

namespace sluice {

/// Begins the reason of a trial that a proxy refused, whose status is `invalid`.
inline constexpr std::string_view outside_proxy = "outside the proxy's data";

/// What a proxy learned from.
struct ProxySource {
  std::string name;  ///< of the sweep
  std::string sluice_version;
  Fidelity fidelity = Fidelity::analytic;
  std::uint64_t experiment_hash = 0;  ///< of the experiment that the designs change
  std::uint64_t space_hash = 0;
  std::uint64_t trials_hash = 0;  ///< of all trials of the study
  std::string searcher;
  std::uint64_t seed = 0;     ///< of the searcher
  std::uint64_t designs = 0;  ///< of the study
  std::uint64_t learned = 0, calibrated = 0, tested = 0;
  bool operator==(const ProxySource&) const = default;
};

/// The logarithm of a metric is offset + scale * output of the model.
struct LearnedMetric {
  std::size_t metric = 0;  ///< index in metrics()
  double offset = 0, scale = 0;
  bool operator==(const LearnedMetric&) const = default;
};

/// An interval of the logarithm of a metric is `factor` * hypot(deviation, floor) to both sides.
struct ProxyInterval {
  double floor = 0, factor = 0;
  bool operator==(const ProxyInterval&) const = default;
};

/// How well a metric is predicted. Relative errors are of predicted / true - 1.
struct MetricErrors {
  std::size_t metric = 0;
  double relative_rmse = 0;                       ///< root of the mean square
  double mae = 0;                                 ///< mean absolute error, in the metric's unit
  double r2 = 0;                                  ///< of the metric itself
  double covered = 0;                             ///< share of true values within their interval
  double half_width = 0;                          ///< median, relative
  double all_relative_rmse = 0, all_covered = 0;  ///< without refusals
  bool operator==(const MetricErrors&) const = default;
};

/// Designs that a proxy did not learn from, against what it says of them.
struct ProxyErrors {
  std::uint64_t designs = 0;
  std::uint64_t refused = 0;  ///< of all; what follows is of the others
  std::uint64_t works = 0;    ///< that can be simulated
  std::uint64_t wrongly_working = 0, wrongly_failing = 0;
  std::vector<MetricErrors> metrics;  ///< of those that work and are said to
  bool operator==(const ProxyErrors&) const = default;
};

/// A relative RMSE of each metric of ProxyErrors, by how many designs were learned from.
struct LearningStep {
  std::uint64_t designs = 0;
  std::vector<double> relative_rmse;
  bool operator==(const LearningStep&) const = default;
};

/// How a kind predicts the designs for calibration: the root mean square error of logarithms.
struct KindError {
  ProxyKind kind = ProxyKind::forest;
  double rmse = 0;
  bool operator==(const KindError&) const = default;
};

/// The answer to some points: a row a metric, a column a point. Rows of metrics that were not
/// learned are NaN.
struct ProxyAnswers {
  Eigen::MatrixXd log_value, log_half_width;
  std::vector<bool> works;           ///< whether it can be simulated
  std::vector<std::string> outside;  ///< why a point lies outside of the domain, or ""
};

struct Proxy {
  static constexpr double coverage = 0.9;  ///< of its intervals

  ProxySource source;
  double limit = 0.2;  ///< largest relative half width of an interval that it answers with
  std::vector<LearnedMetric> learned;
  std::vector<ProxyInterval> intervals;  ///< one a metric of metrics()
  ProxyModel model;
  std::optional<Forest> works;  ///< learned 1 of designs that can be simulated, 0 of others
  ProxyDomain domain;
  std::vector<std::uint64_t> known;  ///< hashes of the designs that it learned from, ascending

  std::vector<KindError> kinds;        ///< that were tried; empty when it was told
  std::vector<LearningStep> learning;  ///< the last is the proxy itself
  ProxyErrors errors;                  ///< on designs of the study that it never saw

  ProxyKind kind() const;
  /// Whether there is an answer for a metric.
  bool knows(std::size_t metric) const;

  ProxyAnswers answer(const DesignSpace& space, std::span<const Point> points) const;

  /// Results of canonical points, before the objectives and constraints of the sweep are looked at.
  /// Refused are points outside of the domain, and those of which an objective, or a metric of a
  /// constraint, is not known within the limit.
  std::vector<Result> evaluate(const Sweep& sweep, std::span<const Point> points) const;
};

/// Whether a metric is a product of others, which are learned in its place.
bool follows_from_others(std::size_t metric);

/// Of what the designs of a sweep change.
std::uint64_t hash_of_experiment(const Sweep& sweep);

/// The indices of the metrics that the objectives and constraints of a sweep ask for, ascending.
std::vector<std::size_t> asked_metrics(const Sweep& sweep);

/// How wrong the proxy is about trials of a sweep of its space; those that it learned from, that
/// timed out or that crashed are left out.
ProxyErrors errors_of(const Proxy& proxy, const Sweep& sweep, const std::vector<Trial>& trials);

}  // namespace sluice
