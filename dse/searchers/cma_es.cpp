// SPDX-License-Identifier: Apache-2.0
// CMA-ES over the ordered parameters, with probabilities for the values of the others.
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "dse/front.hpp"
#include "dse/sampling.hpp"
#include "dse/searcher_info.hpp"

namespace sluice::searchers {
namespace {

struct CmaSettings {
  std::uint64_t population = 0;
  double first_width = 0.3;
  double margin = 0.5;
  double learning = 0.15;
};

template <class Visitor>
void describe(Visitor& v, CmaSettings& s) {
  v.field("population", s.population,
          {.doc = "designs of a generation; 0: 4 + 3 ln(parameters)", .max = 128});
  v.field("first_width", s.first_width,
          {.doc = "standard deviation at the beginning, of a parameter's range",
           .min = 0.05,
           .max = 1});
  v.field(
      "margin", s.margin,
      {.doc = "least standard deviation of an ordered parameter, in values", .min = 0.1, .max = 2});
  v.field("learning", s.learning,
          {.doc = "share of an unordered parameter's probabilities that a generation decides",
           .min = 0.02,
           .max = 0.5});
}

/// A design of a generation, as it was drawn.
struct Sample {
  Point point;
  Eigen::VectorXd place;  ///< coordinates of the ordered parameters, as drawn
  double cost = 0;
};

/// The distribution over ordered parameters (N. Hansen, The CMA evolution strategy: a tutorial,
/// 2016; the letters are its), on coordinates from 0 to 1.
class Gaussian {
 public:
  Gaussian(std::size_t dimension, std::size_t lambda, double width);

  Eigen::VectorXd draw(const Eigen::VectorXd& least, Random& random) const;
  /// `best`: the better half of a generation, best first.
  void update(const std::vector<Eigen::VectorXd>& best);
  void restart(Eigen::VectorXd mean, double width);
  const Eigen::VectorXd& mean() const { return m_; }
  double width() const { return sigma_ * std::sqrt(C_.diagonal().maxCoeff()); }

 private:
  void decompose();

  double n_, mu_eff_, c_sigma_, d_sigma_, c_c_, c_1_, c_mu_, chi_n_;
  Eigen::VectorXd w_, m_, p_sigma_, p_c_, D_;
  Eigen::MatrixXd C_, B_;
  double sigma_;
  int generation_ = 0;
};

/// Tutorial, table 1, with positive weights only.
Gaussian::Gaussian(std::size_t dimension, std::size_t lambda, double width)
    : n_(static_cast<double>(dimension)), sigma_(width) {
  const auto mu = static_cast<Eigen::Index>(lambda / 2);
  w_.resize(mu);
  for (Eigen::Index i = 0; i < mu; ++i)
    w_[i] = std::log((static_cast<double>(lambda) + 1) / 2) - std::log(static_cast<double>(i + 1));
  w_ /= w_.sum();
  mu_eff_ = 1 / w_.squaredNorm();
  c_sigma_ = (mu_eff_ + 2) / (n_ + mu_eff_ + 5);
  d_sigma_ = 1 + 2 * std::max(0.0, std::sqrt((mu_eff_ - 1) / (n_ + 1)) - 1) + c_sigma_;
  c_c_ = (4 + mu_eff_ / n_) / (n_ + 4 + 2 * mu_eff_ / n_);
  c_1_ = 2 / ((n_ + 1.3) * (n_ + 1.3) + mu_eff_);
  c_mu_ = std::min(1 - c_1_, 2 * (mu_eff_ - 2 + 1 / mu_eff_) / ((n_ + 2) * (n_ + 2) + mu_eff_));
  chi_n_ = std::sqrt(n_) * (1 - 1 / (4 * n_) + 1 / (21 * n_ * n_));
  restart(Eigen::VectorXd::Constant(static_cast<Eigen::Index>(dimension), 0.5), width);
}

void Gaussian::restart(Eigen::VectorXd mean, double width) {
  const Eigen::Index n = mean.size();
  m_ = std::move(mean);
  sigma_ = width;
  p_sigma_ = p_c_ = Eigen::VectorXd::Zero(n);
  C_ = Eigen::MatrixXd::Identity(n, n);
  generation_ = 0;
  decompose();
}

void Gaussian::decompose() {
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(C_);
  B_ = eigen.eigenvectors();
  D_ = eigen.eigenvalues().cwiseMax(1e-12).cwiseSqrt();
}

/// No parameter is drawn with less than its least deviation, so that its neighbours stay within
/// reach (R. Hamano and others, CMA-ES with margin, GECCO 2022, on why).
Eigen::VectorXd Gaussian::draw(const Eigen::VectorXd& least, Random& random) const {
  Eigen::VectorXd z(m_.size());
  for (Eigen::Index i = 0; i < z.size(); ++i) z[i] = random.normal();
  Eigen::VectorXd x = m_ + sigma_ * (B_ * D_.cwiseProduct(z));
  for (Eigen::Index i = 0; i < z.size(); ++i) {
    const double deviation = sigma_ * std::sqrt(C_(i, i));
    const double lacking = least[i] * least[i] - deviation * deviation;
    if (lacking > 0) x[i] += std::sqrt(lacking) * random.normal();
  }
  return x.cwiseMax(0).cwiseMin(1);
}

void Gaussian::update(const std::vector<Eigen::VectorXd>& best) {
  ++generation_;
  Eigen::VectorXd y_w = Eigen::VectorXd::Zero(m_.size());
  std::vector<Eigen::VectorXd> y;
  for (std::size_t i = 0; i < best.size(); ++i) {
    y.push_back((best[i] - m_) / sigma_);
    y_w += w_[static_cast<Eigen::Index>(i)] * y.back();
  }
  m_ += sigma_ * y_w;
  const Eigen::VectorXd whitened = B_ * (B_.transpose() * y_w).cwiseQuotient(D_);
  p_sigma_ = (1 - c_sigma_) * p_sigma_ + std::sqrt(c_sigma_ * (2 - c_sigma_) * mu_eff_) * whitened;
  const double length = p_sigma_.norm();
  const double unbiased = length / std::sqrt(1 - std::pow(1 - c_sigma_, 2.0 * generation_));
  const double h = unbiased < (1.4 + 2 / (n_ + 1)) * chi_n_ ? 1 : 0;
  p_c_ = (1 - c_c_) * p_c_ + h * std::sqrt(c_c_ * (2 - c_c_) * mu_eff_) * y_w;
  const double kept = 1 - c_1_ - c_mu_ + (1 - h) * c_1_ * c_c_ * (2 - c_c_);
  C_ = kept * C_ + c_1_ * p_c_ * p_c_.transpose();
  for (std::size_t i = 0; i < y.size(); ++i)
    C_ += c_mu_ * w_[static_cast<Eigen::Index>(i)] * y[i] * y[i].transpose();
  sigma_ = std::min(1.0, sigma_ * std::exp(c_sigma_ / d_sigma_ * (length / chi_n_ - 1)));
  decompose();
}

/// Probabilities of the values of one parameter without an order. Of domains of very many values
/// (orders of many items) a value is drawn uniformly or kept from the best.
struct Words {
  std::size_t parameter = 0;
  std::uint64_t size = 1;
  std::vector<double> probabilities;
};

class CmaEs {
 public:
  CmaEs(const SearchProblem& problem, const CmaSettings& settings);

