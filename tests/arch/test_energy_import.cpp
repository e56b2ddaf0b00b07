// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "arch/energy_import.hpp"
#include "tests/arch/machine_text.hpp"

namespace sluice {
namespace {

// In the shape that Accelergy 0.4 writes; the numbers are made up.
const std::string ert = R"(ERT:
  version: '0.4'
  tables:
  - name: system.chip.PE[0..15].mac[1..1]
    actions:
    - {name: compute, arguments: {}, energy: 0.5}
    - {name: leak, arguments: {global_cycles: 1}, energy: 0.001}
  - name: system.chip.glb[1..1]
    actions:
    - {name: read, arguments: {data_delta: 0, address_delta: 0}, energy: 0.0}
    - {name: read, arguments: {data_delta: 1, address_delta: 1}, energy: 16.0}
    - {name: write, arguments: {data_delta: 1, address_delta: 1}, energy: 24.0}
  - name: system.chip.simd
    actions:
    - {name: compute, energy: 0.7}
  - name: system.DRAM[1..1]
    actions:
    - {name: read, arguments: {}, energy: 512}
    - {name: write, arguments: {}, energy: 512}
  - name: system.chip.noc
    actions:
    - {name: transfer, energy: 3}
)";
const std::string art = R"(ART:
  version: '0.4'
  tables:
  - {name: 'system.chip.PE[0..15].mac[1..1]', area: 330.5}
  - {name: 'system.chip.glb[1..1]', area: 100000}
  - {name: 'system.chip.simd', area: 900}
  - {name: 'system.DRAM[1..1]', area: 0}
  - {name: 'system.chip.noc', area: 12}
)";

AccelergyOptions options() {
  return {.name = "imported",
          .source = "our chip, Accelergy 0.4",
          .node_nm = 45,
          .voltage_v = 1,
          .components = {
              {.from = "system.chip.PE.mac", .to = "array", .actions = {{"leak", ""}}},
              {.from = "system.chip.glb", .to = "scratchpad", .word = {8}, .actions = {}},
              {.from = "system.chip.simd", .to = "vector", .actions = {}},
              {.from = "system.DRAM", .to = "dram", .word = {8}, .actions = {}},
              {.from = "system.chip.noc", .to = "", .actions = {}},
          }};
}

EnergyTable import(const std::string& ert_text, const AccelergyOptions& how,
                   std::string* told = nullptr) {
  Diagnostics diagnostics;
  const YamlNode areas = parse_yaml(art, "ART.yaml");
  EnergyTable table = import_accelergy(parse_yaml(ert_text, "ERT.yaml"), &areas, how, diagnostics);
  if (told != nullptr)
    *told = complaints(diagnostics);
  else
    CHECK(complaints(diagnostics) == "");
  return table;
}

std::string complaints_of(const std::string& ert_text, const AccelergyOptions& how = options()) {
  Diagnostics diagnostics;
  import_accelergy(parse_yaml(ert_text, "ERT.yaml"), nullptr, how, diagnostics);
  return complaints(diagnostics);
}

TEST_CASE("an ERT and an ART price a machine") {
  const EnergyTable table = import(ert, options());
  const Architecture machine = read(MachineText{.dram = "{preset: DDR4-2400}"});
  Diagnostics diagnostics;
  const EnergyModel model = resolve(table, machine, diagnostics);
  CHECK(complaints(diagnostics) == "");
  const auto price = [&](std::string_view component, std::string_view action) {
    const ComponentPrice* found = model.price(component, action);
    REQUIRE(found != nullptr);
    return found->energy.value;
  };
  CHECK(price("array", "mac") == 0.5);
  CHECK(price("vector", "lane_cycle") == 0.7);
  CHECK(price("in", "read_byte") == 2);    // 16 pJ, the dearest of the reads, for 8 B
  CHECK(price("acc", "write_byte") == 3);  // 24 pJ for 8 B
  CHECK(price("dram", "read_byte") == 64);
  // 16 PEs x 330.5, 128 lanes x 900, and the glb as it is
  CHECK(model.areas[0].area.value == 5288);
  CHECK(model.areas[1].area.value == 115200);
  CHECK(model.areas[2].area.value == 100000);
  CHECK(model.price("array", "mac")->source ==
        "our chip, Accelergy 0.4: ERT, system.chip.PE[0..15].mac[1..1]");
}

