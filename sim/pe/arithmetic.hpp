// SPDX-License-Identifier: Apache-2.0
// The arithmetic of one PE: numbers of a format, held in a double, and the multiply-accumulate.
// Not a library of number formats: only what a multiplier and an adder of a PE do.
#pragma once

#include <optional>
#include <string>

#include "arch/systolic_array.hpp"

namespace sluice {

/// Why a PE with these formats cannot be computed exactly here; nothing when it can. Integers
/// need an integer accumulator for both operands, and products of at most 50 bits.
std::optional<std::string> unsupported_formats(const SystolicArray& array);

/// `value` as a number of `format`. Integers wrap around (two's complement), after truncation of
/// any fraction. Floats round to nearest, ties to even, with subnormals; too large values become
/// infinite, or the largest number where the format has no infinity (fp4_e2m1, fp8_e4m3: OCP
/// Microscaling Formats v1.0, sec. 5.3, saturating conversion).
double to_format(double value, NumberFormat format);

/// sum + a * b in an accumulator of `format`. The product is rounded to the accumulator's format
/// before it is added (for bf16 operands and an fp32 accumulator it is exact). A double holds
/// every sum that occurs before rounding: integer sums exactly, float sums of two numbers of at
/// most 24 bits so that the second rounding does no harm (53 >= 2 * 24 + 2; Figueroa, 1995).
double multiply_accumulate(double sum, double a, double b, NumberFormat format);

}  // namespace sluice
