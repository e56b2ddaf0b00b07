// SPDX-License-Identifier: Apache-2.0
// Regression by extremely randomised trees: steps and interactions that a smooth model does not
// see, at a cost that grows little faster than the number of observations.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <utility>
#include <vector>

#include "dse/learn/hypervolume_gain.hpp"
#include "dse/random.hpp"

namespace sluice {

struct ForestSettings {
  std::uint64_t trees = 48;
  double tried_features = 0.7;    ///< share of the features that a split chooses from
  std::uint64_t least_split = 3;  ///< observations of a node that is still split
};

/// P. Geurts, D. Ernst and L. Wehenkel, Machine Learning 63, 2006: every tree sees all
/// observations; a split is the best of one random threshold for each of some random features.
class Forest {
 public:
  struct Node {
    Eigen::Index feature = -1;   ///< -1: a leaf
    double threshold = 0;        ///< below it, the first child
    std::uint32_t children = 0;  ///< index of the first; the second stands behind it
    double value = 0;            ///< of a leaf
  };
  using Tree = std::vector<Node>;  ///< from the root

  /// `x`: one column an observation. At least one.
  Forest(const Eigen::MatrixXd& x, const Eigen::VectorXd& y, const ForestSettings& settings,
         Random& random);
  /// One that was grown before. Children stand behind their parent, features are there.
  explicit Forest(std::vector<Tree> trees) : trees_(std::move(trees)) {}

  const std::vector<Tree>& trees() const { return trees_; }

  /// Mean and standard deviation over the trees.
  Prediction predict(const Eigen::Ref<const Eigen::VectorXd>& features) const;

 private:
  struct Split {
    Eigen::Index feature = -1;
    double threshold = 0, error = 0;
  };
  class Builder;

  double value(const Tree& tree, const Eigen::Ref<const Eigen::VectorXd>& x) const;
  std::vector<Tree> trees_;
};

}  // namespace sluice
