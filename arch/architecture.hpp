// SPDX-License-Identifier: Apache-2.0
// The machine: its clock, its compute units, its memories and what connects them, as plain values.
// How long anything takes is the business of sim; what it costs is in arch/energy.hpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "arch/dram.hpp"
#include "arch/systolic_array.hpp"
#include "base/describe.hpp"
#include "base/quantity.hpp"
#include "base/yaml.hpp"

namespace sluice {

/// The part a tensor plays in a matrix product.
enum class TensorRole : std::uint8_t { input, weight, output };
inline constexpr std::size_t tensor_role_count = 3;
template <>
struct EnumNames<TensorRole> {
  static constexpr EnumName<TensorRole> table[] = {
      {"input", TensorRole::input}, {"weight", TensorRole::weight}, {"output", TensorRole::output}};
};

/// Where a tile's words lie in the banks of a scratchpad.
enum class BankLayout : std::uint8_t {
  linear,  ///< word after word; the bank is that of the address (Scratchpad::interleave)
  skewed,  ///< shifted so that what is read in one access lies evenly over the banks
};
template <>
struct EnumNames<BankLayout> {
  static constexpr EnumName<BankLayout> table[] = {{"linear", BankLayout::linear},
                                                   {"skewed", BankLayout::skewed}};
};

/// An on-chip buffer managed by software. Each bank serves `read_ports` reads and `write_ports`
/// writes of a line of `width` a cycle, or, with `shared_ports`, that many accesses of either kind.
/// Byte a lies in bank (a / interleave) mod banks.
struct Scratchpad {
  std::string name;
  Bytes capacity{0};
  std::vector<TensorRole> holds;  ///< the tensors that live in it
  std::uint32_t banks = 1;
  std::uint32_t read_ports = 1;
  std::uint32_t write_ports = 1;
  bool shared_ports = false;  ///< single-ported banks: `read_ports` accesses of either kind
  Bytes width{0};             ///< of one access to one bank; 0: as wide as its clients need
  Bytes interleave{0};        ///< consecutive bytes in one bank; 0: a line
  BankLayout layout = BankLayout::linear;
  bool double_buffered = true;  ///< one tile is filled while the other is used
  bool operator==(const Scratchpad&) const = default;
};

template <class Visitor>
void describe(Visitor& v, Scratchpad& s) {
  v.required("name", s.name, {.doc = "name in reports"});
  v.required("capacity", s.capacity, {.doc = "what it holds", .unit = "B", .min = 1});
  v.required("holds", s.holds, {.doc = "tensors that live in it: input, weight, output"});
  v.field("banks", s.banks, {.doc = "banks that work at once", .min = 1, .max = 4096});
  v.field("read_ports", s.read_ports, {.doc = "reads a bank serves a cycle", .min = 1, .max = 64});
  v.field("write_ports", s.write_ports,
          {.doc = "writes a bank serves a cycle", .min = 1, .max = 64});
  v.field("shared_ports", s.shared_ports, {.doc = "reads and writes share `read_ports` ports"});
  v.field("width", s.width,
          {.doc = "bytes of one access to one bank; 0: never limits", .unit = "B"});
  v.field("interleave", s.interleave,
          {.doc = "consecutive bytes in one bank; 0: as many as `width`", .unit = "B"});
  v.field("layout", s.layout,
          {.doc = "linear: banks by address, with conflicts; skewed: laid out against them"});
  v.field("double_buffered", s.double_buffered,
          {.doc = "one tile is filled while another is used"});
}

/// A DMA engine that moves the tiles of some tensors between DRAM and scratchpads.
struct Dma {
  std::string name;
  std::vector<TensorRole> moves;
  /// Bursts in flight. By Little's law the default keeps 400 GB/s busy at 80 ns with 32 B bursts.
  std::uint32_t outstanding = 1024;
  std::uint32_t setup_cycles = 0;  ///< of each tile, before its first request
  bool operator==(const Dma&) const = default;
};

template <class Visitor>
void describe(Visitor& v, Dma& d) {
  v.required("name", d.name, {.doc = "name in reports"});
  v.required("moves", d.moves, {.doc = "tensors it moves: input, weight, output"});
  v.field("outstanding", d.outstanding, {.doc = "DRAM bursts in flight", .min = 1, .max = 65536});
  v.field("setup_cycles", d.setup_cycles,
          {.doc = "cycles spent on a tile before its first request", .unit = "cycles", .max = 1e6});
}

/// A SIMD unit for everything that is not a matrix product. One lane does one simple operation
/// (add, multiply, compare) a cycle; the rest take the cycles given here.
struct VectorUnit {
  std::uint32_t lanes = 128;
  NumberFormat format = NumberFormat::fp32;
  std::uint32_t exp_cycles = 4;
  std::uint32_t divide_cycles = 4;
  std::uint32_t latency = 8;  ///< pipeline stages from operand to result
  bool operator==(const VectorUnit&) const = default;
};

template <class Visitor>
void describe(Visitor& v, VectorUnit& u) {
  v.required("lanes", u.lanes, {.doc = "elements a cycle", .min = 1, .max = 1 << 20});
  v.field("format", u.format, {.doc = "number format of its arithmetic"});
  v.field("exp_cycles", u.exp_cycles,
          {.doc = "lane cycles of an exponential", .unit = "cycles", .min = 1, .max = 1000});
  v.field(
      "divide_cycles", u.divide_cycles,
      {.doc = "lane cycles of a division or square root", .unit = "cycles", .min = 1, .max = 1000});
  v.field("latency", u.latency,
          {.doc = "pipeline stages", .unit = "cycles", .min = 1, .max = 10000});
}

/// The model that the tree of a machine names; `systolic` where it names none.
std::string_view model_of(const YamlNode& machine);

/// A machine of the model `systolic`.
struct Architecture {
  std::string name;
  std::string source;
  std::string model = "systolic";
  Hertz clock{1e9};
  SystolicArray array;
  VectorUnit vector;
  std::vector<Scratchpad> scratchpads;
  std::vector<Dma> dma;  ///< empty: one engine for each of input, weight and output
  Dram dram;
  /// The next layer's weights are fetched as soon as there is room; else a layer's first load
  /// waits until the layer before has been computed.
  bool prefetch_weights = true;
  /// Table of energies and areas (a name in arch/tables, or a path); empty: timing only.
  std::string energy_table;
  bool operator==(const Architecture&) const = default;
};

template <class Visitor>
void describe(Visitor& v, Architecture& a) {
  v.required("name", a.name, {.doc = "name in reports"});
  v.field("source", a.source, {.doc = "where the numbers come from"});
  v.field("model", a.model, {.doc = "accelerator model (see `sluice list models`)"});
  v.required("clock", a.clock,
             {.doc = "clock of the whole chip", .unit = "Hz", .min = 1, .max = 1e12});
  v.required("array", a.array, {.doc = "the systolic array"});
  v.field("vector", a.vector, {.doc = "the unit for everything that is not a matrix product"});
  v.required("scratchpads", a.scratchpads, {.doc = "on-chip buffers"});
  v.field("dma", a.dma, {.doc = "DMA engines; default: one for each of input, weight, output"});
  v.required("dram", a.dram, {.doc = "main memory"});
  v.field("prefetch_weights", a.prefetch_weights,
          {.doc = "the next layer's weights are fetched as soon as there is room"});
  v.field("energy_table", a.energy_table,
          {.doc = "table of energies and areas; none: timing only"});
}

/// Reads and checks a machine: every tensor has exactly one scratchpad and one DMA engine, names
/// are unique, the array's options are possible. All mistakes go to `diagnostics`, at their places.
Architecture read_architecture(const YamlNode& node, Diagnostics& diagnostics);

/// The engines of a machine that is described without any: one for each tensor, as where operands
/// have queues of their own. read_architecture() fills them in.
std::vector<Dma> default_engines();

/// The scratchpad in which tensors of `role` live; its index in `scratchpads`.
std::size_t scratchpad_of(const Architecture& architecture, TensorRole role);

/// Bytes that all banks of a scratchpad read (or write) a cycle; 0 where its width is not stated.
std::uint64_t port_bytes_per_cycle(const Scratchpad& scratchpad, bool write);

/// The machine as an indented list of its units, with what each can do at most.
std::string to_table(const Architecture& architecture);

}  // namespace sluice
