// SPDX-License-Identifier: Apache-2.0
// Tables of energies and areas from other tools: the energy and area reference tables (ERT, ART)
// that Accelergy 0.3 and 0.4 write and Timeloop reads (Wu, Emer & Sze, ICCAD 2019). Not a reader
// of Accelergy's own inputs: it needs a table that Accelergy has already computed.
#pragma once

#include <string>
#include <vector>

#include "arch/energy.hpp"
#include "base/diagnostics.hpp"
#include "base/yaml.hpp"

namespace sluice {

/// Another name of an action.
struct AccelergyAction {
  std::string from;  ///< in the ERT
  std::string to;    ///< mac, lane_cycle, read or write
  bool operator==(const AccelergyAction&) const = default;
};

template <class Visitor>
void describe(Visitor& v, AccelergyAction& a) {
  v.required("from", a.from, {.doc = "action in the ERT"});
  v.required("to", a.to, {.doc = "mac, lane_cycle, read or write; empty: left out"});
}

/// What a component of the ERT is here.
struct AccelergyComponent {
  std::string from;  ///< name in the ERT without instance ranges, such as `system.chip.PE.mac`
  std::string to;    ///< array, vector, dram, scratchpad or a scratchpad's name; empty: left out
  Bytes word{1};     ///< bytes moved by one read or write
  std::vector<AccelergyAction> actions = {};  ///< beside read, write and compute, which are known
  bool operator==(const AccelergyComponent&) const = default;
};

template <class Visitor>
void describe(Visitor& v, AccelergyComponent& c) {
  v.required("from", c.from, {.doc = "component in the ERT, without instance ranges"});
  v.required("to", c.to, {.doc = "array, vector, dram, scratchpad or a name; empty: left out"});
  v.field("word", c.word, {.doc = "bytes moved by one read or write", .unit = "B", .min = 1});
  v.field("actions", c.actions, {.doc = "actions beside read, write and compute"});
}

/// What the tables themselves do not say.
struct AccelergyOptions {
  std::string name;    ///< of the new table
  std::string source;  ///< of its numbers: the design, the plug-ins that estimated it
  double node_nm = 0;
  double voltage_v = 0;
  std::vector<AccelergyComponent> components = {};
  bool operator==(const AccelergyOptions&) const = default;
};

template <class Visitor>
void describe(Visitor& v, AccelergyOptions& o) {
  v.required("name", o.name, {.doc = "name of the table"});
  v.required("source", o.source, {.doc = "where its numbers come from"});
  v.required("node_nm", o.node_nm, {.doc = "process node", .unit = "nm"});
  v.required("voltage_v", o.voltage_v, {.doc = "supply voltage", .unit = "V"});
  v.required("components", o.components, {.doc = "what each component of the ERT is here"});
}

/// The table that an ERT, and an ART unless nullptr, amount to. An action listed for several
/// arguments is priced at its dearest, which is that of random data. Energies are picojoules and
/// areas square micrometres, as Accelergy writes them. A component that `options` does not name,
/// an action without a meaning here, and any shape that is not that of Accelergy 0.3 or 0.4 goes
/// to `diagnostics`; `leak` and `idle` may only be left out by naming them.
EnergyTable import_accelergy(const YamlNode& ert, const YamlNode* art,
                             const AccelergyOptions& options, Diagnostics& diagnostics);

}  // namespace sluice
