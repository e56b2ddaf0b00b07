// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <filesystem>

#include "arch/memory_machine.hpp"
#include "tests/arch/machine_text.hpp"
#include "tests/source_path.hpp"

namespace sluice {
namespace {

std::string complaints_of(const std::string& dram, const std::string& more = "") {
  Diagnostics diagnostics;
  read_memory_machine(
      parse_yaml("name: m\nmodel: dram_trace\ndram: " + dram + "\n" + more, "m.yaml"), diagnostics);
  return complaints(diagnostics);
}

std::string currents(const std::string& refresh) {
  return "currents: {supply_v: 1.5, devices: 8, activate_ma: 70, standby_ma: 45, read_ma: 140, "
         "write_ma: 145, refresh_ma: " +
         refresh + ", source: s}\n";
}

TEST_CASE("every memory is read without a mistake, bears its file's name and has a source") {
  int count = 0;
  for (const auto& file : std::filesystem::directory_iterator(source_path("configs/arch"))) {
    const YamlNode root = load_yaml(file.path().string());
    if (model_of(root) != "dram_trace") continue;
    CAPTURE(file.path().string());
    Diagnostics diagnostics;
    const MemoryMachine machine = read_memory_machine(root, diagnostics);
    CHECK(complaints(diagnostics) == "");
    CHECK(machine.name == file.path().stem().string());
    CHECK(machine.source != "");
    CHECK(to_table(machine).starts_with(machine.name));
    ++count;
  }
  CHECK(count >= 1);
}

TEST_CASE("energies are the currents beyond standby for as long as they flow") {
  Diagnostics diagnostics;
  const MemoryMachine machine =
      read_memory_machine(load_yaml(source_path("configs/arch/ddr3_1600.yaml")), diagnostics);
  const DramEnergies e = energies_of(*machine.currents, timing_of(machine.dram));
  // 1.5 V x 8 devices x (70 - 45) mA x tRC 38 x 1.25 ns = 14,250 pJ; and so on.
  CHECK(e.activate == doctest::Approx(14'250));
  CHECK(e.read == doctest::Approx(1.5 * 8 * 95 * 5));  // a burst of 5 ns
  CHECK(e.write == doctest::Approx(1.5 * 8 * 100 * 5));
  CHECK(e.refresh == doctest::Approx(1.5 * 8 * 125 * 110));  // tRFC of 110 ns
  CHECK(e.clock == doctest::Approx(1.5 * 8 * 45 * 1.25));
}

TEST_CASE("a memory without mistakes is read without complaint") {
  CHECK(complaints_of("{preset: DDR3-1600}", currents("170")) == "");
}

TEST_CASE("an ideal memory is no machine of its own") {
  CHECK(complaints_of("{preset: ideal}") ==
        "3:16: an ideal memory has no controller | choose a standard (see `sluice list "
        "memories`)\n");
}

TEST_CASE("mistakes in the DRAM are told at their places") {
  CHECK(complaints_of("{preset: DDR3-1601}") ==
        "3:16: unknown preset 'DDR3-1601' | did you mean 'DDR3-1600'?\n");
  CHECK(complaints_of("{preset: LPDDR4-3200, refresh: per_bank, refresh_postponed: 2}") ==
        "3:67: refreshes of single banks are neither postponed nor pulled in | choose all_bank\n");
  CHECK(complaints_of("{preset: LPDDR4-3200, refresh: per_bank, refresh_pulled_in: 2}") ==
        "3:67: refreshes of single banks are neither postponed nor pulled in | choose all_bank\n");
  CHECK(complaints_of("{preset: DDR3-1600, refresh_postponed: 9}") ==
        "3:46: refresh_postponed is 9, at most 8 is allowed | \n");
}

TEST_CASE("a current below that of standby is refused") {
  CHECK(complaints_of("{preset: DDR3-1600}", currents("40")) ==
        "4:113: refresh_ma 40 is below standby_ma 45 | \n");
}

}  // namespace
}  // namespace sluice
