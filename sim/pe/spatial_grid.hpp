// SPDX-License-Identifier: Apache-2.0
// The clocked PEs of a spatial machine. Not for users of the room; see spatial.hpp.
#pragma once

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "sim/pe/spatial.hpp"
#include "sim/pe/spatial_program.hpp"
#include "sim/pe/spatial_values.hpp"

namespace sluice {

/// The grid, the line, and the buffer between them. One call of clock() is one cycle.
class SpatialGrid {
 public:
  SpatialGrid(const SpatialJob& job, const SpatialProgram& program, const SpatialValues& values);

  void clock();
  /// All instructions have left all PEs.
  bool is_done() const { return cycle_ > program_.issues[0].size() + rows_ + columns_; }
  SpatialPeResult& result() { return result_; }

 private:
  /// Where an operand of an operation of the pipeline comes from.
  struct Source {
    enum class Kind : std::uint8_t { input, registers, buffer };
    Kind kind = Kind::input;
    std::uint32_t producer = 0;  ///< of the pipeline
    std::uint32_t op = 0;        ///< of the work, that reads it as its operand `place`
    std::size_t place = 0;
    bool carried = false, along_row = false, elementwise = false;
    std::uint64_t latency = 1;
  };
  struct Held {
    std::uint32_t op = 0;
    std::uint64_t tile = 0, element = 0;
    double value = 0;
  };
  /// A PE of either array: its registers, and what it works on for several cycles.
  struct Pe {
    std::vector<Held> held;
    std::map<std::uint32_t, double> pending;  ///< by operation that is not at its last slot yet
    std::map<std::uint32_t, double> sums;     ///< by operation of the line that reduces
  };
  struct Cell {
    double value = 0;
    std::uint64_t cycle = 0, step = 0;
    bool filled = false;
  };
  /// Operation, column tile of all blocks, element, version, lane.
  using CellKey =
      std::tuple<std::uint32_t, std::uint64_t, std::uint64_t, std::uint64_t, std::uint64_t>;

  void find_sources();
  Source source_of(std::uint32_t work_op, std::size_t place, std::uint32_t consumer) const;
  void find_last_uses();
  void clock_spatial(std::uint64_t row, std::uint64_t column);
  void clock_vector(std::uint64_t lane);
  void run_in_place(Pe& pe, const Issue& issue, std::uint64_t row, std::uint64_t column);
  double run_column(Pe& pe, const Issue& issue, std::uint64_t row, std::uint64_t column,
                    double above);
  void arrive(const Issue& issue, std::uint64_t column, double value);
  double left_word(const Issue& issue, std::uint64_t row) const;
  double top_word(const Issue& issue, std::uint64_t column);
  double operand(const Source& source, Pe& pe, const Issue& issue, const PeCoordinates& at,
                 std::uint64_t lane, double left, double top);
  double from_registers(Pe& pe, const Source& source, const Issue& issue);
  double from_buffer(const Source& source, const Issue& issue, const PeCoordinates& at,
                     std::uint64_t lane);
  void keep_output(const PipelineOp& op, const PeCoordinates& at, double value);
  void to_buffer(const Issue& issue, std::uint64_t lane, double value);
  void release(Pe& pe, const Issue& issue);
  void hold(Pe& pe, ArrayUnit unit, const Held& held);
  void hazard(const std::string& what);
  const Issue& issue_at(ArrayUnit unit, std::uint64_t delay) const;
  const PipelineOp& op_of(const Issue& issue) const {
    return job_.placed.pipeline.ops[static_cast<std::size_t>(issue.op)];
  }

  const SpatialJob& job_;
  const SpatialProgram& program_;
  const SpatialValues& values_;
  std::uint64_t rows_, columns_, cycle_ = 0;
  Issue nothing_;
  std::vector<std::vector<Source>> sources_;  ///< by operation of the pipeline; the seed apart
  std::vector<std::vector<Source>> seed_;     ///< none or one
  /// By operation: the last of its readers, of which the first element that frees it.
  std::vector<std::map<std::uint64_t, std::pair<std::uint32_t, std::uint64_t>>> last_use_;
  std::vector<bool> by_registers_;  ///< results that wait in registers of the vector array
  std::vector<Pe> grid_, line_;
  std::vector<double> left_, top_, next_left_, next_top_;  ///< words on the links
  std::map<CellKey, Cell> buffer_;
  SpatialPeResult result_;
};

}  // namespace sluice
