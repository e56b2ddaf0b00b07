// SPDX-License-Identifier: Apache-2.0
// The machines that the closed forms are given: described as those of the model `spatial`
// (arch/spatial_machine.hpp), with the prices of actions beside them; and what the forms need of
// them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "arch/spatial_machine.hpp"
#include "base/describe.hpp"
#include "base/diagnostics.hpp"
#include "base/quantity.hpp"
#include "base/yaml.hpp"

namespace sluice::fusemax {

/// The five design points of the paper, in its order.
enum class Design : std::uint8_t { unfused, flat, cascade, architecture, binding };

/// Energy of one action of one word; of a whole row for the buffer.
struct Prices {
  std::string source;
  Picojoules mac, add, max, divide, exp_unit;
  Picojoules register_read, register_write;
  Picojoules buffer_read, buffer_write;
  Picojoules dram_byte;
  bool operator==(const Prices&) const = default;
};

/// A machine as a file has it.
struct FormsMachine {
  SpatialMachine machine;
  std::optional<Prices> prices;  ///< none: timing only
  bool operator==(const FormsMachine&) const = default;
};

/// A square 2D array above a 1D array of the same width, on one global buffer and one DRAM.
struct Machine {
  std::string name;
  std::string source;
  std::uint32_t columns = 0;  ///< of the 2D array, which has as many rows; PEs of the 1D array
  Hertz clock;
  Bytes word{2};
  Bytes buffer;                     ///< a row is a word of every column
  std::uint32_t ports = 0;          ///< of the buffer, each one access a cycle; 0: without limit
  std::uint32_t read_ports = 0;     ///< of them, those that only read; 0: every port does both
  double dram_bytes_per_cycle = 0;  ///< 0: without limit
  std::uint32_t exp_2d_cycles = 0, exp_1d_cycles = 0;  ///< of a PE; 0: it has no exponential
  std::optional<Prices> prices;
};

/// Reads and checks a machine, whatever model it names; all mistakes go to `diagnostics`. What the
/// forms cannot express (an array that is not square, lanes that are not as many as columns, ...)
/// is a mistake.
FormsMachine read_forms_machine(const YamlNode& node, Diagnostics& diagnostics);

/// What the forms need of a machine that was read without mistakes.
Machine machine_of(const FormsMachine& machine);

/// What of `machine` is not as the forms of `design` assume; empty: nothing.
std::string mismatch(const Machine& machine, Design design);

/// The machine as an indented list of its units.
std::string to_table(const FormsMachine& machine);

template <class Visitor>
void describe(Visitor& v, Prices& p) {
  v.required("source", p.source, {.doc = "where the numbers are from"});
  v.required("mac", p.mac, {.doc = "multiply-accumulate", .unit = "pJ"});
  v.required("add", p.add, {.doc = "addition", .unit = "pJ"});
  v.required("max", p.max, {.doc = "maximum", .unit = "pJ"});
  v.required("divide", p.divide, {.doc = "division", .unit = "pJ"});
  v.required("exp_unit", p.exp_unit, {.doc = "exponential of a unit of its own", .unit = "pJ"});
  v.required("register_read", p.register_read, {.doc = "read of a register", .unit = "pJ"});
  v.required("register_write", p.register_write, {.doc = "write of a register", .unit = "pJ"});
  v.required("buffer_read", p.buffer_read, {.doc = "reading a row of the buffer", .unit = "pJ"});
  v.required("buffer_write", p.buffer_write, {.doc = "writing a row of the buffer", .unit = "pJ"});
  v.required("dram_byte", p.dram_byte, {.doc = "transfer of a byte", .unit = "pJ"});
}

template <class Visitor>
void describe(Visitor& v, FormsMachine& m) {
  describe(v, m.machine);
  v.field("prices", m.prices, {.doc = "energy of actions; none: timing only"});
}

}  // namespace sluice::fusemax

template <>
struct sluice::EnumNames<sluice::fusemax::Design> {
  static constexpr EnumName<fusemax::Design> table[] = {
      {"unfused", fusemax::Design::unfused},
      {"flat", fusemax::Design::flat},
      {"cascade", fusemax::Design::cascade},
      {"architecture", fusemax::Design::architecture},
      {"binding", fusemax::Design::binding}};
};
