// SPDX-License-Identifier: Apache-2.0
// Gaussian process regression over encoded points: what a value will be, and how sure that is.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <span>
#include <vector>

namespace sluice {

/// Zero mean and the Matern 5/2 kernel with one length scale a parameter (automatic relevance
/// determination):
///
///   k(x, y) = s^2 (1 + a + a^2 / 3) exp(-a),   a^2 = 5 sum_p |x_p - y_p|^2 / l_p^2
///
/// plus noise on the diagonal (C. Rasmussen and C. Williams, Gaussian processes for machine
/// learning, 2006, equations 4.17 and 2.23-2.26). Values are standardised inside.
class GaussianProcess {
 public:
  /// `group_of_feature`: ascending from 0; features of one group share their length scale.
  explicit GaussianProcess(std::vector<std::size_t> group_of_feature);

  /// Raises the posterior density of the hyperparameters by `steps` of Rprop (M. Blum and M.
  /// Riedmiller, ESANN 2013), from where the last fit ended. Prior of length scales: log-normal
  /// with location sqrt(2) + log(groups) / 2 and scale sqrt(3) (C. Hvarfner, E. Hellsten and L.
  /// Nardi, ICML 2024). `x`: one column an observation. Costs n^3 a step.
  void fit(const Eigen::MatrixXd& x, const Eigen::VectorXd& y, int steps);

  /// Takes these observations for what is known. Costs n^3 once.
  void condition(const Eigen::MatrixXd& x, const Eigen::VectorXd& y);

  /// What is known of some candidates, one column each; observations can be added to it.
  class Posterior {
   public:
    /// In the units of y.
    double mean(Eigen::Index i) const { return offset_ + scale_ * mean_[i]; }
    /// Of the value without noise.
    double deviation(Eigen::Index i) const;
    /// Candidate `i` was observed to be its mean ("kriging believer", D. Ginsbourger, R. Le Riche
    /// and L. Carraro, 2010): the means stay, the deviations shrink.
    void believe(Eigen::Index i);

   private:
    friend class GaussianProcess;
    Eigen::MatrixXd x_;        ///< scaled candidates
    Eigen::MatrixXd reduced_;  ///< L^-1 k(x, candidates)
    Eigen::VectorXd mean_;
    Eigen::VectorXd variance_;
    double offset_ = 0, scale_ = 1, signal_ = 1, noise_ = 0;
  };
  Posterior predict(const Eigen::MatrixXd& candidates) const;

  const Eigen::VectorXd& log_lengths() const { return log_lengths_; }
  /// All hyperparameters in the order of the gradient below.
  Eigen::VectorXd hyperparameters() const;
  void set_hyperparameters(const Eigen::VectorXd& values);
  /// The logarithm of the marginal likelihood of standardised values, and its gradient by the
  /// logarithms of the lengths, of s^2 and of the noise's variance, in this order.
  double log_likelihood(const Eigen::MatrixXd& x, const Eigen::VectorXd& y,
                        Eigen::VectorXd& gradient) const;
  /// Adds to the hyperparameter of that place in the gradient.
  void move_hyperparameter(Eigen::Index place, double by);

 private:
  Eigen::MatrixXd scaled(const Eigen::MatrixXd& x) const;
  void add_prior(Eigen::VectorXd& gradient) const;

  std::vector<std::size_t> group_of_feature_;
  Eigen::VectorXd log_lengths_;
  double log_signal_ = 0;
  double log_noise_;

  Eigen::MatrixXd x_;         ///< scaled observations
  Eigen::MatrixXd cholesky_;  ///< lower triangle
  Eigen::VectorXd reduced_y_;
  double offset_ = 0, scale_ = 1;
};

}  // namespace sluice
