// SPDX-License-Identifier: Apache-2.0
// What a proxy learns with: regressions of several outputs over the same inputs, which say how sure
// they are.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <variant>
#include <vector>

#include "dse/learn/forest.hpp"
#include "dse/learn/gaussian_process.hpp"
#include "dse/learn/neural_network.hpp"
#include "dse/proxy/kind.hpp"

namespace sluice {

/// A forest an output.
struct Forests {
  std::vector<Forest> outputs;
};

/// Networks that differ in how they began, each with all outputs; what they disagree about is not
/// known (B. Lakshminarayanan, A. Pritzel and C. Blundell, Deep ensembles, NeurIPS 2017).
struct Networks {
  std::vector<NeuralNetwork> members;
};

/// A process an output, over at most most_observations of what there was to learn from.
struct Processes {
  static constexpr Eigen::Index most_observations = 1000;
  Eigen::MatrixXd x, y;  ///< the observations, a column each
  std::vector<std::size_t> group_of_feature;
  std::vector<GaussianProcess> outputs;

  /// Takes x and y for what the processes know.
  void condition();
};

using ProxyModel = std::variant<Forests, Networks, Processes>;

/// Learns `y`, a row an output of zero mean, from `x`, whose values are between 0 and 1; a column
/// an observation in both. `group_of_feature` as in gaussian_process.hpp. The same on any number of
/// threads.
ProxyModel fit_model(ProxyKind kind, const Eigen::MatrixXd& x, const Eigen::MatrixXd& y,
                     const std::vector<std::size_t>& group_of_feature, std::uint64_t seed);

/// Means and standard deviations, a row an output, a column a point.
struct Estimates {
  Eigen::MatrixXd mean, deviation;
};
Estimates estimate(const ProxyModel& model, const Eigen::MatrixXd& x);

}  // namespace sluice
