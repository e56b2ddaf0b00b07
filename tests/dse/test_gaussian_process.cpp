// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cmath>

#include "dse/learn/gaussian_process.hpp"
#include "dse/random.hpp"

namespace sluice {
namespace {

/// Features of three parameters, the second of two features.
const std::vector<std::size_t> groups = {0, 1, 1, 2};

Eigen::MatrixXd random_matrix(Eigen::Index columns, std::uint64_t seed) {
  Random random(seed);
  Eigen::MatrixXd x(4, columns);
  for (Eigen::Index i = 0; i < x.size(); ++i) x.data()[i] = random.unit();
  return x;
}

/// Depends on the first two parameters only.
Eigen::VectorXd values(const Eigen::MatrixXd& x) {
  Eigen::VectorXd y(x.cols());
  for (Eigen::Index i = 0; i < x.cols(); ++i)
    y[i] = 100 + 7 * std::sin(4 * x(0, i)) + 2 * x(1, i) * x(2, i);
  return y;
}

TEST_CASE("the gradient of the likelihood is what differences say") {
  const Eigen::MatrixXd x = random_matrix(12, 1);
  const Eigen::VectorXd y = (values(x).array() - 100) / 7;
  GaussianProcess process(groups);
  Eigen::VectorXd gradient, ignored;
  process.log_likelihood(x, y, gradient);
  REQUIRE(gradient.size() == 5);
  for (Eigen::Index h = 0; h < gradient.size(); ++h) {
    CAPTURE(h);
    constexpr double step = 1e-5;
    GaussianProcess above = process, below = process;
    above.move_hyperparameter(h, step);
    below.move_hyperparameter(h, -step);
    const double difference =
        (above.log_likelihood(x, y, ignored) - below.log_likelihood(x, y, ignored)) / (2 * step);
    CHECK(gradient[h] == doctest::Approx(difference).epsilon(1e-4));
  }
}

TEST_CASE("observations are met, and what lies between is predicted within its deviation") {
  const Eigen::MatrixXd x = random_matrix(60, 2);
  GaussianProcess process(groups);
  process.fit(x, values(x), 40);
  process.condition(x, values(x));
  const auto at = process.predict(x);
  for (Eigen::Index i = 0; i < x.cols(); ++i)
    CHECK(at.mean(i) == doctest::Approx(values(x)[i]).epsilon(1e-3));
  const Eigen::MatrixXd others = random_matrix(200, 3);
  const auto posterior = process.predict(others);
  int within = 0;
  double squares = 0;
  for (Eigen::Index i = 0; i < others.cols(); ++i) {
    const double error = posterior.mean(i) - values(others)[i];
    squares += error * error;
    if (std::abs(error) < 2 * posterior.deviation(i)) ++within;
  }
  CHECK(std::sqrt(squares / 200) < 0.35);  // of values that spread over 9
  CHECK(within > 170);
  CHECK(process.log_lengths()[2] > process.log_lengths()[0] + 1);  // the third does not matter
}

TEST_CASE("believing a candidate is conditioning on its mean") {
  const Eigen::MatrixXd x = random_matrix(20, 4), candidates = random_matrix(5, 5);
  GaussianProcess process(groups);
  process.fit(x, values(x), 10);
  process.condition(x, values(x));
  auto posterior = process.predict(candidates);
  const double before = posterior.deviation(1);
  Eigen::MatrixXd more(4, 21);
  more << x, candidates.col(2);
  Eigen::VectorXd y(21);
  y << values(x), posterior.mean(2);
  posterior.believe(2);
  // The values' spread changes a little with one more of them; their ratio does not.
  GaussianProcess longer = process;
  longer.condition(more, y);
  const auto conditioned = longer.predict(candidates);
  for (Eigen::Index i = 0; i < 5; ++i) {
    CHECK(posterior.mean(i) == doctest::Approx(conditioned.mean(i)).epsilon(1e-4));
    CHECK(posterior.deviation(i) / before ==
          doctest::Approx(conditioned.deviation(i) / conditioned.deviation(1) *
                          posterior.deviation(1) / before)
              .epsilon(1e-3));
  }
  CHECK(posterior.deviation(1) <= before);
}

TEST_CASE("equal values and a single observation are no trouble") {
  const Eigen::MatrixXd x = random_matrix(6, 6);
  GaussianProcess process(groups);
  process.fit(x, Eigen::VectorXd::Constant(6, 3.5), 20);
  process.condition(x, Eigen::VectorXd::Constant(6, 3.5));
  CHECK(process.predict(x).mean(0) == doctest::Approx(3.5));
  process.condition(x.leftCols(1), Eigen::VectorXd::Constant(1, 2.5));
  CHECK(process.predict(x).mean(5) == doctest::Approx(2.5));
}

}  // namespace
}  // namespace sluice
