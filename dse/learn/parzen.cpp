// SPDX-License-Identifier: Apache-2.0
#include "dse/learn/parzen.hpp"

#include <algorithm>
#include <cmath>

#include "dse/sampling.hpp"

namespace sluice {
namespace {

/// Domains of more values have no tables.
constexpr std::uint64_t most_tabulated = 4096;
/// Domains of more values have no table of pairs of values.
constexpr std::uint64_t most_paired = 128;

double normal_cdf(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }

/// The normal density integrated over the value `away` values from the centre.
double mass_at(double away, double width) {
  return normal_cdf((away + 0.5) / width) - normal_cdf((away - 0.5) / width);
}

/// The same over all values of a domain.
double mass_within(double centre, double size, double width) {
  return normal_cdf((size - centre - 0.5) / width) - normal_cdf((-centre - 0.5) / width);
}

}  // namespace

ParzenDensity::Kernel ParzenDensity::kernel_of(const Domain& domain, double shrink,
                                               const ParzenSettings& settings) {
  constexpr double least_width = 0.5;  // of a value; below it neighbours are out of reach
  Kernel k;
  const std::uint64_t size = size_of(domain);
  k.size = static_cast<double>(size);
  k.ordered = is_ordered(domain);
  if (!k.ordered) {
    const double leaving = size > 1 ? std::min(settings.spread * shrink, 1 - 1 / k.size) : 0;
    k.stay = 1 - leaving;
    k.leave = size > 1 ? leaving / (k.size - 1) : 0;
    return k;
  }
  k.width = std::max(least_width, settings.bandwidth * shrink * k.size);
  for (std::uint64_t i = 0; i < size && size <= most_tabulated; ++i) {
    k.distance.push_back(mass_at(static_cast<double>(i), k.width));
    k.total.push_back(mass_within(static_cast<double>(i), k.size, k.width));
  }
  return k;
}

ParzenDensity::ParzenDensity(const DesignSpace& space, std::vector<Point> centres,
                             const ParzenSettings& settings)
    : space_(space), centres_(std::move(centres)), prior_weight_(settings.prior_weight) {
  const double n = std::max<double>(1, static_cast<double>(centres_.size()));
  const double shrink = std::pow(n, -1 / (static_cast<double>(space.parameters.size()) + 4));
  for (const SpaceParameter& parameter : space.parameters)
    tabulate_pairs(kernels_.emplace_back(kernel_of(parameter.domain, shrink, settings)));
  for (const Point& centre : centres_) add_columns(centre);
}

void ParzenDensity::tabulate_pairs(Kernel& kernel) {
  const auto size = static_cast<std::uint64_t>(kernel.size);
  if (size > most_paired) return;
  for (std::uint64_t digit = 0; digit <= size; ++digit)
    for (std::uint64_t centre = 0; centre <= size; ++centre)
      kernel.pairs.push_back(
          density(kernel, centre < size ? centre : inactive, digit < size ? digit : inactive));
}

void ParzenDensity::add_columns(const Point& centre) {
  for (std::size_t p = 0; p < kernels_.size(); ++p) {
    Kernel& kernel = kernels_[p];
    if (kernel.pairs.empty()) continue;
    const std::uint64_t digit = centre.digits[p];
    kernel.columns.push_back(static_cast<std::uint32_t>(
        digit == inactive ? static_cast<std::uint64_t>(kernel.size) : digit));
  }
}

void ParzenDensity::add(const Point& centre) {
  centres_.push_back(centre);
  add_columns(centre);
}

std::uint64_t ParzenDensity::draw(const Kernel& kernel, std::uint64_t centre,
                                  Random& random) const {
  const auto size = static_cast<std::uint64_t>(kernel.size);
  if (centre == inactive) return random.below(size);
  if (!kernel.ordered) {
    if (size == 1 || random.chance(kernel.stay)) return centre;
    const std::uint64_t other = random.below(size - 1);
    return other >= centre ? other + 1 : other;
  }
  for (int i = 0; i < most_draws; ++i) {
    const double drawn =
        std::floor(static_cast<double>(centre) + 0.5 + kernel.width * random.normal());
    if (drawn >= 0 && drawn < kernel.size) return static_cast<std::uint64_t>(drawn);
  }
  return centre;
}

Point ParzenDensity::draw(Random& random) const {
  const auto n = static_cast<double>(centres_.size());
  const bool from_prior = random.unit() * (n + prior_weight_) >= n;
  const Point* centre = from_prior ? nullptr : &centres_[random.below(centres_.size())];
  Point point;
  for (std::size_t p = 0; p < kernels_.size(); ++p)
    point.digits.push_back(
        draw(kernels_[p], centre == nullptr ? inactive : centre->digits[p], random));
  return canonical(space_, std::move(point));
}

double ParzenDensity::density(const Kernel& kernel, std::uint64_t centre, std::uint64_t digit) {
  if (digit == inactive) return 1;
  if (centre == inactive) return 1 / kernel.size;
  if (!kernel.ordered) return digit == centre ? kernel.stay : kernel.leave;
  const std::uint64_t away = digit > centre ? digit - centre : centre - digit;
  if (!kernel.total.empty()) return kernel.distance[away] / kernel.total[centre];
  return mass_at(static_cast<double>(away), kernel.width) /
         mass_within(static_cast<double>(centre), kernel.size, kernel.width);
}

/// The product of each centre, parameter by parameter.
double ParzenDensity::log_density(const Point& point) const {
  double uniform = 1;
  std::vector<double> products(centres_.size(), 1);
  for (std::size_t p = 0; p < kernels_.size(); ++p) {
    const Kernel& kernel = kernels_[p];
    const std::uint64_t digit = point.digits[p];
    uniform *= density(kernel, inactive, digit);
    if (kernel.pairs.empty()) {
      for (std::size_t c = 0; c < products.size(); ++c)
        products[c] *= density(kernel, centres_[c].digits[p], digit);
      continue;
    }
    const auto size = static_cast<std::uint64_t>(kernel.size);
    const double* row = kernel.pairs.data() + (digit == inactive ? size : digit) * (size + 1);
    for (std::size_t c = 0; c < products.size(); ++c) products[c] *= row[kernel.columns[c]];
  }
  double sum = prior_weight_ * uniform;
  for (const double product : products) sum += product;
  return std::log(sum / (static_cast<double>(centres_.size()) + prior_weight_));
}

}  // namespace sluice
