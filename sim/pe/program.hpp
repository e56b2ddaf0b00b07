// SPDX-License-Identifier: Apache-2.0
// Which word of the operands enters which lane of the array, and when, counted from the start of
// its fold. Knows the dataflow and the order of folds, nothing of registers or of overlap.
#pragma once

#include <Eigen/Core>
#include <cstdint>

#include "arch/systolic_array.hpp"
#include "sim/pe/word.hpp"

namespace sluice {

/// The operands of one product, laid out for an array.
///
/// ws and is: `moving_` is T x Sr and enters by rows, `resting_` is Sr x Sc and stays, the result
/// is T x Sc. is computes the transpose: (X W)^T = W^T X^T. os: `moving_` is T x Sr too (inputs
/// transposed), `resting_` is T x Sc and enters by columns, the result is Sr x Sc.
class PeProgram {
 public:
  /// inputs: M x K, weights: K x N; rounded to the array's formats.
  PeProgram(const SystolicArray& array, const Eigen::MatrixXd& inputs,
            const Eigen::MatrixXd& weights);

  const SystolicArray& array() const { return array_; }
  bool output_stationary() const { return array_.dataflow == Dataflow::output_stationary; }
  std::uint32_t folds() const { return row_folds_ * column_folds_; }
  std::uint64_t steps() const { return steps_; }
  /// Words that a lane of the array's west edge takes in a fold, bubbles included.
  std::uint64_t lane_words() const { return load_words_ + steps_; }
  /// Whether words enter by the north edge.
  bool feeds_columns() const;
  /// Results that leave the array in a fold, padding included.
  std::uint64_t results_per_fold() const;

  /// The word for row `row` of the array, `offset` cycles after that row started `fold`.
  PeWord row_word(std::uint32_t row, std::uint32_t fold, std::uint64_t offset) const;
  /// The same for column `column`.
  PeWord column_word(std::uint32_t column, std::uint32_t fold, std::uint64_t offset) const;

  /// Adds a result that left column `column` to the accumulators outside the array.
  void accumulate(std::uint32_t column, const PeWord& result);
  /// M x N, once all results have left.
  Eigen::MatrixXd result() const;

 private:
  PeWord rested(std::uint32_t row, std::uint32_t column, std::uint32_t fold) const;
  PeWord streamed(std::uint32_t row, std::uint32_t fold, std::uint64_t step) const;
  Eigen::Index first_row(std::uint32_t fold) const;
  Eigen::Index first_column(std::uint32_t fold) const;

  SystolicArray array_;
  Eigen::MatrixXd moving_;
  Eigen::MatrixXd resting_;
  Eigen::MatrixXd sums_;
  PeOperand moving_operand_ = PeOperand::input;
  PeOperand resting_operand_ = PeOperand::weight;
  std::uint64_t steps_ = 0;
  std::uint64_t load_words_ = 0;
  std::uint32_t row_folds_ = 0;
  std::uint32_t column_folds_ = 0;
};

}  // namespace sluice
