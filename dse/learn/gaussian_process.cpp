// SPDX-License-Identifier: Apache-2.0
#include "dse/learn/gaussian_process.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <numbers>

namespace sluice {
namespace {

constexpr double usual_log_noise = -9.2;   // log 1e-4 of standardised values: designs do not vary
constexpr double least_log_noise = -13.8;  // log 1e-6: keeps the matrix positive definite

/// |a_i - b_j|^2 for all columns.
Eigen::MatrixXd squared_distances(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b) {
  Eigen::MatrixXd d = -2 * (a.transpose() * b);
  d.colwise() += a.colwise().squaredNorm().transpose();
  d.rowwise() += b.colwise().squaredNorm();
  return d.cwiseMax(0);
}

/// The Matern 5/2 kernel of squared scaled distances.
Eigen::MatrixXd matern(const Eigen::MatrixXd& squared, double signal) {
  const Eigen::ArrayXXd a = (5 * squared.array()).sqrt();
  return (signal * (1 + a + a.square() / 3) * (-a).exp()).matrix();
}

struct Standard {
  double offset = 0, scale = 1;
};

Standard standard_of(const Eigen::VectorXd& y) {
  if (y.size() == 0) return {};
  const double mean = y.mean();
  const double deviation = std::sqrt((y.array() - mean).square().mean());
  return {mean, deviation > 0 ? deviation : 1};
}

}  // namespace

GaussianProcess::GaussianProcess(std::vector<std::size_t> group_of_feature)
    : group_of_feature_(std::move(group_of_feature)), log_noise_(usual_log_noise) {
  const std::size_t groups = group_of_feature_.empty() ? 0 : group_of_feature_.back() + 1;
  log_lengths_ = Eigen::VectorXd::Constant(
      static_cast<Eigen::Index>(groups),
      0.5 * std::log(std::max<double>(1, static_cast<double>(groups))) - 0.5);
}

Eigen::MatrixXd GaussianProcess::scaled(const Eigen::MatrixXd& x) const {
  Eigen::MatrixXd result = x;
  for (std::size_t f = 0; f < group_of_feature_.size(); ++f)
    result.row(static_cast<Eigen::Index>(f)) *=
        std::exp(-log_lengths_[static_cast<Eigen::Index>(group_of_feature_[f])]);
  return result;
}

/// With W = alpha alpha^T - K^-1 the derivative by a hyperparameter t is tr(W dK/dt) / 2
/// (Rasmussen and Williams, equation 5.9). By log l_p, dK is C o D_p with D_p the scaled squared
/// distances of group p and C = 5/3 s^2 (1 + a) exp(-a); their sum with M = W o C is computed as
/// 2 (sum_i (M 1)_i x_i^2 - x^T M x), feature by feature.
double GaussianProcess::log_likelihood(const Eigen::MatrixXd& x, const Eigen::VectorXd& y,
                                       Eigen::VectorXd& gradient) const {
  const Eigen::Index n = y.size(), groups = log_lengths_.size();
  const double signal = std::exp(log_signal_), noise = std::exp(log_noise_);
  const Eigen::MatrixXd z = scaled(x);
  const Eigen::MatrixXd squared = squared_distances(z, z);
  const Eigen::MatrixXd kernel = matern(squared, signal);
  Eigen::MatrixXd noisy = kernel;
  noisy.diagonal().array() += noise;
  const Eigen::LLT<Eigen::MatrixXd> llt(noisy);
  const Eigen::VectorXd alpha = llt.solve(y);
  const Eigen::MatrixXd w = alpha * alpha.transpose() - llt.solve(Eigen::MatrixXd::Identity(n, n));
  const Eigen::ArrayXXd a = (5 * squared.array()).sqrt();
  const Eigen::MatrixXd m = (w.array() * (5.0 / 3.0 * signal * (1 + a) * (-a).exp())).matrix();
  const Eigen::VectorXd sums = m.rowwise().sum();
  const Eigen::MatrixXd mz = m * z.transpose();
  gradient = Eigen::VectorXd::Zero(groups + 2);
  for (std::size_t f = 0; f < group_of_feature_.size(); ++f) {
    const auto row = static_cast<Eigen::Index>(f);
    const Eigen::VectorXd column = z.row(row).transpose();
    gradient[static_cast<Eigen::Index>(group_of_feature_[f])] +=
        sums.dot(column.cwiseAbs2()) - column.dot(mz.col(row));
  }
  gradient[groups] = 0.5 * w.cwiseProduct(kernel).sum();
  gradient[groups + 1] = 0.5 * noise * w.trace();
  const double log_determinant = 2 * llt.matrixLLT().diagonal().array().log().sum();
  return -0.5 *
         (y.dot(alpha) + log_determinant + static_cast<double>(n) * std::log(2 * std::numbers::pi));
}

void GaussianProcess::add_prior(Eigen::VectorXd& gradient) const {
  const Eigen::Index groups = log_lengths_.size();
  const double location =
      std::numbers::sqrt2 + 0.5 * std::log(std::max<double>(1, static_cast<double>(groups)));
  constexpr double length_variance = 3;
  constexpr double noise_variance = 4;
  gradient.head(groups).array() -= (log_lengths_.array() - location) / length_variance;
  gradient[groups] -= log_signal_;
  gradient[groups + 1] -= (log_noise_ - usual_log_noise) / noise_variance;
}

void GaussianProcess::move_hyperparameter(Eigen::Index place, double by) {
  constexpr double widest = 7;  // of logarithms; beyond, a parameter does not matter at all
  const Eigen::Index groups = log_lengths_.size();
  double& value = place < groups ? log_lengths_[place] : place == groups ? log_signal_ : log_noise_;
  value = std::clamp(value + by, place > groups ? least_log_noise : -widest, widest);
}

Eigen::VectorXd GaussianProcess::hyperparameters() const {
  Eigen::VectorXd values(log_lengths_.size() + 2);
  values << log_lengths_, log_signal_, log_noise_;
  return values;
}

void GaussianProcess::set_hyperparameters(const Eigen::VectorXd& values) {
  log_lengths_ = values.head(log_lengths_.size());
  log_signal_ = values[log_lengths_.size()];
  log_noise_ = values[log_lengths_.size() + 1];
}

void GaussianProcess::fit(const Eigen::MatrixXd& x, const Eigen::VectorXd& y, int steps) {
  constexpr double first_step = 0.1, largest_step = 0.5, smallest_step = 1e-3;
  const Eigen::Index groups = log_lengths_.size();
  const Standard standard = standard_of(y);
  const Eigen::VectorXd standardised = (y.array() - standard.offset) / standard.scale;
  Eigen::VectorXd gradient, before = Eigen::VectorXd::Zero(groups + 2);
  Eigen::VectorXd step = Eigen::VectorXd::Constant(groups + 2, first_step);
  for (int i = 0; i < steps; ++i) {
    log_likelihood(x, standardised, gradient);
    add_prior(gradient);
    for (Eigen::Index h = 0; h < groups + 2; ++h) {
      const double product = gradient[h] * before[h];
      if (product > 0) step[h] = std::min(step[h] * 1.2, largest_step);
      if (product < 0) step[h] = std::max(step[h] * 0.5, smallest_step);
      if (product < 0) gradient[h] = 0;
      move_hyperparameter(h, gradient[h] > 0 ? step[h] : gradient[h] < 0 ? -step[h] : 0);
    }
    before = gradient;
  }
}

void GaussianProcess::condition(const Eigen::MatrixXd& x, const Eigen::VectorXd& y) {
  const Standard standard = standard_of(y);
  offset_ = standard.offset;
  scale_ = standard.scale;
  x_ = scaled(x);
  Eigen::MatrixXd kernel = matern(squared_distances(x_, x_), std::exp(log_signal_));
  kernel.diagonal().array() += std::exp(log_noise_);
  const Eigen::LLT<Eigen::MatrixXd> llt(kernel);
  cholesky_ = llt.matrixL();
  reduced_y_ = llt.matrixL().solve(((y.array() - offset_) / scale_).matrix());
}

GaussianProcess::Posterior GaussianProcess::predict(const Eigen::MatrixXd& candidates) const {
  Posterior posterior;
  posterior.offset_ = offset_;
  posterior.scale_ = scale_;
  posterior.signal_ = std::exp(log_signal_);
  posterior.noise_ = std::exp(log_noise_);
  posterior.x_ = scaled(candidates);
  posterior.reduced_ = matern(squared_distances(x_, posterior.x_), posterior.signal_);
  cholesky_.triangularView<Eigen::Lower>().solveInPlace(posterior.reduced_);
  posterior.mean_ = posterior.reduced_.transpose() * reduced_y_;
  posterior.variance_ =
      posterior.signal_ - posterior.reduced_.colwise().squaredNorm().transpose().array();
  return posterior;
}

double GaussianProcess::Posterior::deviation(Eigen::Index i) const {
  return scale_ * std::sqrt(std::max(variance_[i], 1e-12));
}

/// One more row of L^-1 k: the covariance with candidate i, over its deviation with noise.
void GaussianProcess::Posterior::believe(Eigen::Index i) {
  const double deviation = std::sqrt(std::max(variance_[i], 0.0) + noise_);
  const Eigen::MatrixXd chosen = x_.col(i);
  Eigen::VectorXd row = matern(squared_distances(x_, chosen), signal_);
  row -= reduced_.transpose() * reduced_.col(i);
  row /= deviation;
  reduced_.conservativeResize(reduced_.rows() + 1, Eigen::NoChange);
  reduced_.bottomRows<1>() = row.transpose();
  variance_ -= row.cwiseAbs2();
}

}  // namespace sluice
