// SPDX-License-Identifier: Apache-2.0
#include "dse/learn/encoding.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace sluice {
namespace {

constexpr double absent_place = 0.5;  ///< of a parameter with places that does not exist
constexpr double chosen_value = 1 / std::numbers::sqrt2;  ///< of the feature of an unordered value

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
  const bool has_places = is_ordered(domain) || std::holds_alternative<OrderDomain>(domain);
  if (digit == inactive) {
    features.setConstant(has_places ? absent_place : 0);
  } else if (const auto* order = std::get_if<OrderDomain>(&domain)) {
    encode_order(order->items.size(), digit, features);
  } else if (is_ordered(domain)) {
    features[0] = coordinate(domain, digit);
  } else {
    features.setZero();
    features[static_cast<Eigen::Index>(digit)] = chosen_value;
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

double Encoding::next_value(std::size_t feature, double x) const {
  const SpaceParameter& parameter = space_.parameters[parameter_[feature]];
  const Domain& domain = parameter.domain;
  const bool may_be_absent = !parameter.when.empty();
  double next = std::numeric_limits<double>::infinity();
  const auto offer = [&](double value) {
    if (value >= x) next = std::min(next, value);
  };
  if (feature - first_[parameter_[feature]] == value_features(domain)) {
    for (const double value : {0.0, 1.0}) offer(value);
  } else if (const auto* order = std::get_if<OrderDomain>(&domain)) {
    const double last = static_cast<double>(std::max<std::size_t>(2, order->items.size()) - 1);
    for (std::size_t i = 0; i < order->items.size(); ++i) offer(static_cast<double>(i) / last);
    if (may_be_absent) offer(absent_place);
  } else if (is_ordered(domain)) {
    const std::uint64_t near = index_at(domain, x);
    offer(coordinate(domain, near));
    if (near + 1 < size_of(domain)) offer(coordinate(domain, near + 1));
    if (may_be_absent) offer(absent_place);
  } else {
    for (const double value : {0.0, chosen_value}) offer(value);
  }
  return std::isfinite(next) ? next : x;
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
