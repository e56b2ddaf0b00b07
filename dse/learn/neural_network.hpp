// SPDX-License-Identifier: Apache-2.0
// A small neural network: dense layers with tanh between them, trained by Adam.
#pragma once

#include <Eigen/Core>
#include <functional>
#include <vector>

#include "dse/random.hpp"

namespace sluice {

/// D. Kingma and J. Ba, Adam, ICLR 2015, with its usual decays 0.9 and 0.999.
class NeuralNetwork {
 public:
  /// `sizes`: of inputs, hidden layers and outputs. Weights are uniform within
  /// sqrt(6 / (inputs + outputs)) (X. Glorot and Y. Bengio, AISTATS 2010), of the last layer a
  /// hundredth of that, so that outputs are nearly 0 at first.
  NeuralNetwork(const std::vector<Eigen::Index>& sizes, Random& random);

  struct Dense {
    Eigen::MatrixXd weights;  ///< a row an output
    Eigen::VectorXd biases;
  };
  /// One with the weights of another, of at least one layer; each takes what the one before gives.
  explicit NeuralNetwork(const std::vector<Dense>& layers);
  std::vector<Dense> layers() const;

  /// Outputs, one column an input.
  Eigen::MatrixXd operator()(const Eigen::MatrixXd& inputs) const;

  /// One step against the gradient of a loss. `gradient` gives the derivative of the loss by the
  /// outputs, of their shape.
  void descend(const Eigen::MatrixXd& inputs,
               const std::function<Eigen::MatrixXd(const Eigen::MatrixXd& outputs)>& gradient,
               double rate);

 private:
  /// A matrix with the two moments of its gradient.
  struct Weights {
    Eigen::MatrixXd value, first, second;
  };
  struct Layer {
    Weights weights, biases;
  };
  void step(Weights& weights, const Eigen::MatrixXd& gradient, double rate) const;
  std::vector<Eigen::MatrixXd> activations(const Eigen::MatrixXd& inputs) const;

  std::vector<Layer> layers_;
  int steps_ = 0;
};

}  // namespace sluice
