// SPDX-License-Identifier: Apache-2.0
// The number formats that operands, weights and accumulators may have. Arithmetic on them is not
// here: it is the business of the simulators that compute values.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/describe.hpp"

namespace sluice {

/// A storage format of one number. Widths in bits are those of the encoded value. Integers come
/// first, then what has an exponent.
enum class NumberFormat : std::uint8_t {
  int2,
  int4,
  int8,
  int16,
  int20,
  int24,
  int32,
  int40,
  fp4_e2m1,
  fp8_e4m3,
  fp8_e5m2,
  bf16,
  fp16,
  fp32,
};

/// Whether numbers of `format` have an exponent; the others are integers in two's complement.
constexpr bool is_floating(NumberFormat format) { return format >= NumberFormat::fp4_e2m1; }

/// Width in bits of one number in `format`.
constexpr std::uint32_t width_bits(NumberFormat format) {
  switch (format) {
    case NumberFormat::int2:
      return 2;
    case NumberFormat::int4:
    case NumberFormat::fp4_e2m1:
      return 4;
    case NumberFormat::int8:
    case NumberFormat::fp8_e4m3:
    case NumberFormat::fp8_e5m2:
      return 8;
    case NumberFormat::int16:
    case NumberFormat::bf16:
    case NumberFormat::fp16:
      return 16;
    case NumberFormat::int20:
      return 20;
    case NumberFormat::int24:
      return 24;
    case NumberFormat::int32:
    case NumberFormat::fp32:
      return 32;
    case NumberFormat::int40:
      return 40;
  }
  return 0;
}

template <>
struct EnumNames<NumberFormat> {
  static constexpr EnumName<NumberFormat> table[] = {
      {"int2", NumberFormat::int2},         {"int4", NumberFormat::int4},
      {"int8", NumberFormat::int8},         {"int16", NumberFormat::int16},
      {"int20", NumberFormat::int20},       {"int24", NumberFormat::int24},
      {"int32", NumberFormat::int32},       {"int40", NumberFormat::int40},
      {"fp4_e2m1", NumberFormat::fp4_e2m1}, {"fp8_e4m3", NumberFormat::fp8_e4m3},
      {"fp8_e5m2", NumberFormat::fp8_e5m2}, {"bf16", NumberFormat::bf16},
      {"fp16", NumberFormat::fp16},         {"fp32", NumberFormat::fp32},
  };
};

}  // namespace sluice
