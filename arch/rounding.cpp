// SPDX-License-Identifier: Apache-2.0
#include "arch/rounding.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace sluice {
namespace {

struct FloatShape {
  int fraction_bits;
  int least_exponent;  ///< of a normal number
  double largest;
  bool infinite;
  bool nan = true;
};

// fp16, fp32: IEEE 754-2019, table 3.5. bf16: fp32 cut to 8 bits of significand. fp8: OCP 8-bit
// floating point specification, revision 1.0 (2023), table 1. fp4: OCP microscaling formats
// specification, version 1.0 (2023), table 4.
std::optional<FloatShape> shape_of(NumberFormat format) {
  switch (format) {
    case NumberFormat::fp32:
      return FloatShape{23, -126, 0x1.fffffep127, true};
    case NumberFormat::bf16:
      return FloatShape{7, -126, 0x1.fep127, true};
    case NumberFormat::fp16:
      return FloatShape{10, -14, 65504, true};
    case NumberFormat::fp8_e5m2:
      return FloatShape{2, -14, 57344, true};
    case NumberFormat::fp8_e4m3:
      return FloatShape{3, -6, 448, false};
    case NumberFormat::fp4_e2m1:
      return FloatShape{1, 0, 6, false, false};
    default:
      return std::nullopt;
  }
}

double round_integer(std::uint32_t bits, double value) {
  const double limit = std::ldexp(1.0, static_cast<int>(bits) - 1);
  if (std::isnan(value)) return 0;
  return std::clamp(std::nearbyint(value), -limit, limit - 1);
}

}  // namespace

double round_to(NumberFormat format, double value) {
  const auto shape = shape_of(format);
  if (!shape) return round_integer(width_bits(format), value);
  if (std::isnan(value)) return shape->nan ? value : 0;
  if (value == 0) return value;
  double rounded = value;
  if (!std::isinf(value)) {
    const int exponent = std::max(std::ilogb(value), shape->least_exponent);
    const double step = std::ldexp(1.0, exponent - shape->fraction_bits);
    rounded = std::nearbyint(value / step) * step;
  }
  if (std::fabs(rounded) <= shape->largest) return rounded;
  const double most = shape->infinite ? std::numeric_limits<double>::infinity() : shape->largest;
  return std::copysign(most, value);
}

}  // namespace sluice
