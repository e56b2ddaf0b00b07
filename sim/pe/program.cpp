// SPDX-License-Identifier: Apache-2.0
#include "sim/pe/program.hpp"

#include "base/assert.hpp"
#include "base/checked.hpp"
#include "sim/pe/arithmetic.hpp"

namespace sluice {
namespace {

Eigen::MatrixXd in_format(const Eigen::MatrixXd& matrix, NumberFormat format) {
  return matrix.unaryExpr([format](double value) { return to_format(value, format); });
}

std::uint64_t extent(Eigen::Index index) { return static_cast<std::uint64_t>(index); }

}  // namespace

PeProgram::PeProgram(const SystolicArray& array, const Eigen::MatrixXd& inputs,
                     const Eigen::MatrixXd& weights)
    : array_(array) {
  SLUICE_ASSERT(inputs.cols() == weights.rows(), "the operands of a product must fit each other");
  SLUICE_ASSERT(inputs.size() > 0 && weights.size() > 0, "a product has no empty operand");
  const Eigen::MatrixXd x = in_format(inputs, array.input_format);
  const Eigen::MatrixXd w = in_format(weights, array.weight_format);
  const bool input_rests = array.dataflow == Dataflow::input_stationary;
  if (output_stationary()) {
    moving_ = x.transpose();
    resting_ = w;
    sums_ = Eigen::MatrixXd::Zero(x.rows(), w.cols());
  } else {
    moving_ = input_rests ? Eigen::MatrixXd(w.transpose()) : x;
    resting_ = input_rests ? Eigen::MatrixXd(x.transpose()) : w;
    sums_ = Eigen::MatrixXd::Zero(moving_.rows(), resting_.cols());
    load_words_ = array.stationary_load == StationaryLoad::columns ? array.rows : array.columns;
  }
  if (input_rests) std::swap(moving_operand_, resting_operand_);
  steps_ = extent(moving_.rows());
  row_folds_ = static_cast<std::uint32_t>(ceil_div(extent(moving_.cols()), array.rows));
  column_folds_ = static_cast<std::uint32_t>(ceil_div(extent(resting_.cols()), array.columns));
}

bool PeProgram::feeds_columns() const {
  return output_stationary() || array_.stationary_load == StationaryLoad::columns;
}

std::uint64_t PeProgram::results_per_fold() const {
  return array_.columns * (output_stationary() ? array_.rows : steps_);
}

// Column folds are the outer loop, so that the partial sums of a column of results come one after
// the other.
Eigen::Index PeProgram::first_row(std::uint32_t fold) const {
  return static_cast<Eigen::Index>(fold % row_folds_) * array_.rows;
}

Eigen::Index PeProgram::first_column(std::uint32_t fold) const {
  return static_cast<Eigen::Index>(fold / row_folds_) * array_.columns;
}

PeWord PeProgram::rested(std::uint32_t row, std::uint32_t column, std::uint32_t fold) const {
  const Eigen::Index r = first_row(fold) + row;
  const Eigen::Index c = first_column(fold) + column;
  const bool real = r < resting_.rows() && c < resting_.cols();
  return {.kind = PeWord::Kind::load,
          .operand = resting_operand_,
          .real = real,
          .fold = fold,
          .value = real ? resting_(r, c) : 0.0};
}

PeWord PeProgram::streamed(std::uint32_t row, std::uint32_t fold, std::uint64_t step) const {
  const Eigen::Index r = first_row(fold) + row;
  const bool real = r < moving_.cols();
  return {.kind = PeWord::Kind::stream,
          .operand = moving_operand_,
          .real = real,
          .last = step + 1 == steps_,
          .fold = fold,
          .index = step,
          .value = real ? moving_(static_cast<Eigen::Index>(step), r) : 0.0};
}

PeWord PeProgram::row_word(std::uint32_t row, std::uint32_t fold, std::uint64_t offset) const {
  if (offset >= load_words_) {
    return offset < lane_words() ? streamed(row, fold, offset - load_words_) : PeWord{};
  }
  if (array_.stationary_load == StationaryLoad::columns) return {};
  // The word for the farthest column enters first.
  const auto column = static_cast<std::uint32_t>(load_words_ - 1 - offset);
  PeWord word = rested(row, column, fold);
  word.index = column;
  return word;
}

PeWord PeProgram::column_word(std::uint32_t column, std::uint32_t fold,
                              std::uint64_t offset) const {
  if (!output_stationary()) {
    if (offset >= load_words_) return {};
    const auto row = static_cast<std::uint32_t>(load_words_ - 1 - offset);
    PeWord word = rested(row, column, fold);
    word.index = row;
    return word;
  }
  if (offset >= steps_) return {};
  const Eigen::Index c = first_column(fold) + column;
  const bool real = c < resting_.cols();
  return {.kind = PeWord::Kind::stream,
          .operand = resting_operand_,
          .real = real,
          .last = offset + 1 == steps_,
          .fold = fold,
          .index = offset,
          .value = real ? resting_(static_cast<Eigen::Index>(offset), c) : 0.0};
}

void PeProgram::accumulate(std::uint32_t column, const PeWord& result) {
  if (!result.real) return;
  const auto index = static_cast<Eigen::Index>(result.index);
  const Eigen::Index row = output_stationary() ? first_row(result.fold) + index : index;
  double& sum = sums_(row, first_column(result.fold) + column);
  sum = to_format(sum + result.value, array_.accumulator_format);
}

Eigen::MatrixXd PeProgram::result() const {
  if (array_.dataflow == Dataflow::input_stationary) return sums_.transpose();
  return sums_;
}

}  // namespace sluice
