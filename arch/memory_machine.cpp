// SPDX-License-Identifier: Apache-2.0
#include "arch/memory_machine.hpp"

#include <fmt/format.h>

#include "base/read.hpp"

namespace sluice {
namespace {

Location place(const YamlNode& map, const std::string& key) {
  const YamlNode* node = map.find(key);
  return node != nullptr ? node->where : map.where;
}

/// A current below that of standby would be a negative energy.
void check_currents(const DramCurrents& currents, const YamlNode& node, Diagnostics& diagnostics) {
  const auto above_standby = [&](const char* key, double current) {
    if (current < currents.standby_ma)
      diagnostics.error(place(node, key), fmt::format("{} {} is below standby_ma {}", key, current,
                                                      currents.standby_ma));
  };
  above_standby("activate_ma", currents.activate_ma);
  above_standby("read_ma", currents.read_ma);
  above_standby("write_ma", currents.write_ma);
  above_standby("refresh_ma", currents.refresh_ma);
}

std::string line(std::string_view label, const std::string& text) {
  return fmt::format("  {:<11} {}\n", label, text);
}

}  // namespace

DramEnergies energies_of(const DramCurrents& c, const DramTiming& t) {
  const double standby =
      c.supply_v * c.devices * c.standby_ma * t.tck_ps * 1e-3;  // 1 V mA ps = 1 fJ
  const auto beyond = [&](double current, double clocks) {
    return c.supply_v * c.devices * (current - c.standby_ma) * clocks * t.tck_ps * 1e-3;
  };
  return {beyond(c.activate_ma, t.rc), beyond(c.read_ma, t.burst_clocks),
          beyond(c.write_ma, t.burst_clocks), beyond(c.refresh_ma, t.rfc), standby};
}

MemoryMachine read_memory_machine(const YamlNode& node, Diagnostics& diagnostics) {
  MemoryMachine machine;
  read_value(node, machine, FieldInfo{}, diagnostics);
  if (!node.is_map()) return machine;
  const YamlNode* dram = node.find("dram");
  if (dram != nullptr && dram->is_map()) {
    if (machine.dram.is_ideal())
      diagnostics.error(place(*dram, "preset"), "an ideal memory has no controller",
                        "choose a standard (see `sluice list memories`)");
    else
      for (const DramProblem& problem : check(machine.dram))
        diagnostics.error(place(*dram, problem.field), problem.message, problem.hint);
  }
  const YamlNode* currents = node.find("currents");
  if (machine.currents && currents != nullptr)
    check_currents(*machine.currents, *currents, diagnostics);
  return machine;
}

std::string to_table(const MemoryMachine& m) {
  std::string text = m.name;
  if (!m.source.empty()) text += fmt::format(" ({})", m.source);
  text += "\n";
  text += line("model", m.model);
  text += line("dram",
               fmt::format("{}, {:.4g} GB/s", m.dram.preset, peak_bytes_per_second(m.dram) / 1e9));
  text += line("controller",
               fmt::format("pages {}, scheduler {}, {} reads and {} writes queued, buffer {}",
                           name_of(m.dram.page_policy), name_of(m.dram.scheduler),
                           m.dram.read_window, m.dram.write_queue, name_of(m.buffer)));
  text += line("refresh", fmt::format("{}, {} postponed, {} pulled in", name_of(m.dram.refresh),
                                      m.dram.refresh_postponed, m.dram.refresh_pulled_in));
  text +=
      line("responses", fmt::format("{}, {} reads in flight", name_of(m.responses), m.outstanding));
  text += line("energy", m.currents ? "from currents" : "none: timing only");
  return text;
}

}  // namespace sluice
