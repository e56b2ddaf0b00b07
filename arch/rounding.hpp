// SPDX-License-Identifier: Apache-2.0
// Rounds numbers to the formats that hardware stores. No arithmetic and no scaling.
#pragma once

#include "arch/number_format.hpp"

namespace sluice {

/// The number of `format` nearest to `value`, ties to even, subnormal numbers included. What is too
/// large becomes infinite in fp16, bf16, fp32 and fp8_e5m2, and the largest number in the others;
/// not-a-number becomes 0 in formats without one (integers, fp4_e2m1).
double round_to(NumberFormat format, double value);

}  // namespace sluice
