// SPDX-License-Identifier: Apache-2.0
// Surrogate-guided search: a forest learns from the trials, ranks many designs, and the top are
// tried.
#include <algorithm>

#include "dse/learn/experience.hpp"
#include "dse/learn/forest.hpp"
#include "dse/searcher_info.hpp"

namespace sluice::searchers {
namespace {

struct SurrogateSettings {
  std::uint64_t startup = 24;
  std::uint64_t candidates = 1024;
  std::uint64_t parents = 16;
  double mutation = 0.2;
  double optimism = 1;
  ForestSettings forest;
};

template <class Visitor>
void describe(Visitor& v, SurrogateSettings& s) {
  v.field("startup", s.startup,
          {.doc = "designs at random before it learns", .min = 4, .max = 256});
  v.field("candidates", s.candidates, {.doc = "designs that are ranked", .min = 64, .max = 16384});
  v.field(
      "parents", s.parents,
      {.doc = "best designs, of which half of the candidates are mutations", .min = 1, .max = 64});
  v.field("mutation", s.mutation,
          {.doc = "probability that a parameter of these changes", .min = 0.02, .max = 0.5});
  v.field("optimism", s.optimism,
          {.doc = "deviations below the mean that count, on average over the designs of a batch",
           .max = 4});
  v.field("trees", s.forest.trees, {.doc = "trees of a forest", .min = 8, .max = 256});
  v.field("tried_features", s.forest.tried_features,
          {.doc = "share of the features that a split chooses from", .min = 0.1, .max = 1});
  v.field("least_split", s.forest.least_split,
          {.doc = "trials of a node that is still split", .min = 2, .max = 16});
}

constexpr std::size_t most_observations = 2000;

/// What is expected of a candidate.
struct Ranked {
  Point point;
  std::vector<Prediction> costs;
  double feasible = 1;  ///< probability
};

class Surrogate {
 public:
  Surrogate(const SearchProblem& problem, const SurrogateSettings& settings)
      : settings_(settings), past_(problem, settings.parents) {}

  std::vector<Point> ask(std::size_t count) {
    return past_.ask(count, settings_.startup, [&](std::size_t n) { return top(n); });
  }

  void tell(std::span<const Trial> trials) { past_.tell(trials); }

 private:
  void learn();
  std::vector<Point> candidates();
  std::vector<Ranked> ranked();
  std::vector<Point> top(std::size_t count);

  SurrogateSettings settings_;
  Experience past_;
  std::vector<Forest> costs_;       ///< one an objective; none where nothing was simulated
  std::optional<Forest> feasible_;  ///< of 1 for trials that were ok, 0 for others
};

void Surrogate::learn() {
  std::vector<Point> simulated, all;
  std::vector<std::vector<double>> costs(past_.problem.objectives.size());
  std::vector<double> labels;
  bool any_failed = false;
  for (const std::size_t i :
       to_learn_from(past_.problem.objectives, past_.told, most_observations)) {
    const bool is_ok = past_.told[i].result.status == TrialStatus::ok;
    any_failed |= !is_ok;
    labels.push_back(is_ok ? 1 : 0);
    all.push_back(past_.told[i].point);
    const std::vector<double> found = log_costs(past_.problem.objectives, past_.told[i].result);
    if (found.empty()) continue;
    simulated.push_back(past_.told[i].point);
    for (std::size_t m = 0; m < found.size(); ++m) costs[m].push_back(found[m]);
  }
  const auto forest_of = [&](const Eigen::MatrixXd& x, const std::vector<double>& values) {
    const Eigen::Map<const Eigen::VectorXd> y(values.data(),
                                              static_cast<Eigen::Index>(values.size()));
    return Forest(x, y, settings_.forest, past_.random);
  };
  costs_.clear();
  feasible_.reset();
  const Eigen::MatrixXd x = past_.encoding.encode(simulated);
  for (const std::vector<double>& values : costs)
    if (!values.empty()) costs_.push_back(forest_of(x, values));
  if (any_failed) feasible_ = forest_of(past_.encoding.encode(all), labels);
}

/// Half from anywhere, half near the best; new ones.
std::vector<Point> Surrogate::candidates() {
  const std::vector<Point> parents = past_.best();
  std::vector<Point> found;
  Seen taken;
  for (std::uint64_t i = 0; i < settings_.candidates; ++i) {
    const std::span<const Point> around = i % 2 == 0 ? std::span<const Point>() : parents;
    std::optional<Point> point = past_.candidate(around, settings_.mutation);
    if (point && !past_.seen.contains(*point) && taken.take(*point))
      found.push_back(std::move(*point));
  }
  return found;
}

std::vector<Ranked> Surrogate::ranked() {
  std::vector<Ranked> pool;
  for (Point& point : candidates()) {
    const Eigen::VectorXd features = past_.encoding.encode(point);
    Ranked candidate{std::move(point), {}, 1};
    for (const Forest& forest : costs_) candidate.costs.push_back(forest.predict(features));
    if (feasible_) candidate.feasible = feasible_->predict(features).mean;
    pool.push_back(std::move(candidate));
  }
  return pool;
}

/// How a batch ranks candidates: how optimistic, and which objectives count.
struct Ranking {
  double optimism = 0;
  std::vector<double> weights;

