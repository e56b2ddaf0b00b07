// SPDX-License-Identifier: Apache-2.0
// Bayesian optimisation: Gaussian processes say what designs are expected to gain, and how
// probable it is that they are feasible.
#include <tbb/parallel_for.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "dse/learn/best_costs.hpp"
#include "dse/learn/experience.hpp"
#include "dse/learn/gaussian_process.hpp"
#include "dse/searcher_info.hpp"

namespace sluice::searchers {
namespace {

struct BayesSettings {
  std::uint64_t startup = 16;
  std::uint64_t candidates = 384;
  std::uint64_t parents = 8;
  double mutation = 0.2;
  std::uint64_t fit_on = 200;
  std::uint64_t first_steps = 40;
  std::uint64_t steps = 8;
  double growth = 1.15;
};

template <class Visitor>
void describe(Visitor& v, BayesSettings& s) {
  v.field("startup", s.startup,
          {.doc = "designs at random before it learns", .min = 4, .max = 256});
  v.field("candidates", s.candidates,
          {.doc = "designs among which a batch is chosen", .min = 32, .max = 4096});
  v.field(
      "parents", s.parents,
      {.doc = "best designs, of which half of the candidates are mutations", .min = 1, .max = 64});
  v.field("mutation", s.mutation,
          {.doc = "probability that a parameter of these changes", .min = 0.02, .max = 0.5});
  v.field("fit_on", s.fit_on,
          {.doc = "trials from which length scales are learned, at most", .min = 32, .max = 512});
  v.field("first_steps", s.first_steps,
          {.doc = "steps of the first fit of length scales", .min = 8, .max = 128});
  v.field("steps", s.steps, {.doc = "steps of every later fit", .min = 1, .max = 32});
  v.field("growth", s.growth,
          {.doc = "factor by which the trials become more between fits", .min = 1, .max = 2});
}

/// More trials than these do not go into a model: its cost grows with their cube.
constexpr std::size_t most_observations = 300;
/// Candidates that are looked at again for every design of a batch but the first.
constexpr std::size_t shortlist = 100;
constexpr std::size_t refined = 8;  ///< candidates around which others are added
constexpr std::size_t refinements = 16;
constexpr std::size_t most_front = 40;  ///< of three or more objectives

double probability_above_zero(double mean, double deviation) {
  return 0.5 * std::erfc(-mean / deviation / std::numbers::sqrt2);
}

/// What one quantity of a design will be.
struct Model {
  explicit Model(const Encoding& encoding) : process(encoding.parameter_of_feature()) {}

  GaussianProcess process;
  GaussianProcess::Posterior posterior;
  double known = 0;     ///< trials that tell of it
  double next_fit = 0;  ///< of these, from which on it is fitted again
  bool fitted = false;
  std::vector<Point> points;
  std::vector<double> values;
  std::vector<std::size_t> fit_on;  ///< indices of points
};

class Bayes {
 public:
  Bayes(const SearchProblem& problem, const BayesSettings& settings)
      : settings_(settings),
        past_(problem, settings.parents),
        models_(std::max<std::size_t>(1, problem.objectives.size()), Model(past_.encoding)),
        feasibility_(past_.encoding) {}

  std::vector<Point> ask(std::size_t count) {
    return past_.ask(count, settings_.startup, [&](std::size_t n) { return batch(n); });
  }

  void tell(std::span<const Trial> trials) {
    past_.tell(trials);
    for (const Trial& trial : trials) {
      const bool is_ok = trial.result.status == TrialStatus::ok;
      any_failed_ |= !is_ok;
      feasibility_.known += 1;
      std::vector<double> costs = log_costs(past_.problem.objectives, trial.result);
      if (costs.empty()) continue;
      for (Model& model : models_) model.known += 1;
      if (!is_ok) continue;
      any_ok_ = true;
      add_to_front(std::move(costs), best_);
    }
  }

 private:
  std::vector<Point> batch(std::size_t count);
  void learn();
  void gather(const std::vector<std::size_t>& rows);
  void gather_labels(const std::vector<std::size_t>& rows);
  void choose_fit(Model& model);
  void fit(Model& model) const;
  void add_candidates(std::vector<Point>& pool, Seen& taken, std::size_t count,
                      const std::vector<Point>& around);
  void predict(const std::vector<Point>& pool);
  std::vector<double> scores(const std::vector<std::size_t>& of) const;
  double score(std::size_t candidate, const HypervolumeGain* gain) const;
  void believe(std::size_t candidate);
  std::vector<Model*> active_models();

