// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "arch/rounding.hpp"

namespace sluice {
namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

TEST_CASE("numbers round to the nearest, ties to even") {
  CHECK(round_to(NumberFormat::bf16, 1 + 0x1p-8) == 1);               // a tie: 1 is even
  CHECK(round_to(NumberFormat::bf16, 1 + 3 * 0x1p-8) == 1 + 0x1p-6);  // a tie: up to even
  CHECK(round_to(NumberFormat::fp16, 1.0 / 3) == 0.333251953125);
  CHECK(round_to(NumberFormat::fp4_e2m1, 2.4) == 2);
  CHECK(round_to(NumberFormat::int8, 2.5) == 2);
}

TEST_CASE("fp32 is what the compiler makes of a float") {
  for (const double x : {0.1, 1e-40, -3.3e38, 7e-46, 123456789.0})
    CHECK(round_to(NumberFormat::fp32, x) == static_cast<double>(static_cast<float>(x)));
}

TEST_CASE("what is too large becomes infinite, or the largest where there is no infinity") {
  CHECK(round_to(NumberFormat::fp16, 65519) == 65504);
  CHECK(round_to(NumberFormat::fp16, 65520) == infinite);
  CHECK(round_to(NumberFormat::fp8_e4m3, -1e9) == -448);
  CHECK(round_to(NumberFormat::fp4_e2m1, infinite) == 6);
  CHECK(round_to(NumberFormat::int8, 300) == 127);
  CHECK(round_to(NumberFormat::int8, -infinite) == -128);
}

TEST_CASE("subnormal numbers keep the step of the least exponent") {
  CHECK(round_to(NumberFormat::fp8_e4m3, 0x1p-9) == 0x1p-9);
  CHECK(round_to(NumberFormat::fp8_e4m3, 0x1p-10) == 0);
  CHECK(round_to(NumberFormat::fp4_e2m1, 0.3) == 0.5);
}

TEST_CASE("integers have no exponent") {
  CHECK(is_floating(NumberFormat::fp4_e2m1));
  CHECK(is_floating(NumberFormat::fp32));
  CHECK_FALSE(is_floating(NumberFormat::int2));
  CHECK_FALSE(is_floating(NumberFormat::int40));
  CHECK(is_floating(NumberFormat::bf16));
}

TEST_CASE("not-a-number stays one where the format has it") {
  CHECK(std::isnan(round_to(NumberFormat::bf16, std::nan(""))));
  CHECK(round_to(NumberFormat::int8, std::nan("")) == 0);
}

}  // namespace
}  // namespace sluice
