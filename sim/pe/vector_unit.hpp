// SPDX-License-Identifier: Apache-2.0
// The vector unit at work on epilogues: numbers in its format, lane cycle by lane cycle. What pe
// runs behind the grid of PEs; layers that are no matrix product are not run here.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <random>
#include <vector>

#include "arch/architecture.hpp"
#include "workloads/network.hpp"

namespace sluice {

/// One step of an element through a lane. `value` starts as the element and goes from step to step;
/// `kept` is what the last `keep` put aside.
struct LaneStep {
  enum class Action : std::uint8_t {
    keep,             ///< kept = value; takes no time
    add,              ///< value + operand
    multiply,         ///< value * operand
    maximum,          ///< max(value, operand)
    minimum,          ///< min(value, operand)
    exponential,      ///< e^value
    sine,             ///< sin(value)
    square,           ///< value * value
    multiply_kept,    ///< value * kept
    subtract_from,    ///< operand - value
    divide_kept,      ///< kept / value
    divide_constant,  ///< operand / value
    turn,  ///< value * operand -+ partner * second operand, of a pair of columns; 3 lane cycles
  };
  Action action = Action::add;
  std::uint32_t lane_cycles = 1;
  double constant = 0;        ///< the operand, unless there is a matrix of them
  Eigen::MatrixXd operands;   ///< by element; empty: `constant`
  Eigen::MatrixXd operands2;  ///< of turn: the second operands, such as sines
};

/// What the epilogue of a layer does to each element of its result.
using LaneProgram = std::vector<LaneStep>;

/// Appends the steps of an epilogue for a result of `rows` x `columns`; its lane cycles are those
/// of lane_cycles(). Operands (biases, second operands, angles) are drawn from `random`.
void append_steps(LaneProgram& program, ElementwiseKind kind, const VectorUnit& unit,
                  Eigen::Index rows, Eigen::Index columns, std::mt19937_64& random);

struct VectorRun {
  Eigen::MatrixXd values;           ///< numbers of the unit's format
  std::uint64_t issue_cycles = 0;   ///< until the last lane cycle has begun: the unit is free
  std::uint64_t result_cycles = 0;  ///< until the last result has left the pipeline
};

/// Clocks the unit until all elements, row by row, are through: every cycle it begins `lanes` lane
/// cycles, of one element after the other; an element leaves `latency` cycles after its last. What
/// an element's steps wait for each other is in that latency.
VectorRun run_vector_unit(const VectorUnit& unit, const LaneProgram& program,
                          const Eigen::MatrixXd& elements);

}  // namespace sluice
