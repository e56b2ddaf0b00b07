// SPDX-License-Identifier: Apache-2.0
// The vector unit of pe: epilogues give the numbers of their formulas and take the lane cycles that
// the mapper counts.
#include <doctest/doctest.h>

#include <Eigen/Dense>
#include <cmath>
#include <complex>

#include "mapper/lane_cycles.hpp"
#include "sim/pe/vector_unit.hpp"

using namespace sluice;

namespace {

constexpr double fp32_epsilon = 1.0 / (1 << 23);

LaneProgram program_of(ElementwiseKind kind, const VectorUnit& unit, const Eigen::MatrixXd& x) {
  std::mt19937_64 random(7);
  LaneProgram program;
  append_steps(program, kind, unit, x.rows(), x.cols(), random);
  return program;
}

/// 5 x 6 numbers from -4 to 4.
Eigen::MatrixXd elements() {
  Eigen::MatrixXd x(5, 6);
  for (Eigen::Index i = 0; i < x.size(); ++i) x.data()[i] = -4 + 8.0 * double(i) / 29;
  return x;
}

/// The largest difference to a formula, in units of fp32's spacing at 1 (or at the value).
template <class Formula>
double error(ElementwiseKind kind, Formula formula) {
  const Eigen::MatrixXd x = elements();
  const VectorUnit unit;
  const Eigen::MatrixXd y = run_vector_unit(unit, program_of(kind, unit, x), x).values;
  double worst = 0;
  for (Eigen::Index i = 0; i < x.size(); ++i) {
    const double exact = formula(x.data()[i]);
    worst = std::max(worst, std::abs(y.data()[i] - exact) / std::max(1.0, std::abs(exact)));
  }
  return worst / fp32_epsilon;
}

}  // namespace

TEST_CASE("the steps of every epilogue take the lane cycles that the mapper counts") {
  VectorUnit unit;
  unit.exp_cycles = 5, unit.divide_cycles = 11;
  for (const auto& [name, kind] : EnumNames<ElementwiseKind>::table) {
    CAPTURE(name);
    std::uint64_t cycles = 0;
    for (const LaneStep& step : program_of(kind, unit, elements())) cycles += step.lane_cycles;
    CHECK(cycles == lane_cycles(kind, unit));
  }
}

TEST_CASE("epilogues without operands give their formulas, to a few roundings of fp32") {
  CHECK(error(ElementwiseKind::relu, [](double x) { return std::max(x, 0.0); }) <= 1);
  CHECK(error(ElementwiseKind::relu6, [](double x) { return std::min(std::max(x, 0.0), 6.0); }) <=
        1);
  // Sum, product by 1/6 (itself rounded) and by x: four halves of a spacing.
  const auto clipped = [](double x) { return std::min(std::max(x + 3, 0.0), 6.0) / 6; };
  CHECK(error(ElementwiseKind::hard_sigmoid, clipped) <= 2);
  CHECK(error(ElementwiseKind::hard_swish, [&](double x) { return x * clipped(x); }) <= 2);
  // Each step rounds by half a spacing, and e^u turns an error of u into a relative one: |u| <= 21.
  CHECK(error(ElementwiseKind::gelu, [](double x) {
          const double u = std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x);
          return 0.5 * x * (1 + std::tanh(u));
        }) <= 24);
  CHECK(error(ElementwiseKind::silu, [](double x) { return x / (1 + std::exp(-x)); }) <= 8);
  CHECK(error(ElementwiseKind::sigmoid, [](double x) { return 1 / (1 + std::exp(-x)); }) <= 8);
  CHECK(error(ElementwiseKind::tanh, [](double x) { return std::tanh(x); }) <= 8);
  CHECK(error(ElementwiseKind::exp, [](double x) { return std::exp(x); }) <= 8);
  CHECK(error(ElementwiseKind::sin, [](double x) { return std::sin(x); }) <= 1);
  CHECK(error(ElementwiseKind::scale, [](double x) { return x / 8; }) <= 1);
}

