// SPDX-License-Identifier: Apache-2.0
#include "dse/learn/forest.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

namespace sluice {

class Forest::Builder {
 public:
  Builder(const Eigen::MatrixXd& x, const Eigen::VectorXd& y, const ForestSettings& settings,
          Random& random)
      : x_(x.transpose()), y_(y), settings_(settings), random_(random) {
    const double tried = settings.tried_features * static_cast<double>(x.rows());
    tried_ = std::max<std::size_t>(1, static_cast<std::size_t>(std::ceil(tried)));
    features_.resize(static_cast<std::size_t>(x.rows()));
    std::iota(features_.begin(), features_.end(), Eigen::Index{0});
  }

  Tree tree() {
    std::vector<Eigen::Index> all(static_cast<std::size_t>(x_.rows()));
    std::iota(all.begin(), all.end(), Eigen::Index{0});
    nodes_.assign(1, {});
    grow(0, all);
    return std::move(nodes_);
  }

 private:
  void grow(std::size_t node, std::span<Eigen::Index> members) {
    double sum = 0;
    for (const Eigen::Index i : members) sum += y_[i];
    nodes_[node].value = sum / static_cast<double>(members.size());
    if (members.size() < settings_.least_split) return;
    const Split split = best_split(members);
    if (split.feature < 0) return;
    const auto middle = std::partition(members.begin(), members.end(), [&](Eigen::Index i) {
      return x_(i, split.feature) < split.threshold;
    });
    const auto below = static_cast<std::size_t>(middle - members.begin());
    const std::size_t children = nodes_.size();
    nodes_.resize(children + 2);
    nodes_[node].feature = split.feature;
    nodes_[node].threshold = split.threshold;
    nodes_[node].children = static_cast<std::uint32_t>(children);
    grow(children, members.first(below));
    grow(children + 1, members.subspan(below));
  }

  /// Of features that differ within the members; none when no feature does.
  Split best_split(std::span<const Eigen::Index> members) {
    Split best;
    std::size_t tried = 0;
    for (std::size_t left = features_.size(); left > 0 && tried < tried_; --left) {
      std::swap(features_[left - 1], features_[random_.below(left)]);
      const Eigen::Index feature = features_[left - 1];
      double low = x_(members[0], feature), high = low;
      for (const Eigen::Index i : members) {
        low = std::min(low, x_(i, feature));
        high = std::max(high, x_(i, feature));
      }
      if (!(low < high)) continue;
      ++tried;
      const double threshold = high - random_.unit() * (high - low);  // above low
      const double error = error_of(members, feature, threshold);
      if (best.feature < 0 || error < best.error) best = {feature, threshold, error};
    }
    return best;
  }

  /// The sum of squares within both parts, but for a term that all splits share.
  double error_of(std::span<const Eigen::Index> members, Eigen::Index feature,
                  double threshold) const {
    double count = 0, low = 0, high = 0;
    for (const Eigen::Index i : members) {  // without branches: half of them would be mistaken
      const bool is_low = x_(i, feature) < threshold;
      count += is_low ? 1.0 : 0.0;
      low += is_low ? y_[i] : 0.0;
      high += is_low ? 0.0 : y_[i];
    }
    return -low * low / count - high * high / (static_cast<double>(members.size()) - count);
  }

  const Eigen::MatrixXd x_;  ///< one row an observation: a feature's values stand together
  const Eigen::VectorXd& y_;
  const ForestSettings& settings_;
  Random& random_;
  std::size_t tried_ = 1;
  std::vector<Eigen::Index> features_;
  Tree nodes_;
};

Forest::Forest(const Eigen::MatrixXd& x, const Eigen::VectorXd& y, const ForestSettings& settings,
               Random& random) {
  const double offset = y.mean();  // sums of squares lose no digits to it
  const Eigen::VectorXd centred = y.array() - offset;
  Builder builder(x, centred, settings, random);
  for (std::uint64_t t = 0; t < settings.trees; ++t) {
    trees_.push_back(builder.tree());
    for (Node& node : trees_.back()) node.value += offset;
  }
}

double Forest::value(const Tree& tree, const Eigen::Ref<const Eigen::VectorXd>& x) const {
  const Node* node = tree.data();
  while (node->feature >= 0)
    node = &tree[node->children + (x[node->feature] < node->threshold ? 0u : 1u)];
  return node->value;
}

Prediction Forest::predict(const Eigen::Ref<const Eigen::VectorXd>& features) const {
  double sum = 0, squares = 0;
  const double first = value(trees_[0], features);
  for (const Tree& tree : trees_) {
    const double away = value(tree, features) - first;
    sum += away;
    squares += away * away;
  }
  const auto n = static_cast<double>(trees_.size());
  return {first + sum / n, std::sqrt(std::max(0.0, squares / n - sum / n * (sum / n)))};
}

}  // namespace sluice