  BayesSettings settings_;
  Experience past_;
  std::vector<Model> models_;  ///< one an objective
  Model feasibility_;          ///< of 1 for trials that were ok, -1 for others
  bool any_failed_ = false, any_ok_ = false;
  std::vector<std::vector<double>> best_;   ///< costs of the trials that no other dominates
  std::vector<std::vector<double>> front_;  ///< these, and what a batch is believed to be
};

/// Each objective of these trials for its model, those left out that were not simulated.
void Bayes::gather(const std::vector<std::size_t>& rows) {
  for (Model& model : models_) {
    model.points.clear();
    model.values.clear();
  }
  for (const std::size_t i : rows) {
    const std::vector<double> costs = log_costs(past_.problem.objectives, past_.told[i].result);
    for (std::size_t m = 0; m < costs.size(); ++m) {
      models_[m].points.push_back(past_.told[i].point);
      models_[m].values.push_back(costs[m]);
    }
  }
}

void Bayes::gather_labels(const std::vector<std::size_t>& rows) {
  feasibility_.points.clear();
  feasibility_.values.clear();
  for (const std::size_t i : rows) {
    feasibility_.points.push_back(past_.told[i].point);
    feasibility_.values.push_back(past_.told[i].result.status == TrialStatus::ok ? 1 : -1);
  }
}

/// The points with the lowest values, and others at random.
void Bayes::choose_fit(Model& model) {
  std::vector<std::size_t> order(model.points.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (order.size() > settings_.fit_on) {
    past_.random.shuffle(order);
    const auto half = static_cast<std::ptrdiff_t>(settings_.fit_on / 2);
    std::stable_sort(order.begin() + half, order.end(), [&](std::size_t a, std::size_t b) {
      return model.values[a] < model.values[b];
    });
    order.resize(settings_.fit_on);
  }
  model.fit_on = std::move(order);
}

std::vector<Model*> Bayes::active_models() {
  std::vector<Model*> active;
  for (Model& model : models_)
    if (!model.points.empty()) active.push_back(&model);
  if (any_failed_) active.push_back(&feasibility_);
  return active;
}

void Bayes::learn() {
  const std::vector<std::size_t> rows =
      to_learn_from(past_.problem.objectives, past_.told, most_observations);
  gather(rows);
  if (any_failed_) gather_labels(rows);
  const std::vector<Model*> active = active_models();
  for (Model* model : active) choose_fit(*model);
  tbb::parallel_for(std::size_t{0}, active.size(), [&](std::size_t m) {
    Model& model = *active[m];
    if (model.known >= model.next_fit) {
      fit(model);
      model.next_fit = settings_.growth * model.known;
    }
    model.process.condition(
        past_.encoding.encode(model.points),
        Eigen::Map<const Eigen::VectorXd>(model.values.data(),
                                          static_cast<Eigen::Index>(model.values.size())));
  });
}

void Bayes::fit(Model& model) const {
  std::vector<Point> points;
  Eigen::VectorXd values(static_cast<Eigen::Index>(model.fit_on.size()));
  for (std::size_t i = 0; i < model.fit_on.size(); ++i) {
    points.push_back(model.points[model.fit_on[i]]);
    values[static_cast<Eigen::Index>(i)] = model.values[model.fit_on[i]];
  }
  model.process.fit(past_.encoding.encode(points), values,
                    static_cast<int>(model.fitted ? settings_.steps : settings_.first_steps));
  model.fitted = true;
}

/// New points: mutations of those `around`, or any where there are none.
void Bayes::add_candidates(std::vector<Point>& pool, Seen& taken, std::size_t count,
                           const std::vector<Point>& around) {
  for (std::size_t added = 0, tries = 0; added < count && tries < 4 * count; ++tries) {
    std::optional<Point> point = past_.candidate(around, settings_.mutation);
    if (!point) return;
    if (past_.seen.contains(*point) || !taken.take(*point)) continue;
    pool.push_back(std::move(*point));
    ++added;
  }
}

void Bayes::predict(const std::vector<Point>& pool) {
  const Eigen::MatrixXd encoded = past_.encoding.encode(pool);
  const std::vector<Model*> active = active_models();
  tbb::parallel_for(std::size_t{0}, active.size(), [&](std::size_t m) {
    active[m]->posterior = active[m]->process.predict(encoded);
  });
}

double Bayes::score(std::size_t candidate, const HypervolumeGain* gain) const {
  const auto i = static_cast<Eigen::Index>(candidate);
  double value = 1;
  if (gain != nullptr) {
    std::vector<Prediction> costs;
    for (const Model& model : models_)
      costs.push_back({model.posterior.mean(i), model.posterior.deviation(i)});
    value = (*gain)(costs);
  }
  if (any_failed_)
    value *=
        probability_above_zero(feasibility_.posterior.mean(i), feasibility_.posterior.deviation(i));
  return value;
}

std::vector<double> Bayes::scores(const std::vector<std::size_t>& of) const {
  std::optional<HypervolumeGain> expected;
  if (any_ok_) expected = gain_over(front_);
  std::vector<double> values(of.size());
  tbb::parallel_for(std::size_t{0}, of.size(), [&](std::size_t i) {
    values[i] = score(of[i], expected ? &*expected : nullptr);
  });
  return values;
}

/// From here on, this candidate counts as tried, with what is expected of it.
void Bayes::believe(std::size_t candidate) {
  const auto i = static_cast<Eigen::Index>(candidate);
  std::vector<double> costs;
  for (const Model& model : models_)
    if (any_ok_) costs.push_back(model.posterior.mean(i));
  if (any_ok_) front_.push_back(std::move(costs));
  const std::vector<Model*> active = active_models();
  for (Model* model : active) model->posterior.believe(i);
}

/// The indices with the highest values first, at most `most`.
std::vector<std::size_t> highest(const std::vector<std::size_t>& indices,
                                 const std::vector<double>& values, std::size_t most) {
  std::vector<std::size_t> order(indices.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order,
                           [&](std::size_t a, std::size_t b) { return values[a] > values[b]; });
  order.resize(std::min(order.size(), most));
  for (std::size_t& i : order) i = indices[i];
  return order;
}

std::vector<std::size_t> all(const std::vector<Point>& points) {
  std::vector<std::size_t> indices(points.size());
  std::iota(indices.begin(), indices.end(), std::size_t{0});
  return indices;
}

/// Half of the candidates are from anywhere, half near the best trials; the most promising of them
/// and what is near those are looked at closely.
std::vector<Point> Bayes::batch(std::size_t count) {
  learn();
  front_ = most_spread(best_, most_front);
  std::vector<Point> pool;
  Seen taken;
  add_candidates(pool, taken, settings_.candidates / 2, {});
  add_candidates(pool, taken, settings_.candidates / 2, past_.best());
  if (pool.empty()) return {};
  predict(pool);
  std::vector<Point> best;
  for (const std::size_t i : highest(all(pool), scores(all(pool)), std::max(shortlist, 2 * count)))
    best.push_back(pool[i]);
  const std::vector<Point> promising(
      best.begin(), best.begin() + static_cast<std::ptrdiff_t>(std::min(refined, best.size())));
  add_candidates(best, taken, refined * refinements, promising);
  predict(best);
  std::vector<std::size_t> left =
      highest(all(best), scores(all(best)), std::max(shortlist, 2 * count));
  std::vector<Point> chosen;
  while (chosen.size() < count && !left.empty()) {
    const std::size_t next = highest(left, scores(left), 1)[0];
    chosen.push_back(best[next]);
    believe(next);
    std::erase(left, next);
  }
  return chosen;
}

}  // namespace

AnySearcher make_bayes(const SearchProblem& problem, const YamlNode& settings,
                       Diagnostics& diagnostics) {
  return searcher_with<Bayes, BayesSettings>(problem, settings, diagnostics);
}

SearcherInfo describe_bayes() {
  return searcher_info<BayesSettings>(
      "bayes", "Gaussian processes: the designs from which most is expected, and that are feasible",
      "Jones, Schonlau and Welch, J. Global Optimization 13, 1998; Emmerich, Giannakoglou and "
      "Naujoks, IEEE TEC 10(4), 2006; batches as in Ginsbourger, Le Riche and Carraro, 2010");
}

}  // namespace sluice::searchers