  std::vector<Point> ask(std::size_t count) {
    return distinct(problem_.space, count, seen_, random_, [&] { return draw(); });
  }
  void tell(std::span<const Trial> trials);

 private:
  std::optional<Point> draw();
  std::uint64_t draw(const Words& words);
  void add(Sample sample);
  void update();
  void restart();

  SearchProblem problem_;
  CmaSettings settings_;
  Random random_;
  Scalariser scalariser_;
  Seen seen_;
  std::vector<std::size_t> ordered_;
  std::vector<Words> words_;
  std::size_t lambda_;
  Eigen::VectorXd least_;
  Gaussian gaussian_;
  std::map<Point, double> costs_;    ///< of all that was told
  std::map<Point, Sample> pending_;  ///< asked and not told
  std::vector<Sample> generation_;
  std::size_t known_ = 0;  ///< samples of the generation that were told long ago
};

constexpr std::uint64_t most_words = 4096;

CmaEs::CmaEs(const SearchProblem& problem, const CmaSettings& settings)
    : problem_(problem),
      settings_(settings),
      random_(problem.seed),
      scalariser_(problem.objectives, problem.scalarisation),
      lambda_(4),
      gaussian_(1, 4, 0.3) {
  const std::vector<SpaceParameter>& parameters = problem.space.parameters;
  for (std::size_t p = 0; p < parameters.size(); ++p) {
    const std::uint64_t size = size_of(parameters[p].domain);
    if (is_ordered(parameters[p].domain)) {
      ordered_.push_back(p);
    } else {
      const std::size_t tabulated = size <= most_words ? size : 0;
      words_.push_back({p, size, std::vector<double>(tabulated, 1 / static_cast<double>(size))});
    }
  }
  const auto n = static_cast<double>(std::max<std::size_t>(1, parameters.size()));
  lambda_ = std::max<std::size_t>(4, settings.population > 0
                                         ? settings.population
                                         : 4 + static_cast<std::size_t>(3 * std::log(n)));
  least_.resize(static_cast<Eigen::Index>(ordered_.size()));
  for (std::size_t i = 0; i < ordered_.size(); ++i)
    least_[static_cast<Eigen::Index>(i)] =
        settings.margin / static_cast<double>(size_of(parameters[ordered_[i]].domain));
  gaussian_ = Gaussian(std::max<std::size_t>(1, ordered_.size()), lambda_, settings.first_width);
}

std::uint64_t CmaEs::draw(const Words& words) {
  if (words.probabilities.empty()) return random_.below(words.size);
  double left = random_.unit();
  for (std::uint64_t i = 0; i + 1 < words.size; ++i)
    if ((left -= words.probabilities[i]) < 0) return i;
  return words.size - 1;
}

/// A new point of the present distribution. Points whose costs are known count as told again, for
/// nothing; a generation of which all are known begins anew elsewhere.
std::optional<Point> CmaEs::draw() {
  for (int i = 0; i < most_draws; ++i) {
    Sample sample;
    sample.place = gaussian_.draw(ordered_.empty() ? Eigen::VectorXd::Zero(1) : least_, random_);
    sample.point.digits.assign(problem_.space.parameters.size(), 0);
    for (std::size_t o = 0; o < ordered_.size(); ++o)
      sample.point.digits[ordered_[o]] = index_at(problem_.space.parameters[ordered_[o]].domain,
                                                  sample.place[static_cast<Eigen::Index>(o)]);
    for (const Words& words : words_) sample.point.digits[words.parameter] = draw(words);
    sample.point = canonical(problem_.space, std::move(sample.point));
    if (!broken_constraint(problem_.space, sample.point).empty()) continue;
    if (const auto known = costs_.find(sample.point); known != costs_.end()) {
      sample.cost = known->second;
      ++known_;
      add(std::move(sample));
      continue;
    }
    if (seen_.contains(sample.point)) continue;
    Point point = sample.point;
    pending_[point] = std::move(sample);
    return point;
  }
  return std::nullopt;
}

void CmaEs::tell(std::span<const Trial> trials) {
  for (const Trial& trial : trials) {
    const double cost = scalariser_.tell(trial.result);
    costs_[trial.point] = cost;
    const auto asked = pending_.find(trial.point);
    if (asked == pending_.end()) continue;
    Sample sample = std::move(asked->second);
    pending_.erase(asked);
    sample.cost = cost;
    add(std::move(sample));
  }
}

void CmaEs::add(Sample sample) {
  generation_.push_back(std::move(sample));
  if (generation_.size() < lambda_) return;
  const bool converged = known_ == lambda_ || gaussian_.width() < 1e-3;
  if (converged)
    restart();
  else
    update();
  generation_.clear();
  known_ = 0;
}

/// A mean at random; the unordered parameters are uniform again.
void CmaEs::restart() {
  Eigen::VectorXd mean(gaussian_.mean().size());
  for (Eigen::Index i = 0; i < mean.size(); ++i) mean[i] = random_.unit();
  gaussian_.restart(std::move(mean), settings_.first_width);
  for (Words& words : words_)
    std::ranges::fill(words.probabilities, 1 / static_cast<double>(words.size));
}

/// Trials that are not ok have infinite costs and come last; among equals the order is that of
/// telling. The probabilities of values move towards their shares among the better half (S. Baluja,
/// Population-based incremental learning, 1994), and keep a tenth of a uniform share.
void CmaEs::update() {
  std::ranges::stable_sort(generation_,
                           [](const Sample& a, const Sample& b) { return a.cost < b.cost; });
  if (!std::isfinite(generation_[0].cost)) return;
  const std::size_t mu = lambda_ / 2;
  std::vector<Eigen::VectorXd> best;
  for (std::size_t i = 0; i < mu; ++i) best.push_back(generation_[i].place);
  gaussian_.update(best);
  for (Words& words : words_) {
    const auto size = static_cast<double>(words.size);
    for (std::uint64_t value = 0; value < words.probabilities.size(); ++value) {
      double share = 0;
      for (std::size_t i = 0; i < mu; ++i)
        if (generation_[i].point.digits[words.parameter] == value)
          share += 1 / static_cast<double>(mu);
      double& probability = words.probabilities[value];
      probability += settings_.learning * (0.9 * share + 0.1 / size - probability);
    }
  }
}

}  // namespace

AnySearcher make_cma_es(const SearchProblem& problem, const YamlNode& settings,
                        Diagnostics& diagnostics) {
  return searcher_with<CmaEs, CmaSettings>(problem, settings, diagnostics);
}

SearcherInfo describe_cma_es() {
  return searcher_info<CmaSettings>(
      "cma_es", "a normal distribution over ordered parameters that adapts, one number",
      "Hansen and Ostermeier, Evolutionary Computation 9(2), 2001; Hansen's tutorial, 2016; "
      "unordered parameters as in Baluja, 1994");
}

}  // namespace sluice::searchers