  /// The largest weighted cost (Chebyshev).
  double operator()(const Ranked& candidate) const {
    double worst = -std::numeric_limits<double>::infinity();
    for (std::size_t m = 0; m < candidate.costs.size(); ++m) {
      const auto& [mean, deviation] = candidate.costs[m];
      worst = std::max(worst, weights[m] * (mean - optimism * deviation));
    }
    return worst;
  }
};

/// Costs from 0 for the least of the candidates to 1 for the largest.
void normalise(std::vector<Ranked>& pool, std::size_t objectives) {
  for (std::size_t m = 0; m < objectives; ++m) {
    double low = pool[0].costs[m].mean, high = low;
    for (const Ranked& candidate : pool) {
      low = std::min(low, candidate.costs[m].mean);
      high = std::max(high, candidate.costs[m].mean);
    }
    const double range = high > low ? high - low : 1;
    for (Ranked& candidate : pool) {
      auto& [mean, deviation] = candidate.costs[m];
      mean = (mean - low) / range;
      deviation /= range;
    }
  }
}

/// Index of the candidate with the largest product of the probability of being feasible and what it
/// is better than the worst of all.
std::size_t best_of(const std::vector<Ranked>& pool, const Ranking& ranking) {
  double worst = -std::numeric_limits<double>::infinity();
  std::vector<double> costs;
  for (const Ranked& candidate : pool) {
    costs.push_back(candidate.costs.empty() ? 0 : ranking(candidate));
    worst = std::max(worst, costs.back());
  }
  std::size_t best = 0;
  double most = -1;
  for (std::size_t i = 0; i < pool.size(); ++i) {
    const double value = pool[i].feasible * (worst - costs[i] + 1e-9);
    if (value <= most) continue;
    most = value;
    best = i;
  }
  return best;
}

/// Optimism and weights are drawn anew for every design of a batch, so that they differ (F. Hutter,
/// H. Hoos and K. Leyton-Brown, Parallel algorithm configuration, LION 2012).
std::vector<Point> Surrogate::top(std::size_t count) {
  learn();
  std::vector<Ranked> pool = ranked();
  if (!pool.empty()) normalise(pool, costs_.size());
  std::vector<Point> chosen;
  while (chosen.size() < count && !pool.empty()) {
    Ranking ranking;
    ranking.optimism = -settings_.optimism * std::log(1 - past_.random.unit());
    double sum = 0;
    for (std::size_t m = 0; m < costs_.size(); ++m)
      sum += ranking.weights.emplace_back(-std::log(1 - past_.random.unit()) + 1e-9);
    for (double& weight : ranking.weights) weight /= sum;
    const std::size_t best = best_of(pool, ranking);
    chosen.push_back(std::move(pool[best].point));
    pool.erase(pool.begin() + static_cast<std::ptrdiff_t>(best));
  }
  return chosen;
}

}  // namespace

AnySearcher make_surrogate(const SearchProblem& problem, const YamlNode& settings,
                           Diagnostics& diagnostics) {
  return searcher_with<Surrogate, SurrogateSettings>(problem, settings, diagnostics);
}

SearcherInfo describe_surrogate() {
  return searcher_info<SurrogateSettings>(
      "surrogate", "a forest learns from the trials and ranks many designs; the top are tried",
      "Hutter, Hoos and Leyton-Brown, SMAC, LION 2011, with the trees of Geurts, Ernst and "
      "Wehenkel, 2006");
}

}  // namespace sluice::searchers