TEST_CASE("a bias and a batch norm belong to columns, a second operand to elements") {
  const Eigen::MatrixXd x = Eigen::MatrixXd::Zero(3, 4);
  const VectorUnit unit;
  const auto values = [&](ElementwiseKind kind) {
    return run_vector_unit(unit, program_of(kind, unit, x), x).values;
  };
  for (const ElementwiseKind kind : {ElementwiseKind::bias, ElementwiseKind::batch_norm}) {
    const Eigen::MatrixXd y = values(kind);
    CHECK(y.row(0) == y.row(1));
    CHECK(y.row(0) == y.row(2));
    CHECK(y.row(0).minCoeff() < y.row(0).maxCoeff());
  }
  CHECK(values(ElementwiseKind::add).row(0) != values(ElementwiseKind::add).row(1));
  CHECK(values(ElementwiseKind::multiply) == x);
}

TEST_CASE("rope turns each pair of columns and keeps its length") {
  const Eigen::MatrixXd x = elements();
  const VectorUnit unit;
  const LaneProgram program = program_of(ElementwiseKind::rope, unit, x);
  const Eigen::MatrixXd y = run_vector_unit(unit, program, x).values;
  REQUIRE(program.size() == 1);
  for (Eigen::Index row = 0; row < x.rows(); ++row)
    for (Eigen::Index column = 0; column < x.cols(); column += 2) {
      CHECK(std::hypot(y(row, column), y(row, column + 1)) ==
            doctest::Approx(std::hypot(x(row, column), x(row, column + 1))).epsilon(1e-6));
      const double c = program[0].operands(row, column), s = program[0].operands2(row, column);
      CHECK(y(row, column) ==
            doctest::Approx(x(row, column) * c - x(row, column + 1) * s).epsilon(1e-5));
    }
}

TEST_CASE("complex numbers, a pair of columns each, are multiplied as such") {
  const Eigen::MatrixXd x = elements();
  const VectorUnit unit;
  const LaneProgram program = program_of(ElementwiseKind::complex_multiply, unit, x);
  const Eigen::MatrixXd y = run_vector_unit(unit, program, x).values;
  REQUIRE(program.size() == 1);
  for (Eigen::Index row = 0; row < x.rows(); ++row)
    for (Eigen::Index column = 0; column < x.cols(); column += 2) {
      const std::complex<double> product =
          std::complex(x(row, column), x(row, column + 1)) *
          std::complex(program[0].operands(row, column), program[0].operands2(row, column));
      CHECK(y(row, column) == doctest::Approx(product.real()).epsilon(1e-6));
      CHECK(y(row, column + 1) == doctest::Approx(product.imag()).epsilon(1e-6));
    }
}

TEST_CASE("lanes begin so many lane cycles a cycle, and results leave after the latency") {
  VectorUnit unit;
  unit.lanes = 4, unit.latency = 3;
  const LaneProgram relu6 = program_of(ElementwiseKind::relu6, unit, elements());
  // 30 elements of 2 lane cycles on 4 lanes: 15 cycles; the last leaves 3 later.
  const VectorRun run = run_vector_unit(unit, relu6, elements());
  CHECK(run.issue_cycles == 15);
  CHECK(run.result_cycles == 18);
  // One lane cycle more than fits 7 cycles takes an eighth: 29 of 4 a cycle.
  const Eigen::MatrixXd few = Eigen::MatrixXd::Ones(1, 29), fewer = Eigen::MatrixXd::Ones(1, 28);
  CHECK(run_vector_unit(unit, program_of(ElementwiseKind::relu, unit, few), few).issue_cycles == 8);
  CHECK(run_vector_unit(unit, program_of(ElementwiseKind::relu, unit, fewer), fewer).issue_cycles ==
        7);
}
