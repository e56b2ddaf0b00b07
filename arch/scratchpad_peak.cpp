// SPDX-License-Identifier: Apache-2.0
#include "arch/scratchpad_peak.hpp"

#include <algorithm>

namespace sluice {
namespace {

double bytes(double words, NumberFormat format) { return words * width_bits(format) / 8; }

/// What the array asks for of an operand: the moving one enters by the rows, the stationary one,
/// and the weights of an os array, by the columns.
double operand_need(const SystolicArray& array, TensorRole role) {
  const NumberFormat format = role == TensorRole::input ? array.input_format : array.weight_format;
  const bool stationary =
      (role == TensorRole::weight && array.dataflow == Dataflow::weight_stationary) ||
      (role == TensorRole::input && array.dataflow == Dataflow::input_stationary);
  const bool by_columns =
      stationary ? array.stationary_load == StationaryLoad::columns
                 : role == TensorRole::weight && array.dataflow == Dataflow::output_stationary;
  return bytes(by_columns ? array.columns : array.rows, format);
}

/// Results, and partial sums on their way back. Where results are read in place, a diagonal of PEs
/// is done at once, and more when folds overlap.
double result_need(const SystolicArray& array) {
  const bool in_place =
      array.dataflow == Dataflow::output_stationary && array.drain == Drain::direct;
  const double words = !in_place             ? 1.0 * array.columns
                       : array.overlap_folds ? 1.0 * array.rows * array.columns
                                             : 1.0 * std::min(array.rows, array.columns);
  return 2 * bytes(words, array.accumulator_format);
}

double vector_need(const Architecture& machine, TensorRole role) {
  const double lanes = machine.vector.lanes;
  const SystolicArray& array = machine.array;
  if (role == TensorRole::input) return 2 * bytes(lanes, array.input_format);
  if (role == TensorRole::output)
    return bytes(lanes, array.accumulator_format) + bytes(lanes, array.input_format);
  return 0;
}

}  // namespace

double peak_bytes_per_cycle(const Architecture& machine, std::size_t pad,
                            double dram_bytes_per_cycle) {
  const Scratchpad& s = machine.scratchpads[pad];
  if (s.width.value > 0) {
    const double ports = s.shared_ports ? s.read_ports : 1.0 * s.read_ports + s.write_ports;
    return static_cast<double>(s.width.value) * s.banks * ports;
  }
  double need = dram_bytes_per_cycle;
  for (const TensorRole role : s.holds) {
    need +=
        role == TensorRole::output ? result_need(machine.array) : operand_need(machine.array, role);
    need += vector_need(machine, role);
  }
  return need;
}

}  // namespace sluice