TEST_CASE("an imported table is without mistakes and reads back the same") {
  const EnergyTable table = import(ert, options());
  Diagnostics diagnostics;
  CHECK(read_energy_table(parse_yaml(to_text(table), "imported.yaml"), diagnostics) == table);
  CHECK(complaints(diagnostics) == "");
}

TEST_CASE("an action of another name is what the options say") {
  AccelergyOptions how = options();
  how.components[4] = {
      .from = "system.chip.noc", .to = "in", .word = {4}, .actions = {{"transfer", "read"}}};
  const EnergyTable table = import(ert, how);
  CHECK(table.energies.back() ==
        EnergyEntry{.component = "in",
                    .action = "read",
                    .when = {},
                    .bytes = {4},
                    .energy = {3},
                    .scaling = {},
                    .source = "our chip, Accelergy 0.4: ERT, system.chip.noc"});
}

TEST_CASE("a component that the options do not name is an error") {
  AccelergyOptions how = options();
  how.components.pop_back();
  CHECK(complaints_of(ert, how) ==
        "20:11: nothing is said of component 'system.chip.noc' | name it in the options with what "
        "it is here, or leave it out with an empty `to`\n");
}

TEST_CASE("a component of the options that is not in the ERT is an error") {
  AccelergyOptions how = options();
  how.components.push_back({.from = "system.chip.gbl", .to = "wt", .actions = {}});
  CHECK(complaints_of(ert, how) ==
        "1:1: there is no component 'system.chip.gbl' in the ERT | "
        "did you mean 'system.chip.glb'?\n");
}

TEST_CASE("an action without a meaning is an error") {
  AccelergyOptions how = options();
  how.components[0].actions.clear();
  CHECK(complaints_of(ert, how) ==
        "7:14: action 'leak' of 'system.chip.PE.mac' has no meaning for 'array' | say what it is "
        "in `actions` of the component, or leave it out with an empty `to`\n");
}

TEST_CASE("any other shape is an error at its place") {
  AccelergyOptions how = options();
  how.components.clear();
  const auto told = [&](const std::string& text) { return complaints_of(text, how); };
  CHECK(told("- 1\n") == "1:1: a map is expected here | \n");
  CHECK(told("ART: {version: 1, tables: []}\n") ==
        "1:1: the key 'ERT' is missing: reference table of Accelergy | \n"
        "1:1: unknown key 'ART' | did you mean 'ERT'?\n");
  CHECK(told("ERT: {version: '0.2', tables: {system.PE: {compute: 1}}}\n") ==
        "1:31: ERT version 0.2 has no list of tables | write it with Accelergy 0.3 or 0.4\n");
  CHECK(told("ERT: {version: '0.4', tables: [7]}\n") == "1:32: a map is expected here | \n");
  CHECK(told("ERT: {version: '0.4', tables: [{name: a}]}\n") ==
        "1:32: the key 'actions' is missing: one entry an action | \n");

  how.components = {{.from = "a", .to = "array", .actions = {}}};
  const auto action = [&](const std::string& text) {
    return told("ERT: {version: '0.4', tables: [{name: a, actions: " + text + "}]}\n");
  };
  CHECK(action("[{name: compute, energy: 1}]") == "");
  CHECK(action("{compute: 1}") == "1:51: a list of actions is expected here | \n");
  CHECK(action("[{name: compute}]") ==
        "1:52: the key 'energy' is missing: energy of one action [pJ] | \n");
  CHECK(action("[{name: compute, energy: -1}]") ==
        "1:76: energy is -1, at least 0 is required | \n");
  CHECK(action("[{name: compute, energy: 1, arguments: 3}]") ==
        "1:90: a map of arguments is expected here | \n");
}

}  // namespace
}  // namespace sluice
