// SPDX-License-Identifier: Apache-2.0
// A machine of the model `spatial`: a grid of PEs, a line of PEs below it, one global buffer and a
// main memory. Plain values that know nothing of what is computed; docs/spatial.md explains them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "arch/dram.hpp"
#include "arch/number_format.hpp"
#include "base/describe.hpp"
#include "base/quantity.hpp"
#include "base/yaml.hpp"

namespace sluice {

/// An operation that a PE has, and the cycles for which one of them occupies it.
struct PeOperation {
  std::string operation;
  std::uint32_t cycles = 1;
  bool operator==(const PeOperation&) const = default;
};

template <class Visitor>
void describe(Visitor& v, PeOperation& o) {
  v.required("operation", o.operation,
             {.doc = "mac, or an operation of cascades: add, max, exp, divide, ..."});
  v.field("cycles", o.cycles,
          {.doc = "cycles of a PE; exp of 6: a polynomial of six MACs",
           .unit = "cycles",
           .min = 1,
           .max = 1000});
}

/// rows x columns PEs. Every cycle one instruction enters at the top left corner and moves one PE
/// right and one PE down a cycle, so that PE (r, c) executes it r + c cycles later; operands enter
/// along the left and the upper edge in step with it, and what leaves the lower edge reaches the
/// vector array. A link hands `link_words` words to its neighbour a cycle.
struct SpatialArray {
  std::uint32_t rows = 256;
  std::uint32_t columns = 256;
  std::uint32_t registers = 16;  ///< words of a PE
  std::uint32_t link_words = 1;
  std::vector<PeOperation> operations;
  bool operator==(const SpatialArray&) const = default;
};

template <class Visitor>
void describe(Visitor& v, SpatialArray& a) {
  v.required("rows", a.rows, {.doc = "PEs in a column", .unit = "PEs", .min = 1, .max = 65536});
  v.required("columns", a.columns, {.doc = "PEs in a row", .unit = "PEs", .min = 1, .max = 65536});
  v.field("registers", a.registers,
          {.doc = "words of a PE's register file", .min = 1, .max = 4096});
  v.field("link_words", a.link_words,
          {.doc = "words that a link between neighbours hands over a cycle", .min = 1, .max = 16});
  v.required("operations", a.operations, {.doc = "what a PE can do, with its cycles"});
}

/// A line of PEs, one below each column of the spatial array (further ones serve further columns
/// of the same tile).
struct VectorArray {
  std::uint32_t lanes = 256;
  std::uint32_t registers = 32;  ///< words of a PE
  std::vector<PeOperation> operations;
  bool operator==(const VectorArray&) const = default;
};

template <class Visitor>
void describe(Visitor& v, VectorArray& a) {
  v.required("lanes", a.lanes, {.doc = "PEs", .unit = "PEs", .min = 1, .max = 65536});
  v.field("registers", a.registers,
          {.doc = "words of a PE's register file", .min = 1, .max = 4096});
  v.required("operations", a.operations, {.doc = "what a PE can do, with its cycles"});
}

/// The buffer from which both arrays are fed. A port serves one row a cycle; with `shared_ports`
/// each of `read_ports` serves a read or a write. 0 ports: as many as are asked for.
struct GlobalBuffer {
  Bytes capacity{0};
  Bytes row{512};
  std::uint32_t banks = 1;
  std::uint32_t read_ports = 0;
  std::uint32_t write_ports = 0;
  bool shared_ports = false;
  std::uint32_t latency = 1;  ///< cycles from a write to the first read of it
  bool operator==(const GlobalBuffer&) const = default;
};

template <class Visitor>
void describe(Visitor& v, GlobalBuffer& b) {
  v.required("capacity", b.capacity, {.doc = "what it holds", .unit = "B", .min = 1});
  v.field("row", b.row, {.doc = "bytes of one access", .unit = "B", .min = 1});
  v.field("banks", b.banks,
          {.doc = "banks; what is accessed at once lies in different ones", .min = 1, .max = 4096});
  v.field("read_ports", b.read_ports, {.doc = "rows read a cycle; 0: never limit", .max = 64});
  v.field("write_ports", b.write_ports, {.doc = "rows written a cycle; 0: never limit", .max = 64});
  v.field("shared_ports", b.shared_ports,
          {.doc = "reads and writes share `read_ports` ports; `write_ports` does not count"});
  v.field("latency", b.latency,
          {.doc = "cycles from a write to a read of it", .unit = "cycles", .min = 1, .max = 1000});
}

/// A machine of the model `spatial`.
struct SpatialMachine {
  std::string name;
  std::string source;
  std::string model = "spatial";
  Hertz clock{1e9};
  NumberFormat format = NumberFormat::bf16;  ///< of every word, sums included
  SpatialArray spatial_array;
  VectorArray vector_array;
  GlobalBuffer global_buffer;
  Dram dram;
  std::uint32_t outstanding = 1024;  ///< bursts in flight of each stream of the memory
  std::string energy_table;          ///< empty: timing only
  bool operator==(const SpatialMachine&) const = default;
};

template <class Visitor>
void describe(Visitor& v, SpatialMachine& m) {
  v.required("name", m.name, {.doc = "name in reports"});
  v.field("source", m.source, {.doc = "where the numbers come from"});
  v.required("model", m.model, {.doc = "spatial"});
  v.required("clock", m.clock,
             {.doc = "clock of the whole chip", .unit = "Hz", .min = 1, .max = 1e12});
  v.field("format", m.format, {.doc = "number format of every word, sums included"});
  v.required("spatial_array", m.spatial_array, {.doc = "the grid of PEs"});
  v.required("vector_array", m.vector_array, {.doc = "the line of PEs below it"});
  v.required("global_buffer", m.global_buffer, {.doc = "the buffer that feeds both"});
  v.required("dram", m.dram, {.doc = "main memory"});
  v.field("outstanding", m.outstanding,
          {.doc = "bursts in flight of each tensor's stream", .min = 1, .max = 65536});
  v.field("energy_table", m.energy_table,
          {.doc = "table of energies and areas; none: timing only"});
}

/// Reads and checks a machine. All mistakes go to `diagnostics`, at their places.
SpatialMachine read_spatial_machine(const YamlNode& node, Diagnostics& diagnostics);

/// Cycles of an operation on PEs that have `operations`; 0 when they do not have it. A MAC without
/// a multiplier of its own is what multiplies and adds: `multiply`, `add` and `subtract` take as
/// long as a `mac` where only that is listed, and `min` as long as `max`.
std::uint32_t cycles_of(const std::vector<PeOperation>& operations, std::string_view operation);

/// The machine as an indented list of its units.
std::string to_table(const SpatialMachine& machine);

}  // namespace sluice
