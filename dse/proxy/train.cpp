// SPDX-License-Identifier: Apache-2.0
#include "dse/proxy/train.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/diagnostics.hpp"
#include "base/hash.hpp"
#include "dse/design_texts.hpp"
#include "dse/learn/encoding.hpp"
#include "dse/metrics.hpp"
#include "dse/proxy/forest_text.hpp"
#include "dse/random.hpp"
#include "dse/result_bytes.hpp"

namespace sluice {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;

using Trials = std::span<const Trial>;

/// Metrics that are positive numbers wherever anything was simulated, products of others excepted.
std::vector<LearnedMetric> metrics_to_learn(Trials trials) {
  std::vector<LearnedMetric> list;
  for (std::size_t m = 0; m < metrics().size(); ++m) {
    const bool is_positive = std::ranges::all_of(trials, [&](const Trial& trial) {
      return trial.result.metrics.empty() ||
             (std::isfinite(trial.result.metrics[m]) && trial.result.metrics[m] > 0);
    });
    if (is_positive && !follows_from_others(m)) list.push_back({.metric = m});
  }
  return list;
}

/// Forests answer from here on as their file will.
void compact(ProxyModel& model, const Encoding& encoding) {
  auto* forests = std::get_if<Forests>(&model);
  if (forests == nullptr) return;
  for (Forest& forest : forests->outputs) forest = compacted(forest, encoding);
}

/// What is learned from some trials; the intervals are empty.
Proxy fit(const Sweep& sweep, Trials trials, const std::vector<LearnedMetric>& learned,
          ProxyKind kind, std::uint64_t seed) {
  const Encoding encoding(sweep.space);
  std::vector<Point> points, working;
  for (const Trial& trial : trials) {
    points.push_back(trial.point);
    if (!trial.result.metrics.empty()) working.push_back(trial.point);
  }
  MatrixXd logs(static_cast<Index>(learned.size()), static_cast<Index>(working.size()));
  Eigen::VectorXd works(static_cast<Index>(points.size()));
  Index column = 0;
  for (std::size_t i = 0; i < trials.size(); ++i) {
    const std::vector<double>& values = trials[i].result.metrics;
    works[static_cast<Index>(i)] = values.empty() ? 0 : 1;
    if (values.empty()) continue;
    for (std::size_t o = 0; o < learned.size(); ++o)
      logs(static_cast<Index>(o), column) = std::log(values[learned[o].metric]);
    ++column;
  }
  Proxy proxy;
  proxy.learned = learned;
  for (std::size_t o = 0; o < learned.size(); ++o) {
    auto row = logs.row(static_cast<Index>(o));
    proxy.learned[o].offset = row.mean();
    row.array() -= proxy.learned[o].offset;
    proxy.learned[o].scale = std::sqrt(row.squaredNorm() / static_cast<double>(working.size()));
    if (proxy.learned[o].scale > 0) row /= proxy.learned[o].scale;
  }
  const MatrixXd x = encoding.encode(points);
  proxy.domain = ProxyDomain::of(sweep.space, points, x);
  proxy.model =
      fit_model(kind, encoding.encode(working), logs, encoding.parameter_of_feature(), seed);
  compact(proxy.model, encoding);
  if (working.size() < points.size()) {
    Random random(seed);
    proxy.works = compacted(Forest(x, works, {.trees = 32, .tried_features = 1}, random), encoding);
  }
  proxy.intervals.resize(metrics().size());
  return proxy;
}

/// Of logarithms, over the learned metrics of the trials that work.
double log_rmse(const Proxy& proxy, const Sweep& sweep, Trials trials) {
  std::vector<Point> points;
  for (const Trial& trial : trials) points.push_back(trial.point);
  const ProxyAnswers answers = proxy.answer(sweep.space, points);
  double squares = 0, count = 0;
  for (std::size_t i = 0; i < trials.size(); ++i) {
    const std::vector<double>& values = trials[i].result.metrics;
    if (values.empty()) continue;
    for (const LearnedMetric& learned : proxy.learned) {
      const double said =
          answers.log_value(static_cast<Index>(learned.metric), static_cast<Index>(i));
      squares += std::pow(said - std::log(values[learned.metric]), 2);
      count += 1;
    }
  }
  return std::sqrt(squares / std::max(count, 1.0));
}

/// Every kind, or the one that is told, learned from `train`; the one that is best on `validation`.
Proxy fit_best(const Sweep& sweep, Trials train, Trials validation,
               const std::vector<LearnedMetric>& learned, const ProxyOptions& options) {
  if (options.kind) return fit(sweep, train, learned, *options.kind, options.seed);
  std::optional<Proxy> best;
  double least = 0;
  std::vector<KindError> kinds;
  for (const auto& entry : EnumNames<ProxyKind>::table) {
    Proxy proxy = fit(sweep, train, learned, entry.value, options.seed);
    kinds.push_back({entry.value, log_rmse(proxy, sweep, validation)});
    if (best && kinds.back().rmse >= least) continue;
    best = std::move(proxy);
    least = kinds.back().rmse;
  }
  best->kinds = std::move(kinds);
  return std::move(*best);
}

/// The interval of one metric: of n calibration errors in units of their deviation, the one that
/// the (n + 1) 90 %-th smallest has.
ProxyInterval interval_of(const std::vector<double>& errors,
                          const std::vector<double>& deviations) {
  std::vector<double> sorted = errors;
  std::ranges::sort(sorted);
  ProxyInterval interval{.floor = sorted[sorted.size() / 2], .factor = 0};
  std::vector<double> scores;
  for (std::size_t i = 0; i < errors.size(); ++i) {
    const double unit = std::hypot(deviations[i], interval.floor);
    scores.push_back(unit > 0 ? errors[i] / unit : 0);
  }
  std::ranges::sort(scores);
  const double rank = std::ceil(Proxy::coverage * static_cast<double>(scores.size() + 1));
  interval.factor = scores[std::min(static_cast<std::size_t>(rank), scores.size()) - 1];
  return interval;
}

void calibrate(Proxy& proxy, const Sweep& sweep, Trials trials) {
  std::vector<Point> points;
  for (const Trial& trial : trials) points.push_back(trial.point);
  std::ranges::fill(proxy.intervals,
                    ProxyInterval{.floor = 0, .factor = 1});  // the deviation itself
  const ProxyAnswers answers = proxy.answer(sweep.space, points);
  for (std::size_t m = 0; m < metrics().size(); ++m) {
    if (!proxy.knows(m)) continue;
    std::vector<double> errors, deviations;
    for (std::size_t i = 0; i < trials.size(); ++i) {
      if (trials[i].result.metrics.empty()) continue;
      const auto row = static_cast<Index>(m), column = static_cast<Index>(i);
      errors.push_back(
          std::abs(answers.log_value(row, column) - std::log(trials[i].result.metrics[m])));
      deviations.push_back(answers.log_half_width(row, column));
    }
    proxy.intervals[m] = interval_of(errors, deviations);
  }
}

LearningStep learning_step(std::uint64_t designs, const ProxyErrors& errors) {
  LearningStep step{designs, {}};
  for (const MetricErrors& metric : errors.metrics)
    step.relative_rmse.push_back(metric.all_relative_rmse);
  return step;
}

/// Trials that tell something of their designs, in random order.
std::vector<Trial> shuffled(const std::vector<Trial>& trials, std::uint64_t seed) {
  std::vector<Trial> usable;
  for (const Trial& trial : trials)
    if (trial.result.status != TrialStatus::timeout && trial.result.status != TrialStatus::crashed)
      usable.push_back(trial);
  Random random(seed);
  random.shuffle(usable);
  return usable;
}

std::uint64_t hash_of_trials(const std::vector<Trial>& trials) {
  std::uint64_t hash = content_hash("");
  for (const Trial& trial : trials)
    hash = content_hash(to_bytes(trial.result), content_hash(to_bytes(trial.point), hash));
  return hash;
}

/// Throws when nothing can be learned.
void check_trials(const Sweep& sweep, Trials trials, const std::vector<LearnedMetric>& learned,
                  const std::string& path) {
  const auto working = std::ranges::count_if(
      trials, [](const Trial& trial) { return !trial.result.metrics.empty(); });
  if (static_cast<std::size_t>(working) < least_proxy_designs)
    throw SpecError({{{.path = path},
                      fmt::format("{} designs with metrics are too few for a proxy, {} are needed",
                                  working, least_proxy_designs),
                      "go on with the study: sluice sweep --budget"}});
  Proxy all;
  all.learned = learned;
  for (const std::size_t metric : asked_metrics(sweep))
    if (!all.knows(metric))
      throw SpecError({{{.path = path},
                        fmt::format("{} is not above 0 in every design: no proxy can learn it",
                                    metrics()[metric].name),
                        ""}});
}

}  // namespace

