// SPDX-License-Identifier: Apache-2.0
// Tables of energies: what is wrong with one, and what holds of those in the library.
#include <doctest/doctest.h>

#include <cmath>

#include "arch/energy.hpp"
#include "tests/arch/machine_text.hpp"
#include "tests/source_path.hpp"

namespace sluice {
namespace {

const std::vector<std::string> library = {source_path("arch/tables")};

/// A table with one entry a list; a test replaces one of them.
struct TableText {
  std::string scaling = "{name: s, from_nm: 45, from_v: 0.9, energy_factor: 0.5, source: rule}";
  std::string energy = "{component: array, action: mac, energy: 1 pJ, source: a paper}";
  std::string area = "{component: array, area: 1 um2, source: a paper}";

  std::string text() const {
    return fmt::format(
        "name: t\nsource: s\nnode_nm: 22\nvoltage_v: 0.7\nscalings:\n  - {}\nenergies:\n  - {}\n"
        "areas:\n  - {}\n",
        scaling, energy, area);
  }
};

std::string complaints_of(const std::string& text) {
  Diagnostics diagnostics;
  read_energy_table(parse_yaml(text, "table.yaml"), diagnostics);
  return complaints(diagnostics);
}
std::string complaints_of(const TableText& table) { return complaints_of(table.text()); }

TEST_CASE("the table that the other tests change has no mistakes") {
  CHECK(complaints_of(TableText{}) == "");
}

TEST_CASE("every number needs a source") {
  CHECK(complaints_of(TableText{.energy = "{component: array, action: mac, energy: 1 pJ}"}) ==
        "8:5: the key 'source' is missing: where the number is from | \n");
  const std::string hint = " | every number names the publication it is from\n";
  CHECK(complaints_of(
            TableText{.energy = "{component: array, action: mac, energy: 1 pJ, source: ''}"}) ==
        "8:59: the source is empty" + hint);
  CHECK(complaints_of(TableText{.area = "{component: array, area: 1 um2, source: ''}"}) ==
        "10:45: the source is empty" + hint);
  CHECK(complaints_of(TableText{
            .scaling = "{name: s, from_nm: 45, from_v: 0.9, energy_factor: 1, source: ''}"}) ==
        "6:67: the source is empty" + hint);
}

TEST_CASE("components have the actions that are counted") {
  CHECK(complaints_of(
            TableText{.energy = "{component: glb, action: write, energy: 1 pJ, source: a}"}) == "");
  CHECK(complaints_of(
            TableText{.energy = "{component: array, action: add, energy: 1 pJ, source: a}"}) ==
        "8:32: 'array' has no action 'add' | known: mac\n");
  CHECK(complaints_of(TableText{
            .energy = "{component: scratchpad, action: reed, energy: 1 pJ, source: a}"}) ==
        "8:37: 'scratchpad' has no action 'reed' | did you mean 'read'?\n");
}

TEST_CASE("a condition that says nothing of a component is an error") {
  CHECK(complaints_of(TableText{.area = "{component: scratchpad, capacity: 1 KiB, area: 1 um2, "
                                        "source: a}"}) == "");
  CHECK(complaints_of(TableText{.energy = "{component: array, action: mac, capacity: 1 KiB, "
                                          "energy: 1 pJ, source: a}"}) ==
        "8:47: capacity says nothing of 'array' | known: input, weight, accumulator\n");
}

TEST_CASE("a scaling that an entry names exists and has the factor it needs") {
  const auto scaled = [](const std::string& name) {
    return "{component: array, action: mac, scaling: " + name + ", energy: 1 pJ, source: a}";
  };
  CHECK(complaints_of(TableText{.energy = scaled("s")}) == "");
  CHECK(complaints_of(TableText{.energy = scaled("other")}) ==
        "8:46: there is no scaling 'other' | known: s\n");
  CHECK(complaints_of(TableText{.area = "{component: array, scaling: s, area: 1 um2, "
                                        "source: a}"}) ==
        "10:33: scaling 's' has no area_factor | add area_factor to it, with its source\n");
  CHECK(complaints_of(TableText{
            .scaling = "{name: s, from_nm: 0, from_v: 0.9, energy_factor: 0, source: rule}"}) ==
        "6:24: from_nm is 0, which is not above zero | \n"
        "6:55: energy_factor is 0, which is not above zero | \n");
}

TEST_CASE("scalings have different names") {
  const std::string one = "{name: s, from_nm: 45, from_v: 0.9, energy_factor: 0.5, source: rule}";
  CHECK(complaints_of(TableText{.scaling = one + "\n  - " + one}) ==
        "7:12: a second scaling named 's' | \n");
}

TEST_CASE("nothing is priced twice under the same conditions") {
  const std::string narrow =
      "{component: array, action: mac, input: int4, energy: 1 pJ, source: a}";
  const std::string wide = "{component: array, action: mac, input: int8, energy: 1 pJ, source: a}";
  CHECK(complaints_of(TableText{.energy = narrow + "\n  - " + wide}) == "");
  CHECK(complaints_of(TableText{.energy = narrow + "\n  - " + narrow}) ==
        "9:5: mac of 'array' is priced twice under the same conditions | \n");
  const std::string area = "{component: vector, format: fp32, area: 1 um2, source: a}";
  CHECK(complaints_of(TableText{.area = area + "\n  - " + area}) ==
        "11:5: the area of 'vector' is given twice under the same conditions | \n");
}

TEST_CASE("an access of a given capacity costs something") {
  CHECK(complaints_of(TableText{.energy = "{component: scratchpad, action: read, energy: 0 pJ, "
                                          "source: a}"}) == "");
  CHECK(complaints_of(TableText{.energy = "{component: scratchpad, action: read, capacity: 1 KiB, "
                                          "energy: 0 pJ, source: a}"}) ==
        "8:68: the energy of an access is zero | "
        "between capacities energies are interpolated by their logarithms\n");
}

TEST_CASE("a memory is a preset or the kind of one") {
  const auto of = [](const std::string& memory) {
    return complaints_of(TableText{.energy = "{component: dram, action: read, memory: " + memory +
                                             ", energy: 1 pJ, source: a}"});
  };
  CHECK(of("HBM2") == "");
  CHECK(of("HBM2-2000") == "");
  CHECK(of("HBM2-2001") == "8:45: there is no DRAM 'HBM2-2001' | did you mean 'HBM2-2000'?\n");
}

TEST_CASE("the dram has no area on the chip") {
  CHECK(complaints_of(TableText{.area = "{component: dram, area: 1 um2, source: a}"}) ==
        "10:17: the dram is not on the chip and has no area | \n");
}

TEST_CASE("a table that is printed reads back as the same table") {
  for (const std::string& name : library_energy_tables(library)) {
    CAPTURE(name);
    const EnergyTable table = load_energy_table(name, library);
    Diagnostics diagnostics;
    const EnergyTable again = read_energy_table(parse_yaml(to_text(table), "printed"), diagnostics);
    CHECK(complaints(diagnostics) == "");
    CHECK(again == table);
  }
}

TEST_CASE("an unknown table is told with the nearest one") {
  const auto load = [](const std::string& name) {
    try {
      load_energy_table(name, library, {.path = "run.yaml", .line = 9, .column = 15});
    } catch (const SpecError& error) {
      const Diagnostic& mistake = error.diagnostics().at(0);
      return fmt::format("{}: {} | {}", mistake.where.line, mistake.message, mistake.hint);
    }
    return std::string();
  };
  CHECK(load("default_22nm") == "");
  CHECK(load(library[0] + "/default_22nm.yaml") == "");
  CHECK(load("default_21nm") ==
        "9: there is no energy table 'default_21nm' | did you mean 'default_22nm'?");
  CHECK(load("no/such.yaml") == "9: there is no file 'no/such.yaml' | ");
}

TEST_CASE("the tables of the library are named after their files") {
  CHECK(library_energy_tables(library) ==
        std::vector<std::string>{"default_22nm", "fusemax_45nm", "horowitz_45nm", "tpu_v4i_7nm"});
  for (const std::string& name : library_energy_tables(library))
    CHECK(load_energy_table(name, library).name == name);
}

/// Entries of one component and action, in the order of the table.
std::vector<EnergyEntry> entries(const EnergyTable& table, std::string_view component,
                                 std::string_view action) {
  std::vector<EnergyEntry> found;
  for (const EnergyEntry& entry : table.energies)
    if (entry.component == component && entry.action == action) found.push_back(entry);
  return found;
}

/// Those that price systolic machines.
std::vector<std::string> systolic_tables() {
  std::vector<std::string> names = library_energy_tables(library);
  std::erase_if(names, [](const std::string& name) {
    return entries(load_energy_table(name, library), "array", "mac").empty();
  });
  return names;
}

TEST_CASE("in every table of the library a larger scratchpad costs more per access") {
  for (const std::string& name : systolic_tables()) {
    const EnergyTable table = load_energy_table(name, library);
    for (const std::string action : {"read", "write"}) {
      CAPTURE(name);
      CAPTURE(action);
      const auto points = entries(table, "scratchpad", action);
      REQUIRE(points.size() >= 3);
      for (std::size_t i = 1; i < points.size(); ++i) {
        CHECK(points[i].when.capacity > points[i - 1].when.capacity);
        CHECK(points[i].energy > points[i - 1].energy);
        CHECK(points[i].bytes == points[i - 1].bytes);
        CHECK(points[i].scaling == points[i - 1].scaling);
      }
    }
  }
}

TEST_CASE("in every table of the library a wider accumulator costs more per MAC") {
  for (const std::string& name : systolic_tables()) {
    const EnergyTable table = load_energy_table(name, library);
    const auto macs = entries(table, "array", "mac");
    for (const EnergyEntry& wide : macs)
      for (const EnergyEntry& narrow : macs) {
        if (wide.when.input != narrow.when.input || wide.when.weight != narrow.when.weight)
          continue;
        if (width_bits(*wide.when.accumulator) <= width_bits(*narrow.when.accumulator)) continue;
        CAPTURE(name);
        CAPTURE(wide.source);
        CHECK(wide.energy > narrow.energy);
      }
  }
}

TEST_CASE("in every table of the library every preset of main memory has a price both ways") {
  for (const std::string& name : systolic_tables()) {
    const EnergyTable table = load_energy_table(name, library);
    for (const DramPreset& preset : dram_presets())
      for (const std::string action : {"read", "write"}) {
        CAPTURE(name);
        CAPTURE(preset.name);
        int matches = 0;
        for (const EnergyEntry& entry : entries(table, "dram", action))
          matches += is_memory(preset.name, *entry.when.memory) ? 1 : 0;
        CHECK(matches == 1);
      }
  }
}

/// Stillmaker & Baas (2017): energy of a gate, a V^2 + b V + c.
double gate_energy(double a, double b, double c, double volts) {
  return a * volts * volts + b * volts + c;
}

/// The straight line in log-log between 20 and 32 nm.
double between(double at_20, double at_32, double node) {
  const double share = std::log(node / 20) / std::log(32.0 / 20);
  return at_20 * std::pow(at_32 / at_20, share);
}

TEST_CASE("the scaling factors of the library are those of the rule they cite") {
  const double hp45 = gate_energy(1.018, -0.3107, 0.1539, 0.9);
  const double hp32 = gate_energy(0.8367, -0.4341, 0.1701, 0.7);
  const double hp20 = gate_energy(0.373, -0.1582, 0.04104, 0.7);
  const double hp7 = gate_energy(0.1776, -0.09097, 0.02447, 0.75);
  const auto scaling = [](const std::string& table, const std::string& name) {
    for (const NodeScaling& item : load_energy_table(table, library).scalings)
      if (item.name == name) return item;
    FAIL("no such scaling");
    return NodeScaling{};
  };
  // Printed with four digits: half a unit of the last one.
  const NodeScaling to_22 = scaling("default_22nm", "from_45nm");
  CHECK(std::abs(*to_22.energy_factor - between(hp20, hp32, 22) / hp45) < 5e-5);
  CHECK(std::abs(*to_22.area_factor - between(0.21, 0.46, 22)) < 5e-5);
  const double area_28 = between(0.21, 0.46, 28);
  CHECK(std::abs(*scaling("default_22nm", "from_28nm").area_factor -
                 between(0.21, 0.46, 22) / area_28) < 5e-5);
  CHECK(std::abs(*scaling("horowitz_45nm", "from_28nm").area_factor - 1 / area_28) < 5e-4);
  CHECK(std::abs(*scaling("tpu_v4i_7nm", "from_45nm").energy_factor - hp7 / hp45) < 5e-5);
}

TEST_CASE("a MAC of Horowitz's table is its multiplication, addition and registers") {
  // multiply + add + 0.009 pJ for every bit of the moving operand and the partial sum
  const double expected[] = {0.2 + 0.05 + 24 * 0.009, 0.2 + 0.1 + 40 * 0.009,
                             1.1 + 0.4 + 32 * 0.009, 1.1 + 0.9 + 48 * 0.009,
                             3.7 + 0.9 + 64 * 0.009};
  const auto macs = entries(load_energy_table("horowitz_45nm", library), "array", "mac");
  REQUIRE(macs.size() == 5);
  for (std::size_t i = 0; i < 5; ++i) CHECK(macs[i].energy.value == doctest::Approx(expected[i]));
}

TEST_CASE("a MAC of the TPU v4i table is its multiplication, addition and registers") {
  // As above with 0.009 pJ x 0.0803 = 0.000723 pJ a register bit.
  const double bit = 0.009 * 0.0803;
  const double expected[] = {0.07 + 0.03 + 40 * bit, 0.21 + 0.11 + 32 * bit,
                             0.21 + 0.38 + 48 * bit, 0.34 + 0.16 + 32 * bit,
                             0.34 + 0.38 + 48 * bit, 1.31 + 0.38 + 64 * bit};
  const auto macs = entries(load_energy_table("tpu_v4i_7nm", library), "array", "mac");
  REQUIRE(macs.size() == 6);
  for (std::size_t i = 0; i < 6; ++i)
    CHECK(macs[i].energy.value == doctest::Approx(expected[i]).epsilon(1e-3));
}

TEST_CASE("MACs at 22 nm are those of the measured arrays, or a ratio of the int8 one") {
  // Measured: 2 operations over the efficiency in TOPS/W, in pJ; rounded to whole fJ.
  const auto macs = entries(load_energy_table("default_22nm", library), "array", "mac");
  CHECK(macs.size() == 20);
  const auto mac = [&](NumberFormat input, NumberFormat weight, NumberFormat sum) {
    for (const EnergyEntry& entry : macs)
      if (entry.when.input == input && entry.when.weight == weight && entry.when.accumulator == sum)
        return entry.energy.value;
    FAIL("no such MAC");
    return 0.0;
  };
  using enum NumberFormat;
  CHECK(std::abs(mac(int4, int4, int32) - 2 / 13.46) < 0.0005);
  CHECK(std::abs(mac(int8, int4, int32) - 2 / 11.64) < 0.0005);
  CHECK(std::abs(mac(int8, int8, int32) - 2 / 6.73) < 0.0005);
  CHECK(std::abs(mac(int16, int16, int40) - 2 / 3.44) < 0.0005);
  // Ratios printed with three digits, results rounded to whole fJ.
  CHECK(std::abs(mac(int8, int8, int16) - 0.297 * 0.587) < 0.001);
  CHECK(std::abs(mac(bf16, bf16, fp32) - 0.297 * 2.106) < 0.001);
  CHECK(std::abs(mac(fp32, fp32, fp32) - 0.297 * 9.434) < 0.001);
}

}  // namespace
}  // namespace sluice
