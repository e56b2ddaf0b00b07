// SPDX-License-Identifier: Apache-2.0
#include "dse/proxy/proxy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "base/hash.hpp"
#include "dse/design_texts.hpp"
#include "dse/learn/encoding.hpp"
#include "dse/metrics.hpp"

namespace sluice {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;

/// Metrics that are products of others: those are learned, and these follow.
struct Product {
  std::string_view metric, first, second;
  double power;  ///< of the second
};
constexpr Product products[] = {{"edp_js", "energy_j", "latency_s", 1},
                                {"power_w", "energy_j", "latency_s", -1}};

Index row_of(std::string_view name) {
  const auto found = std::ranges::find(metrics(), name, &Metric::name);
  return found - metrics().begin();
}

std::string refusal(const Proxy& proxy, const ProxyAnswers& answers,
                    const std::vector<std::size_t>& asked, std::size_t point) {
  if (!answers.outside[point].empty())
    return fmt::format("{}: {}", outside_proxy, answers.outside[point]);
  if (!answers.works[point]) return {};
  const double widest = std::log1p(proxy.limit);
  for (const std::size_t metric : asked)
    if (!(answers.log_half_width(static_cast<Index>(metric), static_cast<Index>(point)) <= widest))
      return fmt::format("{}: {} is not known to {:g} %", outside_proxy, metrics()[metric].name,
                         100 * proxy.limit);
  return {};
}

}  // namespace

ProxyKind Proxy::kind() const {
  constexpr ProxyKind kinds[] = {ProxyKind::forest, ProxyKind::network,
                                 ProxyKind::gaussian_process};
  return kinds[model.index()];
}

bool Proxy::knows(std::size_t metric) const {
  const auto is_learned = [&](std::string_view name) {
    return std::ranges::any_of(
        learned, [&](const LearnedMetric& one) { return metrics()[one.metric].name == name; });
  };
  for (const Product& product : products)
    if (product.metric == metrics()[metric].name)
      return is_learned(product.first) && is_learned(product.second);
  return is_learned(metrics()[metric].name);
}

ProxyAnswers Proxy::answer(const DesignSpace& space, std::span<const Point> points) const {
  const MatrixXd x = Encoding(space).encode(points);
  const Estimates estimates = estimate(model, x);
  const auto rows = static_cast<Index>(metrics().size());
  ProxyAnswers answers{MatrixXd::Constant(rows, x.cols(), std::numeric_limits<double>::quiet_NaN()),
                       MatrixXd::Constant(rows, x.cols(), std::numeric_limits<double>::infinity()),
                       {},
                       {}};
  MatrixXd deviation = answers.log_half_width;
  for (std::size_t i = 0; i < learned.size(); ++i) {
    const auto row = static_cast<Index>(learned[i].metric), output = static_cast<Index>(i);
    answers.log_value.row(row) =
        (learned[i].offset + learned[i].scale * estimates.mean.row(output).array()).matrix();
    deviation.row(row) = learned[i].scale * estimates.deviation.row(output);
  }
  for (const Product& product : products) {
    const Index row = row_of(product.metric), a = row_of(product.first), b = row_of(product.second);
    answers.log_value.row(row) =
        answers.log_value.row(a) + product.power * answers.log_value.row(b);
    deviation.row(row) = (deviation.row(a).cwiseAbs2() + deviation.row(b).cwiseAbs2()).cwiseSqrt();
  }
  for (Index row = 0; row < rows; ++row) {
    const ProxyInterval& interval = intervals[static_cast<std::size_t>(row)];
    answers.log_half_width.row(row) =
        (interval.factor *
         (deviation.row(row).array().square() + interval.floor * interval.floor).sqrt())
            .matrix();
  }
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto column = x.col(static_cast<Index>(i));
    answers.works.push_back(!works || works->predict(column).mean >= 0.5);
    answers.outside.push_back(domain.refusal(space, points[i], column));
  }
  return answers;
}

bool follows_from_others(std::size_t metric) {
  return std::ranges::find(products, metrics()[metric].name, &Product::metric) !=
         std::end(products);
}

std::uint64_t hash_of_experiment(const Sweep& sweep) {
  return content_hash(to_text(sweep.experiment));
}

std::vector<std::size_t> asked_metrics(const Sweep& sweep) {
  std::set<std::size_t> asked;
  for (const Objective& objective : sweep.objectives) asked.insert(objective.metric);
  const std::size_t parameters = sweep.space.parameters.size();
  for (const Expression& constraint : sweep.metric_constraints)
    for (const std::size_t name : constraint.uses())
      if (name >= parameters) asked.insert(name - parameters);
  return {asked.begin(), asked.end()};
}

