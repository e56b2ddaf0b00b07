// SPDX-License-Identifier: Apache-2.0
#include "dse/policy_search.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "dse/front.hpp"

namespace sluice {
namespace {

constexpr std::uint64_t most_shares = 64;  ///< of a domain; larger ones share logits
/// Draws of a design in vain, after which all of it is drawn evenly.
constexpr double most_in_vain = 64;
constexpr double infinite = std::numeric_limits<double>::infinity();

}  // namespace

PolicyAgent::PolicyAgent(const DesignSpace& space, std::vector<std::size_t> parameters,
                         std::size_t observation, const PolicySettings& settings, Random& random)
    : settings_(settings) {
  Eigen::Index logits = 0;
  for (const std::size_t p : parameters) {
    heads_.push_back({p, Shares(space.parameters[p].domain, most_shares), logits});
    logits += static_cast<Eigen::Index>(heads_.back().shares.count());
  }
  outputs_ = logits + 1;
  const auto width = static_cast<Eigen::Index>(settings.width);
  network_.emplace_back(
      std::vector<Eigen::Index>{static_cast<Eigen::Index>(observation), width, width, outputs_},
      random);
}

Eigen::ArrayXd PolicyAgent::probabilities(const Eigen::Ref<const Eigen::VectorXd>& outputs,
                                          const Head& head) const {
  const Eigen::ArrayXd logits =
      outputs.segment(head.first, static_cast<Eigen::Index>(head.shares.count())).array();
  const Eigen::ArrayXd weights = (logits - logits.maxCoeff()).exp();
  return weights / weights.sum();
}

void PolicyAgent::observe(const Eigen::VectorXd& observation) {
  const Eigen::VectorXd outputs = network_[0](observation);
  for (Head& head : heads_) head.observed = probabilities(outputs, head);
}

void PolicyAgent::draw(Point& point, double stray, Random& random) const {
  for (const Head& head : heads_) {
    const Eigen::ArrayXd& p = head.observed;
    if (stray > 0 && random.chance(stray)) {
      point.digits[head.parameter] = random.below(head.shares.values());
      continue;
    }
    double left = random.unit();
    Eigen::Index share = 0;
    while (share + 1 < p.size() && (left -= p[share]) >= 0) ++share;
    point.digits[head.parameter] = head.shares.draw(static_cast<std::uint64_t>(share), random);
  }
}

double PolicyAgent::log_probability(const Eigen::Ref<const Eigen::VectorXd>& outputs,
                                    const Point& point) const {
  double sum = 0;
  for (const Head& head : heads_) {
    const std::uint64_t digit = point.digits[head.parameter];
    if (digit == inactive) continue;
    const auto share = static_cast<Eigen::Index>(head.shares.share_of(digit));
    sum += std::log(probabilities(outputs, head)[share]);
  }
  return sum;
}

/// The loss of one experience with ratio r of new to old probability and advantage A is
///   -min(r A, clip(r) A) - entropy H + (V - reward)^2 / 2.
/// By a logit of probability p, the derivative of log p(action) is [action] - p, that of the
/// entropy is -p (log p + H).
void PolicyAgent::learn(const std::vector<Experience>& experience) {
  const auto n = static_cast<Eigen::Index>(experience.size());
  Eigen::MatrixXd inputs(experience[0].observation.size(), n);
  for (Eigen::Index i = 0; i < n; ++i)
    inputs.col(i) = experience[static_cast<std::size_t>(i)].observation;
  const Eigen::MatrixXd before = network_[0](inputs);
  Eigen::VectorXd advantage(n), old(n);
  for (Eigen::Index i = 0; i < n; ++i) {
    const Experience& e = experience[static_cast<std::size_t>(i)];
    advantage[i] = e.reward - before(outputs_ - 1, i);
    old[i] = log_probability(before.col(i), e.point);
  }
  const double mean = advantage.mean();
  const double deviation = std::sqrt((advantage.array() - mean).square().mean());
  advantage = (advantage.array() - mean) / (deviation + 1e-8);

  const auto gradient = [&](const Eigen::MatrixXd& outputs) {
    Eigen::MatrixXd result = Eigen::MatrixXd::Zero(outputs_, n);
    for (Eigen::Index i = 0; i < n; ++i) {
      const Experience& e = experience[static_cast<std::size_t>(i)];
      const double ratio = std::exp(log_probability(outputs.col(i), e.point) - old[i]);
      const bool clipped =
          advantage[i] > 0 ? ratio > 1 + settings_.clip : ratio < 1 - settings_.clip;
      const double by_log = clipped ? 0 : -ratio * advantage[i];
      for (const Head& head : heads_) {
        const std::uint64_t digit = e.point.digits[head.parameter];
        if (digit == inactive) continue;
        const Eigen::ArrayXd p = probabilities(outputs.col(i), head);
        const Eigen::ArrayXd logs = p.max(1e-30).log();
        const double entropy = -(p * logs).sum();
        auto part = result.col(i).segment(head.first, p.size());
        part = (-by_log * p + settings_.entropy * p * (logs + entropy)).matrix();
        part[static_cast<Eigen::Index>(head.shares.share_of(digit))] += by_log;
      }
      result(outputs_ - 1, i) = outputs(outputs_ - 1, i) - e.reward;
    }
    return Eigen::MatrixXd(result / static_cast<double>(n));
  };
  for (std::uint64_t epoch = 0; epoch < settings_.epochs; ++epoch)
    network_[0].descend(inputs, gradient, settings_.rate);
}

namespace {

/// All parameters for one agent, or those of one group for each.
std::vector<std::vector<std::size_t>> groups_of(const DesignSpace& space, bool one_agent) {
  std::vector<std::vector<std::size_t>> groups;
  std::map<std::string, std::size_t> known;
  for (std::size_t p = 0; p < space.parameters.size(); ++p) {
    const SpaceParameter& parameter = space.parameters[p];
    const std::string name = one_agent ? "all" : parameter.group;
    const auto [group, is_new] =
        known.try_emplace(name.empty() ? "parameter " + parameter.name : name, groups.size());
    if (is_new) groups.emplace_back();
    groups[group->second].push_back(p);
  }
  return groups;
}

}  // namespace

PolicySearch::PolicySearch(const SearchProblem& problem, const PolicySettings& settings,
                           bool one_agent)
    : problem_(problem),
      settings_(settings),
      random_(problem.seed),
      scalariser_(problem.objectives, problem.scalarisation),
      encoding_(problem.space),
      best_cost_(infinite),
      latest_cost_(infinite) {
  for (const std::vector<std::size_t>& group : groups_of(problem.space, one_agent))
    agents_.emplace_back(problem.space, group, 2 * encoding_.features(), settings, random_);
}

Eigen::VectorXd PolicySearch::observation() const {
  const auto half = static_cast<Eigen::Index>(encoding_.features());
  Eigen::VectorXd seen = Eigen::VectorXd::Constant(2 * half, 0.5);
  if (!best_.digits.empty()) seen.head(half) = encoding_.encode(best_);
  if (!latest_.digits.empty()) seen.tail(half) = encoding_.encode(latest_);
  return seen;
}

std::vector<Point> PolicySearch::ask(std::size_t count) {
  const Eigen::VectorXd seen = observation();
  for (PolicyAgent& agent : agents_) agent.observe(seen);
  std::vector<Point> points =
      distinct(problem_.space, count, seen_, random_, [&] { return draw(); });
  for (const Point& point : points) asked_[point] = seen;
  return points;
}

/// A policy that is sure of itself draws what was tried already, thousands of times: with every
/// draw in vain it is followed less.
std::optional<Point> PolicySearch::draw() {
  int in_vain = 0;
  for (int i = 0; i < most_draws; ++i) {
    Point point{std::vector<std::uint64_t>(problem_.space.parameters.size(), 0)};
    const double stray = std::min(1.0, in_vain / most_in_vain);
    for (const PolicyAgent& agent : agents_) agent.draw(point, stray, random_);
    point = canonical(problem_.space, std::move(point));
    if (!broken_constraint(problem_.space, point).empty()) continue;
    if (!seen_.contains(point)) return point;
    ++in_vain;
  }
  return std::nullopt;
}

void PolicySearch::tell(std::span<const Trial> trials) {
  latest_cost_ = infinite;
  std::vector<double> told;
  for (const Trial& trial : trials) {
    const double cost = scalariser_.tell(trial.result);
    told.push_back(cost);
    if (cost < latest_cost_) {
      latest_cost_ = cost;
      latest_ = trial.point;
    }
    if (cost < best_cost_) {
      best_cost_ = cost;
      best_ = trial.point;
    }
    costs_.insert(std::ranges::upper_bound(costs_, cost), cost);
  }
  for (std::size_t i = 0; i < trials.size(); ++i) {
    const Trial& trial = trials[i];
    const auto asked = asked_.find(trial.point);
    if (asked == asked_.end()) continue;
    const double cost = told[i];
    const auto worse = static_cast<double>(costs_.end() - std::ranges::upper_bound(costs_, cost));
    experience_.push_back({std::move(asked->second), trial.point,
                           std::isfinite(cost) ? worse / static_cast<double>(costs_.size()) : 0});
    asked_.erase(asked);
  }
  if (experience_.size() < settings_.horizon) return;
  for (PolicyAgent& agent : agents_) agent.learn(experience_);
  experience_.clear();
}

}  // namespace sluice
