// SPDX-License-Identifier: Apache-2.0
#include "dse/space_index.hpp"

#include <algorithm>
#include <limits>

#include "base/assert.hpp"
#include "base/sorted_set.hpp"

namespace sluice {
namespace {

constexpr std::uint64_t too_many = std::uint64_t{1} << 63;

std::uint64_t saturated_sum(std::uint64_t a, std::uint64_t b) {
  return std::min(too_many, std::min(a, too_many) + std::min(b, too_many - 1));
}

std::uint64_t saturated_product(std::uint64_t a, std::uint64_t b) {
  std::uint64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? too_many : std::min(product, too_many);
}

bool exists(const DesignSpace& space, std::size_t parameter, const Point& prefix) {
  const Expression& when = space.parameters[parameter].when;
  return when.empty() || when.holds(expression_values(space, prefix));
}

}  // namespace

SpaceIndex::SpaceIndex(const DesignSpace& space)
    : space_(space), asked_(space.parameters.size() + 1), counts_(space.parameters.size() + 1) {
  const std::size_t n = space.parameters.size();
  for (std::size_t i = n; i-- > 0;) {
    asked_[i] = asked_[i + 1];
    for (const std::size_t used : space.parameters[i].when.uses()) asked_[i].push_back(used);
    sort_unique(asked_[i]);
    std::erase_if(asked_[i], [&](std::size_t used) { return used >= i; });
  }
  Point prefix{std::vector<std::uint64_t>(n, inactive)};
  fill(0, prefix);
}

SpaceIndex::Key SpaceIndex::key(std::size_t parameter, const Point& prefix) const {
  Key key;
  for (const std::size_t used : asked_[parameter]) key.push_back(prefix.digits[used]);
  return key;
}

/// Whether what follows depends on the value of this parameter.
bool SpaceIndex::branches(std::size_t parameter) const {
  return std::ranges::binary_search(asked_[parameter + 1], parameter);
}

SpaceIndex::Count SpaceIndex::fill(std::size_t parameter, Point& prefix) {
  if (parameter == space_.parameters.size()) return {1, 1};
  const Key state = key(parameter, prefix);
  if (const auto known = counts_[parameter].find(state); known != counts_[parameter].end())
    return known->second;
  Count count;
  std::uint64_t& digit = prefix.digits[parameter];
  if (!exists(space_, parameter, prefix)) {
    count = fill(parameter + 1, prefix);
  } else {
    const std::uint64_t size = size_of(space_.parameters[parameter].domain);
    const std::uint64_t ways = branches(parameter) ? size : 1;
    for (digit = 0; digit < ways; ++digit) {
      const Count rest = fill(parameter + 1, prefix);
      count.exact = saturated_sum(count.exact, rest.exact);
      count.size += rest.size;
    }
    if (ways != size) {
      count.exact = saturated_product(count.exact, size);
      count.size *= static_cast<double>(size);
    }
  }
  digit = inactive;
  counts_[parameter].emplace(state, count);
  return count;
}

std::uint64_t SpaceIndex::below(std::size_t parameter, const Point& prefix) const {
  if (parameter == space_.parameters.size()) return 1;
  return counts_[parameter].at(key(parameter, prefix)).exact;
}

std::optional<std::uint64_t> SpaceIndex::count() const {
  const std::uint64_t all = below(0, Point{});
  return all < too_many ? std::optional(all) : std::nullopt;
}

double SpaceIndex::size() const { return space_.parameters.empty() ? 1 : counts_[0].at({}).size; }

Point SpaceIndex::point(std::uint64_t index) const {
  SLUICE_ASSERT(count() && index < *count(), "the index lies within the space");
  Point point{std::vector<std::uint64_t>(space_.parameters.size(), inactive)};
  for (std::size_t i = 0; i < space_.parameters.size(); ++i) {
    if (!exists(space_, i, point)) continue;
    std::uint64_t& digit = point.digits[i];
    digit = 0;
    std::uint64_t rest = below(i + 1, point);
    if (!branches(i)) {
      digit = index / rest;
      index %= rest;
      continue;
    }
    for (; index >= rest; rest = below(i + 1, point)) {
      index -= rest;
      ++digit;
    }
  }
  return point;
}

std::uint64_t SpaceIndex::index(const Point& point) const {
  std::uint64_t index = 0;
  Point prefix{std::vector<std::uint64_t>(space_.parameters.size(), inactive)};
  for (std::size_t i = 0; i < space_.parameters.size(); ++i) {
    const std::uint64_t wanted = point.digits[i];
    std::uint64_t& digit = prefix.digits[i];
    if (wanted == inactive) continue;
    if (branches(i)) {
      for (digit = 0; digit < wanted; ++digit) index += below(i + 1, prefix);
    } else {
      digit = wanted;
      index += wanted * below(i + 1, prefix);
    }
    digit = wanted;
  }
  return index;
}

}  // namespace sluice
