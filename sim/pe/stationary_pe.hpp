// SPDX-License-Identifier: Apache-2.0
// The PE of a weight- or input-stationary array.
#pragma once

#include <array>
#include <systemc>

#include "sim/pe/observation.hpp"
#include "sim/pe/program.hpp"

namespace sluice {

/// Where a PE is and what it reports to.
struct PeSite {
  const SystolicArray& array;
  PeObservation& observation;
  std::uint32_t row;
  std::uint32_t column;
};

/// "PE (row, column): what".
std::string at_pe(const PeSite& site, const std::string& what);

/// Holds one stationary word (two with double buffering, one of them in use), passes the moving
/// operand east and the partial sum south.
///
/// Registers: the stationary word or words, the moving operand, the partial sum. With
/// StationaryLoad::columns the stationary registers of a column are a shift register, each with an
/// enable that arrives with the words: a word shifts on until it is in its row. With rows, the
/// words shift through the registers of the moving operand and the PE copies its own as it passes.
class StationaryPe : public sc_core::sc_module {
 public:
  sc_core::sc_in<bool> clock{"clock"};
  sc_core::sc_in<PeWord> west{"west"};
  sc_core::sc_in<PeWord> north_load{"north_load"};
  sc_core::sc_in<PeWord> north_sum{"north_sum"};
  sc_core::sc_out<PeWord> east{"east"};
  sc_core::sc_out<PeWord> south_load{"south_load"};
  sc_core::sc_out<PeWord> south_sum{"south_sum"};

  StationaryPe(sc_core::sc_module_name name, const PeSite& site);

 private:
  void tick();
  PeWord compute(std::uint64_t cycle, const PeWord& moving);
  void load(std::uint64_t cycle, const PeWord& word, std::uint32_t own_index);

  std::size_t bank(std::uint32_t fold) const { return fold % copies_; }

  PeSite site_;
  std::uint32_t copies_;
  std::array<PeWord, 2> stationary_;
  PeOccupation stationary_use_;
  std::uint64_t edge_ = 0;
};

}  // namespace sluice