std::vector<Result> Proxy::evaluate(const Sweep& sweep, std::span<const Point> points) const {
  const ProxyAnswers answers = answer(sweep.space, points);
  const std::vector<std::size_t> asked = asked_metrics(sweep);
  std::vector<Result> results(points.size());
  for (std::size_t i = 0; i < points.size(); ++i) {
    Result& result = results[i];
    if (std::string reason = refusal(*this, answers, asked, i); !reason.empty()) {
      result.status = TrialStatus::invalid;
      result.reason = std::move(reason);
    } else if (!answers.works[i]) {
      result.status = TrialStatus::infeasible;
      result.reason = "predicted: the machine cannot do it";
    } else {
      const Eigen::VectorXd values = answers.log_value.col(static_cast<Index>(i)).array().exp();
      result.metrics.assign(values.begin(), values.end());
    }
  }
  return results;
}

namespace {

/// Sums of one metric over designs.
struct ErrorSums {
  double squares = 0, absolute = 0, residuals = 0, covered = 0;
  std::vector<double> values, widths;

  void add(double log_value, double log_half_width, double truth) {
    const double value = std::exp(log_value), relative = value / truth - 1;
    squares += relative * relative;
    absolute += std::abs(value - truth);
    residuals += (value - truth) * (value - truth);
    covered += std::abs(std::log(truth) - log_value) <= log_half_width ? 1 : 0;
    values.push_back(truth);
    widths.push_back(std::expm1(log_half_width));
  }
  double mean(double sum) const { return sum / static_cast<double>(values.size()); }
  double r2() const {
    double sum = 0, spread = 0;
    for (const double value : values) sum += value;
    for (const double value : values) spread += (value - mean(sum)) * (value - mean(sum));
    if (spread > 0) return 1 - residuals / spread;
    return residuals > 0 ? 0 : 1;
  }
  double median_width() {
    if (widths.empty()) return 0;
    const auto middle = widths.begin() + static_cast<std::ptrdiff_t>(widths.size() / 2);
    std::ranges::nth_element(widths, middle);
    return *middle;
  }
};

MetricErrors errors_from(std::size_t metric, ErrorSums answered, const ErrorSums& all) {
  MetricErrors errors{.metric = metric};
  if (all.values.empty()) return errors;
  errors.all_relative_rmse = std::sqrt(all.mean(all.squares));
  errors.all_covered = all.mean(all.covered);
  if (answered.values.empty()) return errors;
  errors.relative_rmse = std::sqrt(answered.mean(answered.squares));
  errors.mae = answered.mean(answered.absolute);
  errors.r2 = answered.r2();
  errors.covered = answered.mean(answered.covered);
  errors.half_width = answered.median_width();
  return errors;
}

/// Trials that tell something new.
std::vector<const Trial*> trials_to_judge(const Proxy& proxy, const Sweep& sweep,
                                          const std::vector<Trial>& trials) {
  std::vector<const Trial*> judged;
  DesignHashes hashes(sweep.space);
  for (const Trial& trial : trials) {
    const TrialStatus status = trial.result.status;
    if (status == TrialStatus::timeout || status == TrialStatus::crashed) continue;
    if (!std::ranges::binary_search(proxy.known, hashes.of(trial.point))) judged.push_back(&trial);
  }
  return judged;
}

}  // namespace

ProxyErrors errors_of(const Proxy& proxy, const Sweep& sweep, const std::vector<Trial>& trials) {
  const std::vector<const Trial*> judged = trials_to_judge(proxy, sweep, trials);
  std::vector<Point> points;
  for (const Trial* trial : judged) points.push_back(trial->point);
  const ProxyAnswers answers = proxy.answer(sweep.space, points);
  const std::vector<std::size_t> asked = asked_metrics(sweep);
  ProxyErrors errors;
  errors.designs = judged.size();
  std::vector<ErrorSums> answered(metrics().size()), all(metrics().size());
  for (std::size_t i = 0; i < judged.size(); ++i) {
    const std::vector<double>& truth = judged[i]->result.metrics;
    const bool works = !truth.empty(), said = answers.works[i];
    const bool refused = !refusal(proxy, answers, asked, i).empty();
    errors.refused += refused ? 1 : 0;
    if (!refused) {
      errors.works += works ? 1 : 0;
      errors.wrongly_working += said && !works ? 1 : 0;
      errors.wrongly_failing += works && !said ? 1 : 0;
    }
    if (!works) continue;
    for (std::size_t m = 0; m < metrics().size(); ++m) {
      if (!proxy.knows(m) || !(truth[m] > 0)) continue;
      const auto row = static_cast<Index>(m), column = static_cast<Index>(i);
      const double value = answers.log_value(row, column);
      const double width = answers.log_half_width(row, column);
      all[m].add(value, width, truth[m]);
      if (!refused && said) answered[m].add(value, width, truth[m]);
    }
  }
  for (std::size_t m = 0; m < metrics().size(); ++m)
    if (proxy.knows(m)) errors.metrics.push_back(errors_from(m, std::move(answered[m]), all[m]));
  return errors;
}

}  // namespace sluice
