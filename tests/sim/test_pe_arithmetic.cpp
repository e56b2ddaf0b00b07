// SPDX-License-Identifier: Apache-2.0
// The numbers that PEs compute with, alone and in the grid.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <random>

#include "sim/pe/arithmetic.hpp"
#include "sim/pe/gemm.hpp"

using namespace sluice;

namespace {

constexpr Dataflow all_dataflows[] = {Dataflow::weight_stationary, Dataflow::output_stationary,
                                      Dataflow::input_stationary};

Eigen::MatrixXd random_reals(std::mt19937& generator, Eigen::Index rows, Eigen::Index columns) {
  std::normal_distribution<double> values(0.0, 1.0);
  return Eigen::MatrixXd::NullaryExpr(rows, columns, [&] { return values(generator); });
}

/// Sums in the order of the array: k within a fold of `fold_length`, then fold after fold, with
/// the float arithmetic of this machine.
Eigen::MatrixXd float_product(const Eigen::MatrixXd& x, const Eigen::MatrixXd& w,
                              Eigen::Index fold_length) {
  Eigen::MatrixXd product(x.rows(), w.cols());
  for (Eigen::Index m = 0; m < x.rows(); ++m) {
    for (Eigen::Index n = 0; n < w.cols(); ++n) {
      float total = 0;
      for (Eigen::Index k0 = 0; k0 < x.cols(); k0 += fold_length) {
        float sum = 0;
        for (Eigen::Index k = k0; k < std::min(k0 + fold_length, x.cols()); ++k) {
          const float term = static_cast<float>(x(m, k)) * static_cast<float>(w(k, n));
          sum += term;
        }
        total += sum;
      }
      product(m, n) = total;
    }
  }
  return product;
}

}  // namespace

TEST_CASE("integers wrap around at the width of their format") {
  CHECK(to_format(127, NumberFormat::int8) == 127);
  CHECK(to_format(128, NumberFormat::int8) == -128);
  CHECK(to_format(-129, NumberFormat::int8) == 127);
  CHECK(to_format(2147483648.0, NumberFormat::int32) == -2147483648.0);
  CHECK(multiply_accumulate(2147483647.0, 1, 1, NumberFormat::int32) == -2147483648.0);
  // 2^39 - 1 is the largest int40.
  CHECK(multiply_accumulate(549755813887.0, 1, 1, NumberFormat::int40) == -549755813888.0);
}

TEST_CASE("floats round to nearest, ties to even") {
  // bf16 has 8 bits: between 1 and 1 + 2^-7 the middle goes to the even 1.
  CHECK(to_format(1 + 0x1p-8, NumberFormat::bf16) == 1);
  CHECK(to_format(1 + 0x1.8p-8, NumberFormat::bf16) == 1 + 0x1p-7);
  CHECK(to_format(1 + 0x3p-8, NumberFormat::bf16) == 1 + 0x2p-7);
  CHECK(to_format(0.1, NumberFormat::fp32) == static_cast<double>(0.1f));
  CHECK(to_format(65519, NumberFormat::fp16) == 65504);
  CHECK(to_format(65520, NumberFormat::fp16) == std::numeric_limits<double>::infinity());
  CHECK(to_format(0x1p-24, NumberFormat::fp16) == 0x1p-24);  // smallest subnormal
  CHECK(to_format(0x1p-25, NumberFormat::fp16) == 0);        // tie, to even
  CHECK(to_format(500, NumberFormat::fp8_e4m3) == 448);      // no infinity
  CHECK(to_format(-7, NumberFormat::fp4_e2m1) == -6);
  CHECK(to_format(2.4, NumberFormat::fp4_e2m1) == 2);
}

TEST_CASE("formats that would not be exact are refused") {
  SystolicArray array{.input_format = NumberFormat::bf16, .weight_format = NumberFormat::bf16};
  CHECK(unsupported_by_pe(array) == "operands with a fraction need a floating-point accumulator");
  array.accumulator_format = NumberFormat::fp32;
  CHECK_FALSE(unsupported_by_pe(array));
  array.input_format = array.weight_format = NumberFormat::int32;
  array.accumulator_format = NumberFormat::int40;
  CHECK(unsupported_by_pe(array).has_value());
}

TEST_CASE("int8 sums wrap in a 20-bit accumulator as two's complement does") {
  // 64 * 127 * 127 = 1 032 256; minus 2^20 = -16 320.
  for (const Dataflow dataflow : all_dataflows) {
    const SystolicArray array{
        .rows = 4, .columns = 3, .dataflow = dataflow, .accumulator_format = NumberFormat::int20};
    const PeResult result = simulate_gemm_pe(array, Eigen::MatrixXd::Constant(2, 64, 127),
                                             Eigen::MatrixXd::Constant(64, 2, 127));
    CHECK(result.product == Eigen::MatrixXd::Constant(2, 2, -16320));
  }
}

TEST_CASE("int16 operands with a 40-bit accumulator are exact") {
  // 8 * 32768^2 = 2^33, which an int32 could not hold.
  for (const Dataflow dataflow : all_dataflows) {
    const SystolicArray array{.rows = 3,
                              .columns = 3,
                              .dataflow = dataflow,
                              .input_format = NumberFormat::int16,
                              .weight_format = NumberFormat::int16,
                              .accumulator_format = NumberFormat::int40};
    const PeResult result = simulate_gemm_pe(array, Eigen::MatrixXd::Constant(4, 8, -32768),
                                             Eigen::MatrixXd::Constant(8, 4, -32768));
    CHECK(result.product == Eigen::MatrixXd::Constant(4, 4, 8589934592.0));
  }
}

TEST_CASE("bf16 and fp32 products equal the same sums in float, bit for bit") {
  const unsigned seed = 5;
  CAPTURE(seed);
  std::mt19937 generator(seed);
  for (const NumberFormat format : {NumberFormat::bf16, NumberFormat::fp32}) {
    const auto rounded = [format](double value) { return to_format(value, format); };
    const Eigen::MatrixXd x = random_reals(generator, 7, 21).unaryExpr(rounded);
    const Eigen::MatrixXd w = random_reals(generator, 21, 9).unaryExpr(rounded);
    for (const Dataflow dataflow : all_dataflows) {
      CAPTURE(name_of(format));
      CAPTURE(name_of(dataflow));
      const SystolicArray array{.rows = 8,
                                .columns = 4,
                                .dataflow = dataflow,
                                .input_format = format,
                                .weight_format = format,
                                .accumulator_format = NumberFormat::fp32};
      const bool whole = dataflow == Dataflow::output_stationary;
      const Eigen::MatrixXd product = simulate_gemm_pe(array, x, w).product;
      CHECK(product == float_product(x, w, whole ? 21 : 8));
      // Higham, Accuracy and Stability of Numerical Algorithms, eq. 3.5: K u |x| |w| to first
      // order; one more rounding for the product in fp32 and for each fold: K + 4 in all.
      const Eigen::MatrixXd bound = 25 * 0x1p-24 * (x.cwiseAbs() * w.cwiseAbs());
      CHECK(((product - x * w).cwiseAbs().array() <= bound.array()).all());
    }
  }
}
