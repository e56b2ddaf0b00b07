// SPDX-License-Identifier: Apache-2.0
#include "sim/pe/vector_unit.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <numbers>

#include "sim/pe/arithmetic.hpp"

namespace sluice {
namespace {

using Action = LaneStep::Action;

/// Multiples of 1/8 in -1 .. 1, which every format of 8 bits and more holds.
Eigen::MatrixXd drawn(Eigen::Index rows, Eigen::Index columns, std::mt19937_64& random) {
  Eigen::MatrixXd matrix(rows, columns);
  for (Eigen::Index i = 0; i < matrix.size(); ++i)
    matrix.data()[i] = static_cast<double>(random() % 17) / 8 - 1;
  return matrix;
}

/// One value a column, the same in every row: what belongs to an output channel.
Eigen::MatrixXd by_column(Eigen::Index rows, Eigen::Index columns, std::mt19937_64& random) {
  return drawn(1, columns, random).replicate(rows, 1);
}

LaneStep constant(Action action, std::uint32_t cycles, double operand = 0) {
  return {action, cycles, operand, {}, {}};
}

/// x / (1 + e^(x (a + b x^2))), which is 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) (Hendrycks
/// & Gimpel 2016, sec. 2).
LaneProgram gelu(const VectorUnit& unit) {
  const double a = -2 * std::sqrt(2 / std::numbers::pi), b = 0.044715 * a;
  return {constant(Action::keep, 0),          constant(Action::square, 1),
          constant(Action::multiply, 1, b),   constant(Action::add, 1, a),
          constant(Action::multiply_kept, 1), constant(Action::exponential, unit.exp_cycles),
          constant(Action::add, 1, 1),        constant(Action::divide_kept, unit.divide_cycles)};
}

/// (x or 1) / (1 + e^-x).
LaneProgram sigmoid(const VectorUnit& unit, bool times_x) {
  return {constant(Action::keep, 0), constant(Action::subtract_from, 1, 0),
          constant(Action::exponential, unit.exp_cycles), constant(Action::add, 1, 1),
          constant(times_x ? Action::divide_kept : Action::divide_constant, unit.divide_cycles, 1)};
}

/// (x or 1) times min(max(x + 3, 0), 6) / 6 (Howard et al. 2019, sec. 5.2).
LaneProgram hard_sigmoid(bool times_x) {
  LaneProgram steps = {constant(Action::keep, 0), constant(Action::add, 1, 3),
                       constant(Action::maximum, 1, 0), constant(Action::minimum, 1, 6),
                       constant(Action::multiply, 1, 1.0 / 6)};
  if (times_x) steps.push_back(constant(Action::multiply_kept, 1));
  return steps;
}

/// 1 - 2 / (e^2x + 1).
LaneProgram tanh(const VectorUnit& unit) {
  return {constant(Action::multiply, 1, 2), constant(Action::exponential, unit.exp_cycles),
          constant(Action::add, 1, 1), constant(Action::divide_constant, unit.divide_cycles, 2),
          constant(Action::subtract_from, 1, 1)};
}

/// One value for each pair of columns.
Eigen::MatrixXd by_pair(Eigen::Index rows, Eigen::Index columns, std::mt19937_64& random) {
  Eigen::MatrixXd matrix = drawn(rows, columns, random);
  for (Eigen::Index column = 1; column < columns; column += 2)
    matrix.col(column) = matrix.col(column - 1);
  return matrix;
}

/// x cos + x' sin, where x' is the other of a pair of columns (Su et al. 2021, eq. 34).
LaneStep rotation(Eigen::Index rows, Eigen::Index columns, std::mt19937_64& random) {
  const Eigen::ArrayXXd angles = by_pair(rows, columns, random).array();
  return {Action::turn, 3, 0, angles.cos().matrix(), angles.sin().matrix()};
}

/// (x + i x') (c + i d), a pair of columns being the parts of a number.
LaneStep complex_product(Eigen::Index rows, Eigen::Index columns, std::mt19937_64& random) {
  const Eigen::MatrixXd real = by_pair(rows, columns, random);
  return {Action::turn, 3, 0, real, by_pair(rows, columns, random)};
}

double partner(const Eigen::MatrixXd& elements, Eigen::Index row, Eigen::Index column) {
  const Eigen::Index other = column % 2 == 0 ? column + 1 : column - 1;
  if (other >= elements.cols()) return 0;
  return column % 2 == 0 ? -elements(row, other) : elements(row, other);
}

/// One element on its way through a lane.
class Element {
 public:
  Element(NumberFormat format, const Eigen::MatrixXd& elements, Eigen::Index row,
          Eigen::Index column)
      : format_(format),
        elements_(elements),
        row_(row),
        column_(column),
        value_(to_format(elements(row, column), format)) {}

  double value() const { return value_; }

