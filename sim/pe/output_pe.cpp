// SPDX-License-Identifier: Apache-2.0
#include "sim/pe/output_pe.hpp"

#include <utility>

#include "sim/pe/arithmetic.hpp"

namespace sluice {

OutputPe::OutputPe(sc_core::sc_module_name name, const PeSite& site)
    : sc_module(name), site_(site) {
  SC_HAS_PROCESS(OutputPe);
  SC_METHOD(tick);
  sensitive << clock.pos();
  dont_initialize();
}

bool OutputPe::output_register() const {
  return site_.array.double_buffered_output && site_.array.drain == Drain::columns;
}

void OutputPe::tick() {
  const std::uint64_t cycle = edge_++;
  // Shifting frees the register which, at the end of the same cycle, a product may be written to.
  const PeWord shifted_out = shift(cycle);
  const PeWord finished = compute(cycle);
  done.write(finished.valid() ? PeStart{finished.fold} + 1 : 0);
  const bool direct = site_.array.drain == Drain::direct;
  const bool bottom = site_.row + 1 == site_.array.rows;
  result.write(direct ? finished : bottom ? shifted_out : PeWord{});
  south_result.write(direct ? PeWord{} : draining());
  east.write(west.read());
  south.write(north.read());
}

PeWord OutputPe::shift(std::uint64_t cycle) {
  if (site_.array.drain == Drain::direct) return {};
  if (drain.read() != 0) {
    if (shifts_left_ != 0) {
      site_.observation.hazard(cycle, at_pe(site_, "a column shifts for two folds at once"));
    }
    shifts_left_ = site_.row + 1;
  }
  if (shifts_left_ == 0) return {};
  const PeWord out = std::exchange(draining(), PeWord{});
  if (!out.valid()) {
    site_.observation.hazard(cycle, at_pe(site_, "shifts down a result that is not there"));
    return {};
  }
  site_.observation.hold(draining_use(), out.fold, cycle);
  if (--shifts_left_ > 0) store(cycle, draining(), draining_use(), north_result.read());
  return out;
}

PeWord OutputPe::compute(std::uint64_t cycle) {
  const PeWord& a = west.read();
  const PeWord& b = north.read();
  if (!a.valid() && !b.valid()) return {};
  if (a.valid() != b.valid() || a.fold != b.fold || a.index != b.index) {
    site_.observation.hazard(cycle, at_pe(site_, "the operands do not belong together"));
  }
  site_.observation.multiply(a.fold, a.real && b.real, cycle);
  PeWord sum = next_sum(cycle, a, b);
  if (!a.last) {
    store(cycle, accumulator_, accumulator_use_, sum);
    return {};
  }
  sum.index = site_.row;
  if (site_.array.drain == Drain::columns) store(cycle, draining(), draining_use(), sum);
  return sum;
}

PeWord OutputPe::next_sum(std::uint64_t cycle, const PeWord& a, const PeWord& b) {
  double before = 0;
  if (a.index > 0) {
    const PeWord held = std::exchange(accumulator_, PeWord{});
    if (!held.valid() || held.fold != a.fold) {
      site_.observation.hazard(
          cycle, at_pe(site_, "the sum of fold " + std::to_string(a.fold) + " was overwritten"));
    }
    site_.observation.hold(accumulator_use_, a.fold, cycle);
    before = held.value;
  }
  return {.kind = PeWord::Kind::stream,
          .operand = PeOperand::result,
          .real = a.real && b.real,
          .last = a.last,
          .fold = a.fold,
          .index = a.index,
          .value = multiply_accumulate(before, a.value, b.value, site_.array.accumulator_format)};
}

void OutputPe::store(std::uint64_t cycle, PeWord& place, PeOccupation& use, const PeWord& word) {
  if (place.valid()) {
    site_.observation.hazard(
        cycle, at_pe(site_, "fold " + std::to_string(word.fold) + " overwrites a result of fold " +
                                std::to_string(place.fold) + " before it has left"));
  }
  place = word;
  site_.observation.hold(use, word.fold, cycle + 1);
}

}  // namespace sluice
