// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "arch/scratchpad_peak.hpp"

namespace sluice {
namespace {

/// 4 x 8 PEs of int8 with int32 sums, 2 lanes, one scratchpad that holds `holds`.
Architecture machine(Dataflow dataflow, std::vector<TensorRole> holds) {
  Architecture m;
  m.array.rows = 4;
  m.array.columns = 8;
  m.array.dataflow = dataflow;
  m.vector.lanes = 2;
  Scratchpad pad;
  pad.holds = std::move(holds);
  m.scratchpads.push_back(pad);
  return m;
}

TEST_CASE("the peak of a scratchpad with a width is that of its ports") {
  Architecture m = machine(Dataflow::weight_stationary, {TensorRole::input});
  Scratchpad& pad = m.scratchpads[0];
  pad.width = Bytes{16};
  pad.banks = 4;
  pad.read_ports = 2;
  pad.write_ports = 1;
  CHECK(peak_bytes_per_cycle(m, 0, 100) == 16 * 4 * 3);
  pad.shared_ports = true;
  CHECK(peak_bytes_per_cycle(m, 0, 100) == 16 * 4 * 2);
}

// ws: inputs enter by the 4 rows, weights by the 8 columns, sums (4 B) leave by them and come back;
// os: weights by the columns as well; is: inputs by the columns, weights by the rows. Of 2 lanes
// come 2 x 2 B of operands, and 2 x 4 B of sums and 2 x 1 B of results.
TEST_CASE("without a width the peak is what the clients can ask for at once") {
  using enum Dataflow;
  const auto peak = [](Dataflow dataflow, TensorRole role) {
    return peak_bytes_per_cycle(machine(dataflow, {role}), 0, 10);
  };
  CHECK(peak(weight_stationary, TensorRole::input) == 10 + 4 + 4);
  CHECK(peak(weight_stationary, TensorRole::weight) == 10 + 8);
  CHECK(peak(weight_stationary, TensorRole::output) == 10 + 2 * 8 * 4 + 8 + 2);
  CHECK(peak(input_stationary, TensorRole::input) == 10 + 8 + 4);
  CHECK(peak(input_stationary, TensorRole::weight) == 10 + 4);
  CHECK(peak(output_stationary, TensorRole::weight) == 10 + 8);
}

TEST_CASE("tensors in one scratchpad ask for it together, and share the DMA engines") {
  const Architecture m =
      machine(Dataflow::weight_stationary, {TensorRole::input, TensorRole::weight});
  CHECK(peak_bytes_per_cycle(m, 0, 10) == 10 + (4 + 4) + 8);
}

// Read in place, 4 PEs on a diagonal are done at once; folds that overlap may have more of them.
TEST_CASE("results that are read in place come by the diagonal") {
  Architecture m = machine(Dataflow::output_stationary, {TensorRole::output});
  m.array.drain = Drain::direct;
  CHECK(peak_bytes_per_cycle(m, 0, 0) == 2 * 4 * 4 + 8 + 2);
  m.array.overlap_folds = true;
  CHECK(peak_bytes_per_cycle(m, 0, 0) == 2 * 4 * 8 * 4 + 8 + 2);
}

}  // namespace
}  // namespace sluice
