// SPDX-License-Identifier: Apache-2.0
// Surrogate-guided search: forests learn from the trials, and of many designs those are tried of
// which most is expected.
#include <algorithm>

#include "dse/learn/best_costs.hpp"
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
          {.doc = "factor of the forest's deviations, on average over the designs of a batch",
           .max = 4});
  v.field("trees", s.forest.trees, {.doc = "trees of a forest", .min = 8, .max = 256});
  v.field("tried_features", s.forest.tried_features,
          {.doc = "share of the features that a split chooses from", .min = 0.1, .max = 1});
  v.field("least_split", s.forest.least_split,
          {.doc = "trials of a node that is still split", .min = 2, .max = 16});
}

constexpr std::size_t most_observations = 2000;
/// Forests are grown anew when trials have become more by this factor.
constexpr double growth = 1.01;
constexpr std::size_t most_front = 16;  ///< of three or more objectives

/// What is expected of a candidate.
struct Candidate {
  Point point;
  std::vector<Prediction> costs;
  double feasible = 1;  ///< probability
  double value = 0;     ///< of trying it
};

class Surrogate {
 public:
  Surrogate(const SearchProblem& problem, const SurrogateSettings& settings)
      : settings_(settings), past_(problem, settings.parents) {}

  std::vector<Point> ask(std::size_t count) {
    return past_.ask(count, settings_.startup, [&](std::size_t n) { return top(n); });
  }

  void tell(std::span<const Trial> trials) {
    past_.tell(trials);
    for (const Trial& trial : trials) {
      if (trial.result.status != TrialStatus::ok) continue;
      std::vector<double> costs = log_costs(past_.problem.objectives, trial.result);
      if (!costs.empty()) add_to_front(std::move(costs), front_);
    }
  }

 private:
  void learn();
  std::vector<Point> candidates();
  std::vector<Candidate> predicted();
  std::vector<Point> top(std::size_t count);

  SurrogateSettings settings_;
  Experience past_;
  std::vector<Forest> costs_;       ///< one an objective; none where nothing was simulated
  std::optional<Forest> feasible_;  ///< of 1 for trials that were ok, 0 for others
  double next_fit_ = 0;             ///< trials from which on they are grown anew
  CostFront front_;                 ///< of the trials that were ok
};

void Surrogate::learn() {
  const auto known = static_cast<double>(past_.told.size());
  if (known < next_fit_ && !costs_.empty()) return;
  next_fit_ = growth * known;
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

std::vector<Candidate> Surrogate::predicted() {
  std::vector<Candidate> pool;
  for (Point& point : candidates()) {
    const Eigen::VectorXd features = past_.encoding.encode(point);
    Candidate candidate{std::move(point), {}};
    for (const Forest& forest : costs_) candidate.costs.push_back(forest.predict(features));
    if (feasible_) candidate.feasible = feasible_->predict(features).mean;
    pool.push_back(std::move(candidate));
  }
  return pool;
}

/// Sets the values of candidates: what they are expected to gain over the front, if deviations are
/// `optimism` times as large, times the probability that they are feasible.
void judge(std::vector<Candidate>& pool, const CostFront& front, double optimism) {
  std::optional<HypervolumeGain> gain;
  if (!front.empty()) gain = gain_over(front);
  for (Candidate& candidate : pool) {
    candidate.value = candidate.feasible;
    if (!gain) continue;
    std::vector<Prediction> costs = candidate.costs;
    for (Prediction& cost : costs) cost.deviation *= optimism;
    candidate.value *= (*gain)(costs);
  }
}

/// Of the greater value; of those of which nothing is expected, the one of the least product.
bool is_better(const Candidate& a, const Candidate& b) {
  if (a.value != b.value) return a.value > b.value;
  double difference = 0;
  for (std::size_t m = 0; m < a.costs.size(); ++m) difference += a.costs[m].mean - b.costs[m].mean;
  return difference < 0;
}

/// Optimism is drawn anew for every design of a batch, so that they differ (F. Hutter, H. Hoos and
/// K. Leyton-Brown, Parallel algorithm configuration, LION 2012). A chosen design counts as found,
/// with the costs that are expected of it.
std::vector<Point> Surrogate::top(std::size_t count) {
  learn();
  std::vector<Candidate> pool = predicted();
  CostFront front = most_spread(front_, most_front);
  std::vector<Point> chosen;
  while (chosen.size() < count && !pool.empty()) {
    judge(pool, front, -settings_.optimism * std::log(1 - past_.random.unit()));
    const auto best = std::ranges::min_element(pool, is_better);
    std::vector<double> costs;
    for (const Prediction& cost : best->costs) costs.push_back(cost.mean);
    if (!front.empty()) front.push_back(std::move(costs));
    chosen.push_back(std::move(best->point));
    pool.erase(best);
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
      "surrogate", "forests learn from the trials; of many designs those of which most is expected",
      "Hutter, Hoos and Leyton-Brown, SMAC, LION 2011, with the trees of Geurts, Ernst and "
      "Wehenkel, 2006");
}

}  // namespace sluice::searchers
