// SPDX-License-Identifier: Apache-2.0
#include "dse/learn/neural_network.hpp"

#include <cmath>

namespace sluice {

NeuralNetwork::NeuralNetwork(const std::vector<Eigen::Index>& sizes, Random& random) {
  for (std::size_t l = 0; l + 1 < sizes.size(); ++l) {
    const Eigen::Index in = sizes[l], out = sizes[l + 1];
    const bool is_last = l + 2 == sizes.size();
    const double bound = std::sqrt(6 / static_cast<double>(in + out)) * (is_last ? 0.01 : 1);
    Eigen::MatrixXd values(out, in);
    for (Eigen::Index i = 0; i < values.size(); ++i)
      values.data()[i] = bound * (2 * random.unit() - 1);
    const Eigen::MatrixXd zero = Eigen::MatrixXd::Zero(out, in);
    const Eigen::MatrixXd none = Eigen::MatrixXd::Zero(out, 1);
    layers_.push_back({{values, zero, zero}, {none, none, none}});
  }
}

NeuralNetwork::NeuralNetwork(const std::vector<Dense>& layers) {
  const auto still = [](const Eigen::MatrixXd& value) {
    const Eigen::MatrixXd zero = Eigen::MatrixXd::Zero(value.rows(), value.cols());
    return Weights{value, zero, zero};
  };
  for (const Dense& layer : layers) layers_.push_back({still(layer.weights), still(layer.biases)});
}

std::vector<NeuralNetwork::Dense> NeuralNetwork::layers() const {
  std::vector<Dense> layers;
  for (const Layer& layer : layers_)
    layers.push_back({layer.weights.value, layer.biases.value.col(0)});
  return layers;
}

/// The inputs, and what comes out of each layer.
std::vector<Eigen::MatrixXd> NeuralNetwork::activations(const Eigen::MatrixXd& inputs) const {
  std::vector<Eigen::MatrixXd> all = {inputs};
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    Eigen::MatrixXd next = layers_[l].weights.value * all.back();
    next.colwise() += layers_[l].biases.value.col(0);
    if (l + 1 < layers_.size()) next = next.array().tanh().matrix();
    all.push_back(std::move(next));
  }
  return all;
}

Eigen::MatrixXd NeuralNetwork::operator()(const Eigen::MatrixXd& inputs) const {
  return activations(inputs).back();
}

void NeuralNetwork::step(Weights& weights, const Eigen::MatrixXd& gradient, double rate) const {
  constexpr double decay_first = 0.9, decay_second = 0.999, least = 1e-8;
  weights.first = decay_first * weights.first + (1 - decay_first) * gradient;
  weights.second = decay_second * weights.second + (1 - decay_second) * gradient.cwiseAbs2();
  const double unbias_first = 1 - std::pow(decay_first, steps_);
  const double unbias_second = 1 - std::pow(decay_second, steps_);
  weights.value.array() -= rate * (weights.first.array() / unbias_first) /
                           ((weights.second.array() / unbias_second).sqrt() + least);
}

void NeuralNetwork::descend(const Eigen::MatrixXd& inputs,
                            const std::function<Eigen::MatrixXd(const Eigen::MatrixXd&)>& gradient,
                            double rate) {
  const std::vector<Eigen::MatrixXd> all = activations(inputs);
  Eigen::MatrixXd by_output = gradient(all.back());
  ++steps_;
  for (std::size_t l = layers_.size(); l-- > 0;) {
    const Eigen::MatrixXd by_weights = by_output * all[l].transpose();
    const Eigen::MatrixXd by_biases = by_output.rowwise().sum();
    if (l > 0)
      by_output = ((layers_[l].weights.value.transpose() * by_output).array() *
                   (1 - all[l].array().square()))
                      .matrix();
    step(layers_[l].weights, by_weights, rate);
    step(layers_[l].biases, by_biases, rate);
  }
}

}  // namespace sluice
