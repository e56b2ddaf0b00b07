// SPDX-License-Identifier: Apache-2.0
// What the actions of a machine cost in energy and its parts in area: tables of published numbers,
// and the prices that follow for one machine. Counting the actions is the business of sim.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "arch/architecture.hpp"
#include "base/describe.hpp"
#include "base/diagnostics.hpp"
#include "base/quantity.hpp"
#include "base/yaml.hpp"

namespace sluice {

/// A rule that carries numbers published for one process to another. Named by the entries that
/// use it; nothing is scaled that does not name one.
struct NodeScaling {
  std::string name;
  double from_nm = 0;
  double from_v = 0;
  std::optional<double> energy_factor;
  std::optional<double> area_factor;
  std::string source;  ///< the rule, with its numbers
  bool operator==(const NodeScaling&) const = default;
};

/// What must hold of a unit for an entry to apply; what is absent does not matter.
struct PriceConditions {
  std::optional<NumberFormat> input, weight, accumulator;  ///< of the array
  std::optional<NumberFormat> format;                      ///< of the vector unit
  std::optional<Bytes> capacity;                           ///< of a scratchpad: see price()
  std::optional<std::string> memory;                       ///< of the DRAM: see is_memory()
  bool operator==(const PriceConditions&) const = default;
};

/// Energy of one action. `component` is a kind of unit (array, vector, scratchpad, dram) or the
/// name of one scratchpad, which then goes before the kind.
///
///   component    action              priced
///   array        mac                 one multiply-accumulate with the registers of its PE
///   vector       lane_cycle          one simple operation of one lane; or `add` and `multiply`
///   scratchpad   read, write         an access of `bytes`
///   dram         read, write         a transfer of `bytes`, everything included
struct EnergyEntry {
  std::string component;
  std::string action;
  PriceConditions when;
  Bytes bytes{1};
  Picojoules energy;
  std::string scaling;  ///< name of a NodeScaling; empty: measured at the table's node
  std::string source;
  bool operator==(const EnergyEntry&) const = default;
};

/// Area of one PE of the array, one lane of the vector unit, or a scratchpad: the whole of it, or
/// every `bytes` of its capacity.
struct AreaEntry {
  std::string component;
  PriceConditions when;
  std::optional<Bytes> bytes;
  SquareMicrometres area;
  std::string scaling;
  std::string source;
  bool operator==(const AreaEntry&) const = default;
};

/// Published energies and areas for one process.
struct EnergyTable {
  std::string name;
  std::string source;
  double node_nm = 0;
  double voltage_v = 0;
  std::vector<NodeScaling> scalings;
  std::vector<EnergyEntry> energies;
  std::vector<AreaEntry> areas;
  bool operator==(const EnergyTable&) const = default;
};

/// The price of one action of one unit of a machine: `array` mac; `vector` lane_cycle; each
/// scratchpad and `dram`, read_byte and write_byte.
struct ComponentPrice {
  std::string component;
  std::string action;
  Picojoules energy;
  std::string source;
  bool operator==(const ComponentPrice&) const = default;
};

struct ComponentArea {
  std::string component;
  SquareMicrometres area;
  std::string source;
  bool operator==(const ComponentArea&) const = default;
};

/// All prices of a machine.
struct EnergyModel {
  std::vector<ComponentPrice> prices;
  std::vector<ComponentArea> areas;
  std::vector<std::string> without_area;  ///< units on the chip whose area the table does not know
  bool operator==(const EnergyModel&) const = default;

