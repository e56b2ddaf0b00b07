// SPDX-License-Identifier: Apache-2.0
// The systolic array wired up: PEs, feeders, edge registers, collectors and the clock.
#pragma once

#include <memory>
#include <systemc>
#include <vector>

#include "sim/pe/edge.hpp"
#include "sim/pe/output_pe.hpp"
#include "sim/pe/stationary_pe.hpp"

namespace sluice {

/// One run of a program on an array. Construct it inside a SystemcContext; it runs once.
class PeGrid {
 public:
  /// Runs the first `folds` folds of `program`, `interval` cycles apart.
  PeGrid(PeProgram& program, PeObservation& observation, std::uint32_t folds,
         std::uint64_t interval);

  /// Runs until the last result has left, a hazard was seen, or nothing can come any more.
  void run();

 private:
  using Wires = sc_core::sc_vector<sc_core::sc_signal<PeWord>>;
  using Starts = sc_core::sc_vector<sc_core::sc_signal<PeStart>>;

  void add_feeders(PeEdge edge, std::uint32_t lanes);
  void add_output_pes();
  void add_stationary_pes();
  void add_collectors();

  std::size_t at(std::uint32_t row, std::uint32_t column) const;
  PeSite site(std::uint32_t row, std::uint32_t column) const;
  template <class Pe>
  Pe& add_pe(std::uint32_t row, std::uint32_t column);

  PeProgram& program_;
  PeObservation& observation_;
  const SystolicArray& array_;
  std::uint64_t longest_run_;  ///< cycles after which every word has left

  sc_core::sc_clock clock_;
  // One more row and column of wires than of PEs; wire (r, c) enters PE (r, c) from west or north.
  Wires west_wires_;
  Wires north_wires_;
  Wires chain_wires_;  ///< partial sums (ws, is) or results that shift down (os)
  Wires result_wires_;
  Wires feeder_wires_;  ///< between feeders and edge registers
  Starts start_wires_;
  Starts done_wires_;
  std::vector<std::unique_ptr<sc_core::sc_module>> modules_;
};

}  // namespace sluice
