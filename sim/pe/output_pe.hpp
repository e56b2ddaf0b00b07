// SPDX-License-Identifier: Apache-2.0
// The PE of an output-stationary array.
#pragma once

#include <systemc>

#include "sim/pe/edge.hpp"
#include "sim/pe/stationary_pe.hpp"

namespace sluice {

/// Accumulates one result in place, passes one operand east and the other south.
///
/// Drain::direct: the result is on `result` in the cycle of its last product. Drain::columns: the
/// results shift down through the accumulators, or through output registers where there are
/// (double_buffered_output), and leave by the `result` of the bottom PE. The bottom PE, which is
/// the last of its column to be done, tells the whole column to shift (`done`, `drain`); row r
/// then shifts r + 1 times, until the results of all rows above have passed it.
class OutputPe : public sc_core::sc_module {
 public:
  sc_core::sc_in<bool> clock{"clock"};
  sc_core::sc_in<PeWord> west{"west"};
  sc_core::sc_in<PeWord> north{"north"};
  sc_core::sc_in<PeWord> north_result{"north_result"};
  sc_core::sc_in<PeStart> drain{"drain"};
  sc_core::sc_out<PeWord> east{"east"};
  sc_core::sc_out<PeWord> south{"south"};
  sc_core::sc_out<PeWord> south_result{"south_result"};  ///< the register that shifts
  sc_core::sc_out<PeWord> result{"result"};
  sc_core::sc_out<PeStart> done{"done"};  ///< fold + 1 in the cycle after its last product

  OutputPe(sc_core::sc_module_name name, const PeSite& site);

 private:
  void tick();
  PeWord shift(std::uint64_t cycle);
  PeWord compute(std::uint64_t cycle);
  PeWord next_sum(std::uint64_t cycle, const PeWord& a, const PeWord& b);
  bool output_register() const;
  void store(std::uint64_t cycle, PeWord& place, PeOccupation& use, const PeWord& word);

  PeWord& draining() { return output_register() ? output_ : accumulator_; }
  PeOccupation& draining_use() { return output_register() ? output_use_ : accumulator_use_; }

  PeSite site_;
  PeWord accumulator_;  ///< a bubble when it is free
  PeWord output_;
  PeOccupation accumulator_use_;
  PeOccupation output_use_;
  std::uint32_t shifts_left_ = 0;
  std::uint64_t edge_ = 0;
};

}  // namespace sluice
