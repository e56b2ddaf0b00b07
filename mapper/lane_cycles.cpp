// SPDX-License-Identifier: Apache-2.0
#include "mapper/lane_cycles.hpp"

#include "base/checked.hpp"

namespace sluice {
namespace {

/// Work done once a row, as lane cycles of each of its elements: to the nearest, halves upwards.
std::uint64_t spread(std::uint64_t row_cycles, std::uint64_t columns) {
  return columns == 0 ? 0 : (row_cycles + columns / 2) / columns;
}

}  // namespace

std::uint64_t lane_cycles(ElementwiseKind kind, const VectorUnit& unit) {
  const std::uint64_t exp = unit.exp_cycles;
  const std::uint64_t divide = unit.divide_cycles;
  switch (kind) {
    case ElementwiseKind::relu:  // max(x, 0)
      return 1;
    case ElementwiseKind::relu6:  // min(max(x, 0), 6)
      return 2;
    case ElementwiseKind::hard_sigmoid:  // relu6(x + 3) / 6 (Howard et al. 2019, sec. 5.2): the
      return 4;                          // division by a constant is a multiply
    case ElementwiseKind::hard_swish:    // x relu6(x + 3) / 6
      return 5;
    case ElementwiseKind::gelu:
      // 0.5 x (1 + tanh(u)), u = sqrt(2/pi) (x + 0.044715 x^3) (Hendrycks & Gimpel 2016, sec. 2),
      // which is x / (1 + exp(-2u)) with -2u = x (a + b x^2): 2 multiplies, add, multiply; exp;
      // add; divide.
      return 4 + exp + 1 + divide;
    case ElementwiseKind::silu:     // x / (1 + exp(-x)): negate, exp, add, divide
    case ElementwiseKind::sigmoid:  // 1 / (1 + exp(-x)): the same
      return 1 + exp + 1 + divide;
    case ElementwiseKind::tanh:  // 1 - 2 / (exp(2x) + 1): multiply, exp, add, divide, subtract
      return 1 + exp + 1 + divide + 1;
    case ElementwiseKind::exp:
    case ElementwiseKind::sin:  // a table or a polynomial, as an exponential
      return exp;
    case ElementwiseKind::add:
    case ElementwiseKind::multiply:
    case ElementwiseKind::scale:
    case ElementwiseKind::bias:
      return 1;
    case ElementwiseKind::batch_norm:  // a x + b, mean and variance folded into a and b
      return 2;
    case ElementwiseKind::complex_multiply:  // of each part: 2 multiplies, add
    case ElementwiseKind::rope:  // x cos + x' sin (Su et al. 2021, eq. 34): 2 multiplies, add
      return 3;
  }
  return 1;
}

std::uint64_t lane_cycles(const Pool2d& pool) {
  const std::uint64_t window = product(pool.kernel_height, pool.kernel_width);
  // max: window - 1 compares, but an element passes the lane once at least.
  if (pool.kind == PoolKind::max) return window > 1 ? window - 1 : 1;
  // average: window - 1 adds, and a multiply by 1 / window.
  return window > 0 ? window : 1;
}

std::uint64_t lane_cycles(const DeformableConv2d& op, const VectorUnit& unit) {
  // Bilinear: along the row twice, then along the column, each 2 multiplies and an add; modulated,
  // times the weight. Once an offset, for its group of channels: 2 adds for the position, 2 floors
  // and 4 subtractions for the fractions and their complements; the weight is a sigmoid.
  const std::uint64_t weight = op.modulated ? lane_cycles(ElementwiseKind::sigmoid, unit) : 0;
  return 9 + (op.modulated ? 1 : 0) + spread(8 + weight, op.conv.in_channels / op.offset_groups);
}

std::uint64_t lane_cycles(const Scan& scan, const VectorUnit& unit) {
  const std::uint64_t exp = unit.exp_cycles;
  // h = c + f (h - c): subtract, multiply, add.
  if (scan.kind == ScanKind::gated) return 3;
  // Of each state: multiply and exp for the decay, multiply for the input, multiply and add for the
  // update, multiply and add for the result. Of each channel: softplus (exp, add, and a logarithm
  // at the price of an exp), multiply by it, multiply and add for the skip connection.
  return scan.state * (6 + exp) + 2 * exp + 4;
}

std::uint64_t lane_cycles(const Softmax& softmax, const VectorUnit& unit) {
  // exp(x - max) / sum: compare for the maximum, subtract, exp, add to the sum, multiply by the
  // reciprocal; that reciprocal is one division a row.
  return 1 + 1 + unit.exp_cycles + 1 + 1 + spread(unit.divide_cycles, softmax.columns);
}

std::uint64_t lane_cycles(const Norm& norm, const VectorUnit& unit) {
  const std::uint64_t divide = unit.divide_cycles;
  // Layer norm (Ba et al. 2016, eq. 3-4), g (x - mean) / sigma + b: add to the sum, subtract the
  // mean, square, add to the squares, multiply by 1 / sigma, multiply by g, add b. Once a row:
  // mean and variance (2 multiplies), epsilon (add), square root and reciprocal.
  if (norm.kind == NormKind::layer) return 7 + spread(3 + 2 * divide, norm.columns);
  // RMS norm (Zhang & Sennrich 2019, eq. 4), g x / rms: square, add, multiply by 1 / rms, multiply
  // by g. Once a row: mean square (multiply), epsilon (add), square root and reciprocal.
  return 4 + spread(2 + 2 * divide, norm.columns);
}

}  // namespace sluice
