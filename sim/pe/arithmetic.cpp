// SPDX-License-Identifier: Apache-2.0
#include "sim/pe/arithmetic.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace sluice {
namespace {

/// What rounding needs to know of a binary float format.
struct FloatShape {
  int precision = 0;         ///< bits of the significand, the hidden one included
  int minimum_exponent = 0;  ///< of the smallest normal number
  double largest = 0;
  bool has_infinity = true;
};

/// bf16: 8 exponent bits as fp32; fp16, fp32: IEEE 754-2019; fp8, fp4: OCP 8-bit Floating Point
/// Specification v1.0 (table 1) and Microscaling Formats v1.0 (table 5).
std::optional<FloatShape> float_shape(NumberFormat format) {
  switch (format) {
    case NumberFormat::fp4_e2m1:
      return FloatShape{2, 0, 6.0, false};
    case NumberFormat::fp8_e4m3:
      return FloatShape{4, -6, 448.0, false};
    case NumberFormat::fp8_e5m2:
      return FloatShape{3, -14, 57344.0, true};
    case NumberFormat::bf16:
      return FloatShape{8, -126, 0x1.fep127, true};
    case NumberFormat::fp16:
      return FloatShape{11, -14, 65504.0, true};
    case NumberFormat::fp32:
      return FloatShape{24, -126, std::numeric_limits<float>::max(), true};
    default:
      return std::nullopt;
  }
}

double round_to(double value, const FloatShape& shape) {
  if (value == 0 || !std::isfinite(value)) return value;
  const int exponent = std::max(std::ilogb(value), shape.minimum_exponent);
  const int quantum = exponent - shape.precision + 1;
  const double rounded = std::ldexp(std::nearbyint(std::ldexp(value, -quantum)), quantum);
  if (std::abs(rounded) <= shape.largest) return rounded;
  const double limit = shape.has_infinity ? std::numeric_limits<double>::infinity() : shape.largest;
  return std::copysign(limit, value);
}

double wrap(double value, std::uint32_t bits) {
  const double modulus = std::ldexp(1.0, static_cast<int>(bits));
  const double half = modulus / 2;
  const double whole = std::trunc(value);
  if (whole >= -half && whole < half) return whole;
  return whole - modulus * std::floor((whole + half) / modulus);
}

}  // namespace

std::optional<std::string> unsupported_formats(const SystolicArray& array) {
  const bool float_operand = float_shape(array.input_format) || float_shape(array.weight_format);
  if (float_shape(array.accumulator_format)) return std::nullopt;
  if (float_operand) return "operands with a fraction need a floating-point accumulator";
  if (width_bits(array.input_format) + width_bits(array.weight_format) > 50) {
    return "products of integers of more than 50 bits together are not computed exactly";
  }
  return std::nullopt;
}

double to_format(double value, NumberFormat format) {
  if (format == NumberFormat::fp32) return static_cast<float>(value);
  if (const auto shape = float_shape(format)) return round_to(value, *shape);
  return wrap(value, width_bits(format));
}

double multiply_accumulate(double sum, double a, double b, NumberFormat format) {
  if (!float_shape(format)) return to_format(sum + a * b, format);
  return to_format(sum + to_format(a * b, format), format);
}

}  // namespace sluice
