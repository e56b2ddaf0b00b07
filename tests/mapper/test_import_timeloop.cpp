// SPDX-License-Identifier: Apache-2.0
// Files in the form of Timeloop v4 give the published counts of Timeloop, and read back as map
// files (golden/timeloop/SOURCE.md).
#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>

#include "base/files.hpp"
#include "mapper/importers/timeloop.hpp"
#include "tests/mapper/nest_golden.hpp"
#include "tests/source_path.hpp"

namespace sluice {
namespace {

YamlNode golden_file(const std::string& name) {
  const std::string path = source_path("tests/mapper/golden/timeloop/" + name + ".yaml");
  return parse_timeloop(read_file(path, 1u << 20), name + ".yaml");
}

template <class List>
std::size_t place_of(const List& list, const std::string& name) {
  for (std::size_t i = 0; i < list.size(); ++i)
    if (list[i].name == name) return i;
  FAIL("there is no " << name);
  return 0;
}

}  // namespace

TEST_CASE("cases in Timeloop's own form have the tiles, counts, cycles and energies it prints") {
  const auto cases = golden::read_cases(source_path("tests/mapper/golden/nest/timeloop.txt"));
  REQUIRE(cases.size() >= 20);
  std::size_t found = 0;
  for (const golden::Case& c : cases) {
    const std::string name = c.name.substr(0, c.name.find(' '));
    if (!std::filesystem::exists(source_path("tests/mapper/golden/timeloop/" + name + ".yaml")))
      continue;
    ++found;
    CAPTURE(name);
    const YamlNode file = golden_file(name);
    const TimeloopImport import = import_timeloop({file, file, file, file});
    const MapFile& map = import.file;
    CHECK(map.convention == CountConvention::timeloop);
    CHECK(parse_map(to_text(map), "map.yaml") == map);
    REQUIRE(map.mapping);
    CHECK(verify(*map.mapping, map.hierarchy).empty());
    const CascadeCost cost = evaluate(*map.mapping, map.hierarchy, map.convention);
    REQUIRE(cost.einsums.size() == 1);
    const NestCounts& counts = cost.einsums[0].counts;
    CHECK(counts.operations == c.operations);
    CHECK(cost.cycles == c.cycles);
    if (c.total_fj > 0)
      CHECK(cost.total_pj * 1e3 / static_cast<double>(c.operations) ==
            doctest::Approx(c.total_fj).epsilon(1e-5));
    for (const golden::Row& row : c.rows) {
      const std::string& level = c.machine.levels[row.level].name;
      const std::string& tensor = c.problem.tensors[row.tensor].name;
      CAPTURE(level);
      CAPTURE(tensor);
      const std::size_t i = place_of(map.hierarchy.levels, level);
      const std::size_t t = place_of(map.mapping->einsums[0].problem.tensors, tensor);
      const AccessCount& count = counts.at[i][t];
      REQUIRE(count.kept);
      CHECK(count.tile == row.tile);
      CHECK(count.instances == static_cast<double>(row.instances));
      CHECK(count.of_instance(count.reads) == row.reads);
      CHECK(count.of_instance(count.fills) == row.fills);
      CHECK(count.of_instance(count.updates) == row.updates);
      CHECK(std::abs(cost.einsums[0].cost.energy_pj[i][t] - row.energy) <=
            0.005001 + 1e-5 * row.energy);
    }
  }
  CHECK(found == 21);
}

TEST_CASE("without a mapping, levels may keep what their constraints leave them") {
  const YamlNode file = golden_file("T14");
  const MapFile map = import_timeloop({file, file, {}, {}}).file;
  CHECK_FALSE(map.mapping);
  CHECK(parse_map(to_text(map), "map.yaml") == map);
  const auto& levels = map.hierarchy.levels;
  CHECK(levels[place_of(levels, "weight_reg")].keeps == std::vector<std::string>{"Weights"});
  CHECK(levels[place_of(levels, "shared_glb")].keeps.empty());
  CHECK(levels[place_of(levels, "shared_glb")].fan_out ==
        std::vector<FanOutAxis>{{"X", 16, {}}, {"Y", 16, {}}});
}

}  // namespace sluice
