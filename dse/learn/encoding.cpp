// SPDX-License-Identifier: Apache-2.0
#include "dse/learn/encoding.hpp"

#include <numbers>

namespace sluice {
namespace {

std::size_t value_features(const Domain& domain) {
  if (const auto* order = std::get_if<OrderDomain>(&domain)) return order->items.size();
  return is_ordered(domain) ? 1 : size_of(domain);
}

/// The place of every item in the order of this number (domain.hpp), from 0 to 1.
void encode_order(std::size_t items, std::uint64_t index, Eigen::Ref<Eigen::VectorXd> places) {
  std::vector<Eigen::Index> left;
  std::uint64_t orders = 1;
  for (std::size_t i = 0; i < items; ++i) {
    left.push_back(static_cast<Eigen::Index>(i));
    orders *= i + 1;
  }
  const double last = items > 1 ? static_cast<double>(items - 1) : 1;
  for (std::size_t place = 0; place < items; ++place) {
    orders /= items - place;
    const auto chosen = left.begin() + static_cast<std::ptrdiff_t>(index / orders);
    places[*chosen] = static_cast<double>(place) / last;
    left.erase(chosen);
    index %= orders;
  }
}

void encode_value(const Domain& domain, std::uint64_t digit, Eigen::Ref<Eigen::VectorXd> features) {
  const double centre = is_ordered(domain) || std::holds_alternative<OrderDomain>(domain) ? 0.5 : 0;
  if (digit == inactive) {
    features.setConstant(centre);
  } else if (const auto* order = std::get_if<OrderDomain>(&domain)) {
    encode_order(order->items.size(), digit, features);
  } else if (is_ordered(domain)) {
    features[0] = coordinate(domain, digit);
  } else {
    features.setZero();
    features[static_cast<Eigen::Index>(digit)] = 1 / std::numbers::sqrt2;
  }
}

}  // namespace

Encoding::Encoding(const DesignSpace& space) : space_(space) {
  for (std::size_t p = 0; p < space.parameters.size(); ++p) {
    first_.push_back(parameter_.size());
    const SpaceParameter& parameter = space.parameters[p];
    const std::size_t count = value_features(parameter.domain) + (parameter.when.empty() ? 0 : 1);
    parameter_.insert(parameter_.end(), count, p);
  }
}

void Encoding::encode(const Point& point, Eigen::Ref<Eigen::VectorXd> features) const {
  for (std::size_t p = 0; p < first_.size(); ++p) {
    const SpaceParameter& parameter = space_.parameters[p];
    const auto first = static_cast<Eigen::Index>(first_[p]);
    const auto count = static_cast<Eigen::Index>(value_features(parameter.domain));
    encode_value(parameter.domain, point.digits[p], features.segment(first, count));
    if (!parameter.when.empty()) features[first + count] = point.digits[p] == inactive ? 1 : 0;
  }
}

Eigen::VectorXd Encoding::encode(const Point& point) const {
  Eigen::VectorXd result(static_cast<Eigen::Index>(features()));
  encode(point, result);
  return result;
}

Eigen::MatrixXd Encoding::encode(std::span<const Point> points) const {
  Eigen::MatrixXd matrix(static_cast<Eigen::Index>(features()),
                         static_cast<Eigen::Index>(points.size()));
  for (std::size_t i = 0; i < points.size(); ++i)
    encode(points[i], matrix.col(static_cast<Eigen::Index>(i)));
  return matrix;
}

}  // namespace sluice
