// SPDX-License-Identifier: Apache-2.0
// The description of a systolic array: what it is, not how long it takes (that is sim/models).
#pragma once

#include <cstdint>

#include "arch/number_format.hpp"
#include "base/describe.hpp"

namespace sluice {

/// Which operand stays in the PEs while the others stream past (Chen et al., ISCA 2016, sec. IV).
enum class Dataflow : std::uint8_t { weight_stationary, output_stationary, input_stationary };

template <>
struct EnumNames<Dataflow> {
  static constexpr EnumName<Dataflow> table[] = {
      {"ws", Dataflow::weight_stationary},
      {"os", Dataflow::output_stationary},
      {"is", Dataflow::input_stationary},
  };
};

/// How an output-stationary array hands over its results.
enum class Drain : std::uint8_t {
  columns,  ///< shifted down the columns, one row a cycle: `rows` cycles after the last product
  direct,   ///< read from the PEs in the cycle in which they are done, as SCALE-Sim assumes
};

template <>
struct EnumNames<Drain> {
  static constexpr EnumName<Drain> table[] = {
      {"columns", Drain::columns},
      {"direct", Drain::direct},
  };
};

/// By which edge the stationary operand of a ws or is array enters.
enum class StationaryLoad : std::uint8_t {
  columns,  ///< down the columns: `rows` cycles (TPU v1, SCALE-Sim)
  rows,     ///< along the rows, through the registers of the moving operand: `columns` cycles
};

template <>
struct EnumNames<StationaryLoad> {
  static constexpr EnumName<StationaryLoad> table[] = {
      {"columns", StationaryLoad::columns},
      {"rows", StationaryLoad::rows},
  };
};

/// A rows x columns grid of PEs, one MAC a PE a cycle, operands moving one PE a cycle.
///
/// One *fold* is one use of the array: Sr x Sc mapped on rows x columns, T steps in time:
///
///   dataflow   rows   columns   time   stationary
///   os         M      N         K      output
///   ws         K      N         M      weight
///   is         K      M         N      input
struct SystolicArray {
  std::uint32_t rows = 128;
  std::uint32_t columns = 128;
  Dataflow dataflow = Dataflow::weight_stationary;
  NumberFormat input_format = NumberFormat::int8;
  NumberFormat weight_format = NumberFormat::int8;
  NumberFormat accumulator_format = NumberFormat::int32;
  /// A second register for the stationary operand in every PE: the next fold's loads while the
  /// present one computes. Ignored by os.
  bool double_buffered_stationary = false;
  StationaryLoad stationary_load = StationaryLoad::columns;
  Drain drain = Drain::columns;
  /// A second output register in every PE of an os array: a fold drains while the next computes.
  bool double_buffered_output = false;
  /// Whether a fold may enter while the skewed tail of the one before is still in the array.
  bool overlap_folds = false;
  /// A register between the array's edge and its first PE: one cycle more from first operand to
  /// last result, hidden where folds overlap.
  bool edge_register = false;

  bool operator==(const SystolicArray&) const = default;
};

template <class Visitor>
void describe(Visitor& v, SystolicArray& a) {
  v.required("rows", a.rows, {.doc = "PEs in a column", .unit = "PEs", .min = 1, .max = 65536});
  v.required("columns", a.columns, {.doc = "PEs in a row", .unit = "PEs", .min = 1, .max = 65536});
  v.field("dataflow", a.dataflow, {.doc = "operand that stays in the PEs"});
  v.field("input_format", a.input_format, {.doc = "number format of inputs"});
  v.field("weight_format", a.weight_format, {.doc = "number format of weights"});
  v.field("accumulator_format", a.accumulator_format, {.doc = "number format of partial sums"});
  v.field("double_buffered_stationary", a.double_buffered_stationary,
          {.doc = "the next stationary tile loads while the present one computes (ws, is)"});
  v.field("stationary_load", a.stationary_load,
          {.doc = "edge by which the stationary operand enters (ws, is)"});
  v.field("drain", a.drain, {.doc = "how results leave the array (os)"});
  v.field("double_buffered_output", a.double_buffered_output,
          {.doc = "a fold drains while the next computes (os)"});
  v.field("overlap_folds", a.overlap_folds,
          {.doc = "a fold may enter during the skewed tail of the one before"});
  v.field("edge_register", a.edge_register,
          {.doc = "one register between the edge of the array and its first PE"});
}

}  // namespace sluice