  void take(const LaneStep& step) {
    const double operand =
        to_format(step.operands.size() > 0 ? step.operands(row_, column_) : step.constant, format_);
    if (step.action == Action::keep)
      kept_ = value_;
    else
      value_ = to_format(result(step, operand), format_);
  }

 private:
  double result(const LaneStep& step, double operand) const {
    switch (step.action) {
      case Action::keep:
        return value_;
      case Action::add:
        return value_ + operand;
      case Action::multiply:
        return value_ * operand;
      case Action::maximum:
        return std::max(value_, operand);
      case Action::minimum:
        return std::min(value_, operand);
      case Action::exponential:
        return std::exp(value_);
      case Action::sine:
        return std::sin(value_);
      case Action::square:
        return value_ * value_;
      case Action::multiply_kept:
        return value_ * kept_;
      case Action::subtract_from:
        return operand - value_;
      case Action::divide_kept:
        return kept_ / value_;
      case Action::divide_constant:
        return operand / value_;
      case Action::turn:
        break;
    }
    const double sine = to_format(step.operands2(row_, column_), format_);
    const double turned = to_format(partner(elements_, row_, column_) * sine, format_);
    return to_format(value_ * operand, format_) + turned;
  }

  NumberFormat format_;
  const Eigen::MatrixXd& elements_;
  Eigen::Index row_, column_;
  double value_ = 0, kept_ = 0;
};

}  // namespace

void append_steps(LaneProgram& program, ElementwiseKind kind, const VectorUnit& unit,
                  Eigen::Index rows, Eigen::Index columns, std::mt19937_64& random) {
  const auto add = [&](const LaneProgram& steps) {
    program.insert(program.end(), steps.begin(), steps.end());
  };
  switch (kind) {
    case ElementwiseKind::relu:
      return add({constant(Action::maximum, 1, 0)});
    case ElementwiseKind::relu6:
      return add({constant(Action::maximum, 1, 0), constant(Action::minimum, 1, 6)});
    case ElementwiseKind::hard_sigmoid:
      return add(hard_sigmoid(false));
    case ElementwiseKind::hard_swish:
      return add(hard_sigmoid(true));
    case ElementwiseKind::gelu:
      return add(gelu(unit));
    case ElementwiseKind::silu:
      return add(sigmoid(unit, true));
    case ElementwiseKind::sigmoid:
      return add(sigmoid(unit, false));
    case ElementwiseKind::tanh:
      return add(tanh(unit));
    case ElementwiseKind::exp:
      return add({constant(Action::exponential, unit.exp_cycles)});
    case ElementwiseKind::sin:
      return add({constant(Action::sine, unit.exp_cycles)});
    case ElementwiseKind::add:
      return add({{Action::add, 1, 0, drawn(rows, columns, random), {}}});
    case ElementwiseKind::multiply:
      return add({{Action::multiply, 1, 0, drawn(rows, columns, random), {}}});
    case ElementwiseKind::scale:
      return add({constant(Action::multiply, 1, 0.125)});
    case ElementwiseKind::bias:
      return add({{Action::add, 1, 0, by_column(rows, columns, random), {}}});
    case ElementwiseKind::batch_norm:
      return add({{Action::multiply, 1, 0, by_column(rows, columns, random), {}},
                  {Action::add, 1, 0, by_column(rows, columns, random), {}}});
    case ElementwiseKind::rope:
      return add({rotation(rows, columns, random)});
    case ElementwiseKind::complex_multiply:
      return add({complex_product(rows, columns, random)});
  }
}

VectorRun run_vector_unit(const VectorUnit& unit, const LaneProgram& program,
                          const Eigen::MatrixXd& elements) {
  std::uint64_t each = 0;  // lane cycles of an element
  for (const LaneStep& step : program) each += step.lane_cycles;
  VectorRun run;
  run.values.resize(elements.rows(), elements.cols());
  std::deque<std::uint64_t> pipeline;  // cycles at which elements leave
  std::uint64_t left = each;           // of the element at hand
  const auto count = static_cast<std::uint64_t>(elements.size());
  for (std::uint64_t cycle = 0, next = 0; next < count || !pipeline.empty(); ++cycle) {
    while (!pipeline.empty() && pipeline.front() == cycle) pipeline.pop_front();
    run.result_cycles = cycle;
    for (std::uint64_t free = unit.lanes; free > 0 && next < count;) {
      const std::uint64_t begun = std::min(free, left);
      free -= begun, left -= begun;
      if (left > 0) break;
      const auto row = static_cast<Eigen::Index>(next) / elements.cols();
      const auto column = static_cast<Eigen::Index>(next) % elements.cols();
      Element element(unit.format, elements, row, column);
      for (const LaneStep& step : program) element.take(step);
      run.values(row, column) = element.value();
      run.issue_cycles = cycle + 1;
      pipeline.push_back(cycle + 1 + unit.latency);
      left = each, ++next;
    }
  }
  return run;
}

}  // namespace sluice
