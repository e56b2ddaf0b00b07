// SPDX-License-Identifier: Apache-2.0
#include "dse/page/importance.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "dse/learn/encoding.hpp"
#include "dse/learn/forest.hpp"

namespace sluice {
namespace {

constexpr std::size_t least_designs = 40, most_designs = 1500, folds = 5;

struct Sample {
  Eigen::MatrixXd x;  ///< one column a design
  Eigen::VectorXd y;
};

Sample sample_of(const Encoding& encoding, std::span<const Point> points,
                 std::span<const double> values) {
  const bool positive = std::all_of(values.begin(), values.end(), [](double v) { return v > 0; });
  const std::size_t count = std::min(points.size(), most_designs);
  Sample sample{Eigen::MatrixXd(static_cast<Eigen::Index>(encoding.features()),
                                static_cast<Eigen::Index>(count)),
                Eigen::VectorXd(static_cast<Eigen::Index>(count))};
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = i * points.size() / count;
    const auto column = static_cast<Eigen::Index>(i);
    sample.x.col(column) = encoding.encode(points[at]);
    sample.y[column] = positive ? std::log(values[at]) : values[at];
  }
  return sample;
}

double squared_error(const Forest& forest, const Eigen::MatrixXd& x, const Eigen::VectorXd& y) {
  double sum = 0;
  for (Eigen::Index i = 0; i < x.cols(); ++i) {
    const double away = forest.predict(x.col(i)).mean - y[i];
    sum += away * away;
  }
  return sum;
}

/// `x` with the features of one parameter taken from other columns.
Eigen::MatrixXd exchanged(const Eigen::MatrixXd& x, const Encoding& encoding, std::size_t parameter,
                          Random& random) {
  std::vector<Eigen::Index> from(static_cast<std::size_t>(x.cols()));
  std::iota(from.begin(), from.end(), 0);
  for (std::size_t i = from.size(); i > 1; --i) std::swap(from[i - 1], from[random.below(i)]);
  Eigen::MatrixXd result = x;
  for (std::size_t f = 0; f < encoding.features(); ++f) {
    if (encoding.parameter_of_feature()[f] != parameter) continue;
    for (Eigen::Index i = 0; i < x.cols(); ++i)
      result(static_cast<Eigen::Index>(f), i) =
          x(static_cast<Eigen::Index>(f), from[static_cast<std::size_t>(i)]);
  }
  return result;
}

/// The designs of a fold, or those of all others.
Sample part_of(const Sample& all, std::size_t fold, bool inside) {
  std::vector<Eigen::Index> columns;
  for (Eigen::Index i = 0; i < all.x.cols(); ++i)
    if ((static_cast<std::size_t>(i) % folds == fold) == inside) columns.push_back(i);
  return {all.x(Eigen::all, columns), all.y(columns)};
}

}  // namespace

std::optional<Importance> importance_of(const DesignSpace& space, std::span<const Point> points,
                                        std::span<const double> values, std::uint64_t seed) {
  if (points.size() < least_designs) return std::nullopt;
  const Encoding encoding(space);
  const Sample all = sample_of(encoding, points, values);
  if (all.y.minCoeff() == all.y.maxCoeff()) return std::nullopt;
  const double variance = (all.y.array() - all.y.mean()).square().sum();
  Random random(seed);
  double error = 0;
  Importance result{static_cast<std::size_t>(all.y.size()), 0,
                    std::vector<double>(space.parameters.size())};
  for (std::size_t fold = 0; fold < folds; ++fold) {
    const Sample known = part_of(all, fold, false), unseen = part_of(all, fold, true);
    const Forest forest(known.x, known.y, {}, random);
    const double unchanged = squared_error(forest, unseen.x, unseen.y);
    error += unchanged;
    for (std::size_t p = 0; p < space.parameters.size(); ++p)
      result.effect[p] +=
          (squared_error(forest, exchanged(unseen.x, encoding, p, random), unseen.y) - unchanged) /
          (2 * variance);
  }
  result.explained = 1 - error / variance;
  return result;
}

}  // namespace sluice