Proxy train_proxy(const Sweep& sweep, const StudyInfo& info, const std::vector<Trial>& trials,
                  const ProxyOptions& options, const std::string& path) {
  const std::vector<Trial> usable = shuffled(trials, options.seed);
  const std::vector<LearnedMetric> learned = metrics_to_learn(usable);
  check_trials(sweep, usable, learned, path);
  const std::size_t held = usable.size() * 15 / 100;
  const Trials all(usable);
  const Trials train = all.first(usable.size() - 2 * held);
  const Trials validation = all.subspan(train.size(), held), test = all.last(held);
  Proxy proxy = fit_best(sweep, train, validation, learned, options);
  proxy.limit = options.limit;
  proxy.source = {
      sweep.name,           info.sluice_version,    sweep.fidelity, hash_of_experiment(sweep),
      hash_of(sweep.space), hash_of_trials(trials), info.searcher,  info.seed,
      trials.size(),        train.size(),           held,           held};
  calibrate(proxy, sweep, validation);
  DesignHashes hashes(sweep.space);
  for (const Trial& trial : all.first(usable.size() - held))
    proxy.known.push_back(hashes.of(trial.point));
  std::ranges::sort(proxy.known);
  const std::vector<Trial> unseen(test.begin(), test.end());
  proxy.errors = errors_of(proxy, sweep, unseen);
  constexpr std::size_t parts[] = {16, 8, 4, 2}, fewest = 30;
  for (const std::size_t part : parts) {
    if (!options.learning || train.size() / part < fewest) continue;
    const Proxy less =
        fit(sweep, train.first(train.size() / part), learned, proxy.kind(), options.seed);
    proxy.learning.push_back(learning_step(train.size() / part, errors_of(less, sweep, unseen)));
  }
  proxy.learning.push_back(learning_step(train.size(), proxy.errors));
  return proxy;
}

}  // namespace sluice
