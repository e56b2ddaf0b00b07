// SPDX-License-Identifier: Apache-2.0
#include "dse/searcher_info.hpp"

namespace sluice {
namespace {

constexpr std::uint64_t real_levels = 11;
constexpr double wide = 16;  ///< from this ratio of its ends on, a range is covered by factors

/// The index of the value nearest to `value`, on the scale of the domain's coordinates.
std::uint64_t nearest(const Domain& domain, double value) {
  std::uint64_t best = 0;
  for (std::uint64_t i = 1; i < size_of(domain); ++i)
    if (std::abs(value_number(domain, i) - value) < std::abs(value_number(domain, best) - value))
      best = i;
  return best;
}

}  // namespace

void HyperparameterTable::field(std::string_view key, const double& value, const FieldInfo& info) {
  const bool factors = info.min > 0 && info.max >= wide * info.min;
  const Domain domain = RealDomain{info.min, info.max, real_levels, factors};
  add(key, domain, nearest(domain, value), info);
}

void HyperparameterTable::field(std::string_view key, const std::uint64_t& value,
                                const FieldInfo& info) {
  const auto first = static_cast<std::uint64_t>(info.min),
             last = static_cast<std::uint64_t>(info.max);
  Domain domain =
      IntegerDomain{static_cast<std::int64_t>(first), static_cast<std::int64_t>(last), 1};
  if (first > 0 && info.max >= wide * info.min) domain = PowerDomain{first, last};
  add(key, domain, nearest(domain, static_cast<double>(value)), info);
}

void HyperparameterTable::field(std::string_view key, const bool& value, const FieldInfo& info) {
  add(key, SwitchDomain{}, value ? 1 : 0, info);
}

void HyperparameterTable::add(std::string_view key, Domain domain, std::uint64_t usual,
                              const FieldInfo& info) {
  SpaceParameter parameter;
  parameter.name = key;
  parameter.paths = {"search.settings." + std::string(key)};
  parameter.domain = std::move(domain);
  parameter.summary = info.doc;
  parameter.usual = usual;
  space_.parameters.push_back(std::move(parameter));
}

DesignSpace HyperparameterTable::take(std::string_view searcher) {
  space_.name = searcher;
  return std::move(space_);
}

}  // namespace sluice
