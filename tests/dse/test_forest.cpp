// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cmath>

#include "dse/learn/forest.hpp"

namespace sluice {
namespace {

Eigen::MatrixXd random_matrix(Eigen::Index columns, Random& random) {
  Eigen::MatrixXd x(3, columns);
  for (Eigen::Index i = 0; i < x.size(); ++i) x.data()[i] = random.unit();
  return x;
}

/// A step in the first feature whose height depends on the second; the third does not matter.
double value(const Eigen::VectorXd& x) { return x[0] < 0.5 ? 1000 : 1000 + 5 * x[1]; }

TEST_CASE("a forest learns a step and an interaction") {
  Random random(1);
  const Eigen::MatrixXd x = random_matrix(400, random), others = random_matrix(200, random);
  Eigen::VectorXd y(400);
  for (Eigen::Index i = 0; i < 400; ++i) y[i] = value(x.col(i));
  const Forest forest(x, y, {}, random);
  double squares = 0;
  for (Eigen::Index i = 0; i < 200; ++i) {
    const double error = forest.predict(others.col(i)).mean - value(others.col(i));
    squares += error * error;
  }
  CHECK(std::sqrt(squares / 200) < 0.4);  // of values whose deviation is 1.6
}

TEST_CASE("where observations are certain the deviation is nothing, far from them it is not") {
  Random random(2);
  Eigen::MatrixXd x(1, 3);
  x << 0, 0.1, 1;
  Eigen::VectorXd y(3);
  y << 1, 1, 5;
  const Forest forest(x, y, {.least_split = 2}, random);
  CHECK(forest.predict(x.col(0)).mean == doctest::Approx(1));
  CHECK(forest.predict(x.col(0)).deviation < 1e-6);
  CHECK(forest.predict(Eigen::VectorXd::Constant(1, 0.6)).deviation > 1);
}

TEST_CASE("one observation is a leaf, and a seed decides all") {
  Random a(3), b(3);
  const Eigen::MatrixXd x = Eigen::MatrixXd::Constant(2, 1, 0.5);
  CHECK(Forest(x, Eigen::VectorXd::Constant(1, 7), {}, a).predict(x.col(0)).mean == 7);
  Random c(4), d(4);
  const Eigen::MatrixXd many = random_matrix(50, c);
  random_matrix(50, d);
  const Forest one(many, many.row(0).transpose(), {}, c), two(many, many.row(0).transpose(), {}, d);
  CHECK(one.predict(many.col(3)).mean == two.predict(many.col(3)).mean);
}

}  // namespace
}  // namespace sluice
