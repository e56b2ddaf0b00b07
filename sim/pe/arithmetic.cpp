// SPDX-License-Identifier: Apache-2.0
#include "sim/pe/arithmetic.hpp"

#include <cmath>

#include "arch/rounding.hpp"

namespace sluice {
namespace {

double wrap(double value, std::uint32_t bits) {
  const double modulus = std::ldexp(1.0, static_cast<int>(bits));
  const double half = modulus / 2;
  const double whole = std::trunc(value);
  if (whole >= -half && whole < half) return whole;
  return whole - modulus * std::floor((whole + half) / modulus);
}

}  // namespace

std::optional<std::string> unsupported_formats(const SystolicArray& array) {
  const bool float_operand = is_floating(array.input_format) || is_floating(array.weight_format);
  if (is_floating(array.accumulator_format)) return std::nullopt;
  if (float_operand) return "operands with a fraction need a floating-point accumulator";
  if (width_bits(array.input_format) + width_bits(array.weight_format) > 50) {
    return "products of integers of more than 50 bits together are not computed exactly";
  }
  return std::nullopt;
}

double to_format(double value, NumberFormat format) {
  if (format == NumberFormat::fp32) return static_cast<float>(value);
  if (is_floating(format)) return round_to(format, value);
  return wrap(value, width_bits(format));
}

double multiply_accumulate(double sum, double a, double b, NumberFormat format) {
  if (!is_floating(format)) return to_format(sum + a * b, format);
  return to_format(sum + to_format(a * b, format), format);
}

}  // namespace sluice
