// SPDX-License-Identifier: Apache-2.0
// Prices of a machine, by hand from a table of few numbers, and from the tables of the library.
#include <doctest/doctest.h>

#include <cmath>

#include "arch/energy.hpp"
#include "tests/arch/machine_text.hpp"
#include "tests/source_path.hpp"

namespace sluice {
namespace {

const std::string tables = source_path("arch/tables");

/// Prices with round numbers: SRAM doubles its energy with four times the capacity.
const std::string small_table = R"(
name: small
source: made up for tests
node_nm: 22
voltage_v: 0.7
scalings:
  - {name: halved, from_nm: 45, from_v: 0.9, energy_factor: 0.5, area_factor: 0.25, source: none}
energies:
  - {component: array, action: mac, input: int8, weight: int8, accumulator: int32, energy: 300 fJ,
     source: mac}
  - {component: array, action: mac, input: int8, weight: int4, accumulator: int32, energy: 200 fJ,
     source: mixed}
  - {component: vector, action: add, format: fp32, energy: 0.9 pJ, source: add}
  - {component: vector, action: multiply, format: fp32, energy: 3.7 pJ, scaling: halved, source: mul}
  - {component: scratchpad, action: read, capacity: 16 KiB, bytes: 8 B, energy: 32 pJ, source: sram}
  - {component: scratchpad, action: read, capacity: 1 KiB, bytes: 8 B, energy: 8 pJ, source: sram}
  - {component: scratchpad, action: read, capacity: 4 KiB, bytes: 8 B, energy: 16 pJ, source: sram}
  - {component: scratchpad, action: write, energy: 3 pJ, scaling: halved, source: flat}
  - {component: acc, action: write, bytes: 4 B, energy: 10 pJ, source: named}
  - {component: dram, action: read, memory: HBM2, bytes: 8 B, energy: 250 pJ, source: hbm}
  - {component: dram, action: write, energy: 7 pJ, source: any}
areas:
  - {component: array, input: int8, weight: int8, accumulator: int32, area: 100 um2, source: pe}
  - {component: vector, format: fp32, area: 1000 um2, scaling: halved, source: lane}
  - {component: scratchpad, bytes: 1 KiB, area: 500 um2, source: per KiB}
  - {component: acc, area: 77 um2, source: whole}
)";

EnergyTable table(const std::string& text) {
  Diagnostics diagnostics;
  EnergyTable result = read_energy_table(parse_yaml(text, "table.yaml"), diagnostics);
  CHECK(complaints(diagnostics) == "");
  return result;
}

/// A machine of the test with an HBM2 memory, so that all of it is priced.
MachineText priced() { return {.dram = "{preset: HBM2-2000}"}; }

EnergyModel prices(const EnergyTable& energies, const MachineText& machine) {
  Diagnostics diagnostics;
  EnergyModel model = resolve(energies, read(machine), diagnostics);
  CHECK(complaints(diagnostics) == "");
  return model;
}

double price(const EnergyModel& model, std::string_view component, std::string_view action) {
  const ComponentPrice* found = model.price(component, action);
  REQUIRE(found != nullptr);
  return found->energy.value;
}

double area(const EnergyModel& model, std::string_view component) {
  for (const ComponentArea& item : model.areas)
    if (item.component == component) return item.area.value;
  FAIL("no area");
  return 0;
}

std::string complaints_of(const EnergyTable& energies, const MachineText& machine) {
  Diagnostics diagnostics;
  resolve(energies, read(machine), diagnostics, {.path = "run.yaml", .line = 7, .column = 3});
  return complaints(diagnostics);
}

TEST_CASE("an action costs what the entry of its formats says") {
  const EnergyTable energies = table(small_table);
  CHECK(price(prices(energies, priced()), "array", "mac") == 0.3);
  SUBCASE("whichever operand is the narrow one") {
    MachineText machine = priced();
    for (const std::string formats : {"weight_format: int4", "input_format: int4"}) {
      machine.array = "{rows: 4, columns: 4, " + formats + "}";
      CHECK(price(prices(energies, machine), "array", "mac") == 0.2);
    }
  }
}

TEST_CASE("a scaling multiplies the number that names it, and no other") {
  const EnergyModel model = prices(table(small_table), priced());
  CHECK(price(model, "in", "write_byte") == 1.5);  // 3 pJ x 0.5
  CHECK(model.price("in", "write_byte")->source == "flat; scaled by halved");
  CHECK(price(model, "array", "mac") == 0.3);
}

TEST_CASE("a lane cycle costs as much as the dearer of addition and multiplication") {
  // 3.7 pJ x 0.5 = 1.85 pJ > 0.9 pJ
  const EnergyModel model = prices(table(small_table), priced());
  CHECK(price(model, "vector", "lane_cycle") == 1.85);
  CHECK(model.price("vector", "lane_cycle")->source == "mul; scaled by halved");
  SUBCASE("unless it has a price of its own") {
    EnergyTable energies = table(small_table);
    energies.energies.push_back({.component = "vector",
                                 .action = "lane_cycle",
                                 .when = {},
                                 .energy = {2},
                                 .scaling = {},
                                 .source = "lane"});
    CHECK(price(prices(energies, priced()), "vector", "lane_cycle") == 2);
  }
}

TEST_CASE("an access to a scratchpad is interpolated between capacities in log-log") {
  // 1 KiB 8 pJ, 4 KiB 16 pJ, 16 KiB 32 pJ for 8 bytes: energy grows as the root of the capacity.
  const EnergyTable energies = table(small_table);
  const auto of = [&](const std::string& capacity) {
    MachineText machine = priced();
    machine.in = "{name: in, holds: [input], capacity: " + capacity + "}";
    return prices(energies, machine);
  };
  const auto read_byte = [&](const std::string& capacity) {
    return price(of(capacity), "in", "read_byte");
  };
  CHECK(read_byte("1 KiB") == doctest::Approx(1));
  CHECK(read_byte("4 KiB") == doctest::Approx(2));
  CHECK(read_byte("16 KiB") == doctest::Approx(4));
  CHECK(read_byte("2 KiB") == doctest::Approx(std::sqrt(2.0)));
  CHECK(read_byte("8 KiB") == doctest::Approx(2 * std::sqrt(2.0)));
  CHECK(of("8 KiB").price("in", "read_byte")->source == "sram; between 4 KiB and 16 KiB");
  SUBCASE("and extrapolated on the line through the nearest two, which it says") {
    CHECK(read_byte("256 B") == doctest::Approx(0.5));
    CHECK(read_byte("1 MiB") == doctest::Approx(32));  // 64 x 16 KiB: 8 x 4 pJ
    CHECK(of("1 MiB").price("in", "read_byte")->source ==
          "sram; extrapolated from 4 KiB and 16 KiB");
    CHECK(of("1 KiB").price("in", "read_byte")->source == "sram");
  }
  SUBCASE("however many banks share the capacity") {
    MachineText machine = priced();
    machine.in = "{name: in, holds: [input], capacity: 4 KiB, banks: 16}";
    CHECK(price(prices(energies, machine), "in", "read_byte") == doctest::Approx(2));
  }
}

TEST_CASE("the price of a named scratchpad goes before that of all scratchpads") {
  const EnergyModel model = prices(table(small_table), priced());
  CHECK(price(model, "acc", "write_byte") == 2.5);  // 10 pJ / 4 B
  CHECK(price(model, "wt", "write_byte") == 1.5);
  CHECK(price(model, "acc", "read_byte") == doctest::Approx(1));  // of 1 KiB, no price of its own
}

TEST_CASE("a memory is priced by its preset or its kind") {
  CHECK(is_memory("HBM2-2000", "HBM2"));
  CHECK(is_memory("HBM2-2000", "HBM2-2000"));
  CHECK(is_memory("ideal", "ideal"));
  CHECK_FALSE(is_memory("HBM2E-3200", "HBM2"));
  CHECK_FALSE(is_memory("LPDDR4-3200", "DDR4"));
  CHECK_FALSE(is_memory("HBM2", "HBM2-2000"));
  const EnergyModel model = prices(table(small_table), priced());
  CHECK(price(model, "dram", "read_byte") == 31.25);  // 250 pJ / 8 B
  CHECK(price(model, "dram", "write_byte") == 7);
}

TEST_CASE("areas count every PE, lane and byte") {
  MachineText machine = priced();
  machine.in = "{name: in, holds: [input], capacity: 3 KiB}";
  machine.extra = "vector: {lanes: 8}";
  const EnergyModel model = prices(table(small_table), machine);
  CHECK(area(model, "array") == 1600);   // 4 x 4 x 100
  CHECK(area(model, "vector") == 2000);  // 8 x 1000 x 0.25
  CHECK(area(model, "in") == 1500);      // 3 KiB x 500 / KiB
  CHECK(area(model, "acc") == 77);       // named, whole
  CHECK(model.without_area.empty());
  SUBCASE("and what has none is listed") {
    machine.array = "{rows: 4, columns: 4, weight_format: int4}";
    CHECK(prices(table(small_table), machine).without_area == std::vector<std::string>{"array"});
  }
}

TEST_CASE("what has no price is an error with what is priced") {
  const EnergyTable energies = table(small_table);
  const auto with_array = [&](const std::string& formats) {
    MachineText machine = priced();
    machine.array = "{rows: 4, columns: 4, " + formats + "}";
    return complaints_of(energies, machine);
  };
  CHECK(complaints_of(energies, priced()) == "");
  CHECK(with_array("accumulator_format: int24") ==
        "7:3: energy table 'small' has no price for a MAC of int8 x int8 in int24 | "
        "accumulators priced for these operands: int32; "
        "or leave energy_table empty: timing only\n");
  CHECK(with_array("input_format: bf16, weight_format: bf16, accumulator_format: fp32") ==
        "7:3: energy table 'small' has no price for a MAC of bf16 x bf16 in fp32 | "
        "operands priced: int8 x int8, int8 x int4; or leave energy_table empty: timing only\n");

  MachineText vector = priced();
  vector.extra = "vector: {lanes: 8, format: bf16}";
  CHECK(complaints_of(energies, vector) ==
        "7:3: energy table 'small' has no price for a lane cycle in bf16 | "
        "give lane_cycle, or both add and multiply, of that format; "
        "or leave energy_table empty: timing only\n");

  CHECK(complaints_of(energies, MachineText{}) ==
        "7:3: energy table 'small' has no price for a read of DRAM 'ideal' | "
        "presets priced: HBM2; or leave energy_table empty: timing only\n");

  EnergyTable without = energies;
  std::erase_if(without.energies, [](const EnergyEntry& entry) {
    return entry.component == "scratchpad" && entry.action == "write";
  });
  Architecture machine = read(priced());
  machine.scratchpads.resize(1);
  Diagnostics diagnostics;
  resolve(without, machine, diagnostics);
  CHECK(complaints(diagnostics) ==
        "0:0: energy table 'small' has no price for a write of scratchpad 'in' | "
        "give it for component: scratchpad, or for that name; "
        "or leave energy_table empty: timing only\n");
}

TEST_CASE("default_22nm prices an edge machine as its sources say") {
  const EnergyModel model = prices(load_energy_table("default_22nm", {tables}),
                                   {.extra = "vector: {lanes: 8, format: int32}",
                                    .in = "{name: in, holds: [input], capacity: 8 KiB}",
                                    .wt = "{name: wt, holds: [weight], capacity: 32 KiB}",
                                    .acc = "{name: acc, holds: [output], capacity: 1 MiB}",
                                    .dram = "{preset: LPDDR4-3200}"});
  CHECK(price(model, "array", "mac") == doctest::Approx(2 / 6.73).epsilon(1e-3));  // 6.73 TOPS/W
  // 10, 20, 100 pJ for 8 bytes at 45 nm, x 0.1939
  CHECK(price(model, "in", "read_byte") == doctest::Approx(1.25 * 0.1939));
  CHECK(price(model, "wt", "write_byte") == doctest::Approx(2.5 * 0.1939));
  CHECK(price(model, "acc", "read_byte") == doctest::Approx(12.5 * 0.1939));
  CHECK(price(model, "vector", "lane_cycle") == doctest::Approx(3.1 * 0.1939));
  CHECK(price(model, "dram", "read_byte") == 64);  // 8 pJ/bit
  // 2 / (9.32 TOPS/mm2) at 1 GHz = 214.6 um2 a PE
  CHECK(area(model, "array") == doctest::Approx(16 * 2e3 / 9.32).epsilon(1e-3));
  // 29 % of 331 mm2 for 24 MiB at 28 nm, x 0.6688, for 32 KiB
  CHECK(area(model, "wt") == doctest::Approx(0.29 * 331e6 / 768 * 0.6688).epsilon(1e-3));
}

}  // namespace
}  // namespace sluice