  /// The price of an action, or nullptr.
  const ComponentPrice* price(std::string_view component, std::string_view action) const;
};

/// Whether prices say where they are from.
enum class PriceSources : std::uint8_t { kept, left_out };

/// A scratchpad's prices, kept from one machine to the next: the designs of a space have few, and a
/// price between two published capacities takes long.
struct PricedScratchpad {
  std::string name;
  Bytes capacity;
  std::array<ComponentPrice, 2> prices;
  std::optional<ComponentArea> area;
};

/// Whether a preset of the DRAM is of the kind `memory`: HBM2 has HBM2-2000 but not HBM2E-3200.
bool is_memory(std::string_view preset, std::string_view memory);

/// Reads and checks a table: every number has a source, every scaling exists, nothing is priced
/// twice. All mistakes go to `diagnostics`, at their places.
EnergyTable read_energy_table(const YamlNode& node, Diagnostics& diagnostics);

/// The table of a library name, looked up in the folders of `search`, or of a path that ends in
/// `.yaml`. Throws SpecError; an unknown name is reported at `where`.
EnergyTable load_energy_table(const std::string& name, const std::vector<std::string>& search,
                              const Location& where = {});

/// Names of the tables in `search`, sorted.
std::vector<std::string> library_energy_tables(const std::vector<std::string>& search);

/// YAML that reads back to an equal table.
std::string to_text(const EnergyTable& table);

/// Prices of every action of `architecture`. A unit without a price is an error at `where` (the
/// place of `energy_table`), with what is priced in its hint. A scratchpad between two published
/// capacities is priced on the straight line through them in log-log; beyond the first or last, on
/// the line through the nearest two. The whole capacity counts, however many banks there are.
/// Without sources it takes a third of the time. `known`, of the same table and sources, says what
/// scratchpads cost, and learns it.
EnergyModel resolve(const EnergyTable& table, const Architecture& architecture,
                    Diagnostics& diagnostics, const Location& where = {},
                    PriceSources sources = PriceSources::kept,
                    std::vector<PricedScratchpad>* known = nullptr);

template <class Visitor>
void describe(Visitor& v, NodeScaling& s) {
  v.required("name", s.name, {.doc = "name by which entries refer to it"});
  v.required("from_nm", s.from_nm, {.doc = "node of the published numbers", .unit = "nm"});
  v.required("from_v", s.from_v, {.doc = "supply of the published numbers", .unit = "V"});
  v.field("energy_factor", s.energy_factor, {.doc = "energy here over energy there"});
  v.field("area_factor", s.area_factor, {.doc = "area here over area there"});
  v.required("source", s.source, {.doc = "the rule, cited, with its numbers"});
}

template <class Visitor>
void describe(Visitor& v, PriceConditions& w) {
  v.field("input", w.input, {.doc = "array: number format of inputs"});
  v.field("weight", w.weight, {.doc = "array: number format of weights"});
  v.field("accumulator", w.accumulator, {.doc = "array: number format of partial sums"});
  v.field("format", w.format, {.doc = "vector unit: number format"});
  v.field("capacity", w.capacity, {.doc = "scratchpad: capacity", .unit = "B", .min = 1});
  v.field("memory", w.memory, {.doc = "dram: preset, or the part before its dash"});
}

template <class Visitor>
void describe(Visitor& v, EnergyEntry& e) {
  v.required("component", e.component, {.doc = "array, vector, scratchpad, dram, or a name"});
  v.required("action", e.action, {.doc = "mac; lane_cycle, add, multiply; read, write"});
  describe(v, e.when);
  v.field("bytes", e.bytes, {.doc = "bytes moved by one action", .unit = "B", .min = 1});
  v.required("energy", e.energy, {.doc = "energy of one action", .unit = "pJ"});
  v.field("scaling", e.scaling, {.doc = "scaling from another node; none: the table's node"});
  v.required("source", e.source, {.doc = "where the number is from"});
}

template <class Visitor>
void describe(Visitor& v, AreaEntry& a) {
  v.required("component", a.component,
             {.doc = "array (a PE), vector (a lane), scratchpad, a name"});
  describe(v, a.when);
  v.field(
      "bytes", a.bytes,
      {.doc = "scratchpad: capacity that takes `area`; none: all of it", .unit = "B", .min = 1});
  v.required("area", a.area, {.doc = "area", .unit = "um^2"});
  v.field("scaling", a.scaling, {.doc = "scaling from another node; none: the table's node"});
  v.required("source", a.source, {.doc = "where the number is from"});
}

template <class Visitor>
void describe(Visitor& v, EnergyTable& t) {
  v.required("name", t.name, {.doc = "name in reports"});
  v.required("source", t.source, {.doc = "where most numbers come from"});
  v.required("node_nm", t.node_nm, {.doc = "process node", .unit = "nm"});
  v.required("voltage_v", t.voltage_v, {.doc = "supply voltage", .unit = "V"});
  v.field("scalings", t.scalings, {.doc = "rules that carry numbers from other nodes here"});
  v.required("energies", t.energies, {.doc = "energies of actions"});
  v.field("areas", t.areas, {.doc = "areas of units"});
}

}  // namespace sluice
