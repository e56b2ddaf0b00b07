// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <limits>

#include "base/checked.hpp"

namespace sluice {
namespace {

constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();

TEST_CASE("a product or sum that exceeds 64 bits is nothing") {
  CHECK(multiply(6, 7) == 42);
  CHECK(multiply(1ull << 32, 1ull << 31) == 1ull << 63);
  CHECK_FALSE(multiply(1ull << 32, 1ull << 32));
  CHECK(add(most - 1, 1) == most);
  CHECK_FALSE(add(most, 1));
  CHECK(product(2u, 3ull, 7u) == 42);
}

TEST_CASE("ceil_div rounds up and does not overflow at the end of the range") {
  CHECK(ceil_div(0, 4) == 0);
  CHECK(ceil_div(8, 4) == 2);
  CHECK(ceil_div(9, 4) == 3);
  CHECK(ceil_div(most, 1) == most);
  CHECK(ceil_div(most, 2) == most / 2 + 1);
}

}  // namespace
}  // namespace sluice
