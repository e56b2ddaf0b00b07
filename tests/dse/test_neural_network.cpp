// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cmath>

#include "dse/learn/neural_network.hpp"

namespace sluice {
namespace {

TEST_CASE("a network learns what no line separates, whatever the seed") {
  Eigen::MatrixXd inputs(2, 4);
  inputs << 0, 0, 1, 1, 0, 1, 0, 1;
  const Eigen::RowVector4d wanted(0, 1, 1, 0);
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    NeuralNetwork network({2, 16, 16, 1}, random);
    CHECK(network(inputs).cwiseAbs().maxCoeff() < 0.1);
    for (int i = 0; i < 400; ++i)
      network.descend(
          inputs, [&](const Eigen::MatrixXd& y) { return Eigen::MatrixXd(y - wanted); }, 0.01);
    CHECK((network(inputs) - wanted).cwiseAbs().maxCoeff() < 0.1);
  }
}

TEST_CASE("the first step of Adam moves every output down its gradient") {
  Random random(3);
  NeuralNetwork network({3, 8, 2}, random);
  const Eigen::MatrixXd inputs = Eigen::MatrixXd::Constant(3, 1, 0.7);
  const Eigen::MatrixXd before = network(inputs);
  network.descend(
      inputs, [](const Eigen::MatrixXd&) { return Eigen::MatrixXd(Eigen::Vector2d(1, -1)); }, 1e-3);
  const Eigen::MatrixXd after = network(inputs);
  CHECK(after(0) < before(0));
  CHECK(after(1) > before(1));
}

}  // namespace
}  // namespace sluice
