// SPDX-License-Identifier: Apache-2.0
// Integer arithmetic that says when it overflows, and the few integer functions everyone needs.
#pragma once

#include <cstdint>
#include <optional>

#include "base/assert.hpp"

namespace sluice {

constexpr std::optional<std::uint64_t> multiply(std::uint64_t a, std::uint64_t b) {
  std::uint64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product)) return std::nullopt;
  return product;
}

constexpr std::optional<std::uint64_t> add(std::uint64_t a, std::uint64_t b) {
  std::uint64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) return std::nullopt;
  return sum;
}

/// Product of extents that a check of the input has shown to fit.
template <class... Factors>
constexpr std::uint64_t product(Factors... factors) {
  std::uint64_t result = 1;
  bool overflow = false;
  ((overflow |= __builtin_mul_overflow(result, static_cast<std::uint64_t>(factors), &result)), ...);
  SLUICE_ASSERT(!overflow, "a product of extents exceeds 64 bits although the input was checked");
  return result;
}

/// Smallest q with q * divisor >= dividend; divisor > 0.
constexpr std::uint64_t ceil_div(std::uint64_t dividend, std::uint64_t divisor) {
  return dividend / divisor + (dividend % divisor != 0 ? 1 : 0);
}

}  // namespace sluice
