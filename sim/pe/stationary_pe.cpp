// SPDX-License-Identifier: Apache-2.0
#include "sim/pe/stationary_pe.hpp"

#include "sim/pe/arithmetic.hpp"

namespace sluice {

std::string at_pe(const PeSite& site, const std::string& what) {
  return "PE (" + std::to_string(site.row) + ", " + std::to_string(site.column) + "): " + what;
}

StationaryPe::StationaryPe(sc_core::sc_module_name name, const PeSite& site)
    : sc_module(name), site_(site), copies_(site.array.double_buffered_stationary ? 2 : 1) {
  SC_HAS_PROCESS(StationaryPe);
  SC_METHOD(tick);
  sensitive << clock.pos();
  dont_initialize();
}

void StationaryPe::tick() {
  const std::uint64_t cycle = edge_++;
  const PeWord& moving = west.read();
  // The product uses the stationary word as it was in this cycle; loading changes it at its end.
  south_sum.write(compute(cycle, moving));
  PeWord passing = moving;
  if (moving.kind == PeWord::Kind::load) {
    load(cycle, moving, site_.column);
    if (moving.index == site_.column) passing = PeWord{};
  }
  east.write(passing);
  const PeWord& shifted = north_load.read();
  if (shifted.valid()) load(cycle, shifted, site_.row);
  south_load.write(shifted.index == site_.row ? PeWord{} : shifted);
}

PeWord StationaryPe::compute(std::uint64_t cycle, const PeWord& moving) {
  if (moving.kind != PeWord::Kind::stream) {
    if (north_sum.read().valid()) {
      site_.observation.hazard(cycle, at_pe(site_, "a partial sum meets no operand"));
    }
    return {};
  }
  const PeWord& own = stationary_[bank(moving.fold)];
  const std::uint32_t own_index =
      site_.array.stationary_load == StationaryLoad::columns ? site_.row : site_.column;
  if (!own.valid() || own.fold != moving.fold || own.index != own_index) {
    site_.observation.hazard(
        cycle, at_pe(site_, "the stationary word of fold " + std::to_string(moving.fold) +
                                " is not in its register"));
  }
  PeWord sum = north_sum.read();
  if (site_.row > 0 && (sum.fold != moving.fold || sum.index != moving.index || !sum.valid())) {
    site_.observation.hazard(cycle, at_pe(site_, "operand and partial sum do not belong together"));
  }
  const bool real = moving.real && own.real;
  site_.observation.multiply(moving.fold, real, cycle);
  site_.observation.hold(stationary_use_, moving.fold, cycle, copies_);
  const double value =
      multiply_accumulate(sum.value, moving.value, own.value, site_.array.accumulator_format);
  return {.kind = PeWord::Kind::stream,
          .operand = PeOperand::result,
          .real = real || sum.real,
          .last = moving.last,
          .fold = moving.fold,
          .index = moving.index,
          .value = value};
}

void StationaryPe::load(std::uint64_t cycle, const PeWord& word, std::uint32_t own_index) {
  const bool by_columns = site_.array.stationary_load == StationaryLoad::columns;
  if (!by_columns && word.index != own_index) return;  // passes through the operand's register
  stationary_[bank(word.fold)] = word;
  site_.observation.hold(stationary_use_, word.fold, cycle + 1, copies_);
}

}  // namespace sluice
