// SPDX-License-Identifier: Apache-2.0
#include "dse/proxy/domain.hpp"

#include <fmt/format.h>

#include <Eigen/Cholesky>
#include <algorithm>

namespace sluice {
namespace {

void see(SeenValues& seen, const Domain& domain, std::uint64_t digit) {
  if (digit == inactive) {
    seen.absent = true;
  } else if (is_ordered(domain)) {
    const bool none = seen.first > seen.last;
    seen.first = none ? digit : std::min(seen.first, digit);
    seen.last = none ? digit : std::max(seen.last, digit);
  } else if (!std::holds_alternative<OrderDomain>(domain)) {
    const auto place = std::ranges::lower_bound(seen.each, digit);
    if (place == seen.each.end() || *place != digit) seen.each.insert(place, digit);
  }
}

bool has_seen(const SeenValues& seen, const Domain& domain, std::uint64_t digit) {
  if (digit == inactive) return seen.absent;
  if (is_ordered(domain)) return seen.first <= digit && digit <= seen.last;
  return std::holds_alternative<OrderDomain>(domain) ||
         std::ranges::binary_search(seen.each, digit);
}

}  // namespace

ProxyDomain ProxyDomain::of(const DesignSpace& space, std::span<const Point> points,
                            const Eigen::MatrixXd& x) {
  ProxyDomain domain;
  domain.seen.resize(space.parameters.size());
  for (const Point& point : points)
    for (std::size_t p = 0; p < domain.seen.size(); ++p)
      see(domain.seen[p], space.parameters[p].domain, point.digits[p]);
  domain.centre = x.rowwise().mean();
  const Eigen::MatrixXd away = x.colwise() - domain.centre;
  Eigen::MatrixXd scatter = away * away.transpose() / static_cast<double>(x.cols());
  constexpr double least = 1e-6;  // of directions in which nothing varied
  scatter.diagonal().array() += least;
  domain.inverse = scatter.llt().solve(Eigen::MatrixXd::Identity(x.rows(), x.rows()));
  for (Eigen::Index i = 0; i < x.cols(); ++i)
    domain.farthest = std::max(domain.farthest, domain.distance(x.col(i)));
  return domain;
}

double ProxyDomain::distance(const Eigen::Ref<const Eigen::VectorXd>& x) const {
  const Eigen::VectorXd away = x - centre;
  return away.dot(inverse * away);
}

std::string ProxyDomain::refusal(const DesignSpace& space, const Point& point,
                                 const Eigen::Ref<const Eigen::VectorXd>& x) const {
  for (std::size_t p = 0; p < seen.size(); ++p) {
    const SpaceParameter& parameter = space.parameters[p];
    const std::uint64_t digit = point.digits[p];
    if (has_seen(seen[p], parameter.domain, digit)) continue;
    if (digit == inactive) return fmt::format("no design without {} was seen", parameter.name);
    const std::string value = value_text(parameter.domain, digit);
    return fmt::format("{}={}{}{} was not seen", parameter.name, value,
                       parameter.unit.empty() ? "" : " ", parameter.unit);
  }
  constexpr double rounding = 1 + 1e-9;
  if (distance(x) > farthest * rounding) return "the combination is unlike all that were seen";
  return {};
}

}  // namespace sluice
