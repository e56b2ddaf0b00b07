// SPDX-License-Identifier: Apache-2.0
// A machine of the model `dram_trace`: a main memory and its controller, alone, to which requests
// come from a trace. Plain values that know nothing of the trace; docs/dram_trace.md explains them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "arch/dram.hpp"
#include "base/describe.hpp"
#include "base/quantity.hpp"
#include "base/yaml.hpp"

namespace sluice {

/// Which requests share the places of a controller: `read_window` reads and `write_queue` writes;
/// `read_window` of both together; or `read_window` of both for each bank.
enum class DramBuffer : std::uint8_t { read_write, shared, bankwise };
template <>
struct EnumNames<DramBuffer> {
  static constexpr EnumName<DramBuffer> table[] = {{"read_write", DramBuffer::read_write},
                                                   {"shared", DramBuffer::shared},
                                                   {"bankwise", DramBuffer::bankwise}};
};

/// When a read goes back to who asked for it.
enum class DramResponses : std::uint8_t {
  out_of_order,  ///< when its data are there
  in_order,      ///< when those of all earlier reads are there, too
};
template <>
struct EnumNames<DramResponses> {
  static constexpr EnumName<DramResponses> table[] = {{"out_of_order", DramResponses::out_of_order},
                                                      {"in_order", DramResponses::in_order}};
};

/// Currents of one device, as data sheets state them, from which energies follow (Micron, TN-41-01,
/// Calculating memory system power for DDR3; Chandrasekar et al., DRAMPower).
struct DramCurrents {
  double supply_v = 0;
  std::uint32_t devices = 1;  ///< that work together as one rank
  double activate_ma = 0;     ///< IDD0: ACT and PRE, one every tRC
  double standby_ma = 0;      ///< IDD2N and IDD3N, taken to be the same
  double read_ma = 0;         ///< IDD4R
  double write_ma = 0;        ///< IDD4W
  double refresh_ma = 0;      ///< IDD5
  std::string source;
  bool operator==(const DramCurrents&) const = default;
};

template <class Visitor>
void describe(Visitor& v, DramCurrents& c) {
  v.required("supply_v", c.supply_v, {.doc = "supply", .unit = "V", .max = 10});
  v.required("devices", c.devices, {.doc = "devices of a rank", .min = 1, .max = 64});
  v.required("activate_ma", c.activate_ma, {.doc = "IDD0, of one device", .unit = "mA"});
  v.required("standby_ma", c.standby_ma, {.doc = "IDD2N and IDD3N, taken alike", .unit = "mA"});
  v.required("read_ma", c.read_ma, {.doc = "IDD4R", .unit = "mA"});
  v.required("write_ma", c.write_ma, {.doc = "IDD4W", .unit = "mA"});
  v.required("refresh_ma", c.refresh_ma, {.doc = "IDD5", .unit = "mA"});
  v.required("source", c.source, {.doc = "data sheet"});
}

/// Energy of what a channel does, in picojoules.
struct DramEnergies {
  double activate = 0;  ///< and the precharge that goes with it
  double read = 0;      ///< a burst
  double write = 0;
  double refresh = 0;  ///< of all banks
  double clock = 0;    ///< standby, of one channel
};

/// What follows from the currents for a channel with this timing: each current less that of
/// standby, for as long as it flows.
DramEnergies energies_of(const DramCurrents& currents, const DramTiming& timing);

/// A machine of the model `dram_trace`.
struct MemoryMachine {
  std::string name;
  std::string source;
  std::string model = "dram_trace";
  Dram dram;
  DramBuffer buffer = DramBuffer::read_write;
  DramResponses responses = DramResponses::out_of_order;
  std::uint32_t outstanding = 1024;      ///< reads in flight
  std::optional<DramCurrents> currents;  ///< none: timing only
  bool operator==(const MemoryMachine&) const = default;
};

template <class Visitor>
void describe(Visitor& v, MemoryMachine& m) {
  v.required("name", m.name, {.doc = "name in reports"});
  v.field("source", m.source, {.doc = "where the numbers come from"});
  v.required("model", m.model, {.doc = "dram_trace"});
  v.required("dram", m.dram, {.doc = "the memory and its controller"});
  v.field("buffer", m.buffer, {.doc = "which requests share the places of the controller"});
  v.field("responses", m.responses, {.doc = "when reads go back to who asked for them"});
  v.field("outstanding", m.outstanding,
          {.doc = "reads of a channel in flight", .min = 1, .max = 1 << 20});
  v.field("currents", m.currents, {.doc = "from which energies follow; none: timing only"});
}

/// Reads and checks a machine. All mistakes go to `diagnostics`, at their places.
MemoryMachine read_memory_machine(const YamlNode& node, Diagnostics& diagnostics);

/// The machine as an indented list.
std::string to_table(const MemoryMachine& machine);

}  // namespace sluice
