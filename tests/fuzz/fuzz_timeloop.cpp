// SPDX-License-Identifier: Apache-2.0
// Any text is a problem, a machine and a mapping of Timeloop, or mistakes; what was imported is
// written and read back unchanged, and legal small nests are counted.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.hpp"
#include "base/diagnostics.hpp"
#include "mapper/importers/timeloop.hpp"

namespace {

std::uint64_t points_of(const sluice::Problem& problem) {
  std::uint64_t points = 1;
  for (const sluice::NestRank& rank : problem.ranks) points *= rank.extent;
  return points;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const sluice::YamlNode file = sluice::parse_timeloop(text, "f.yaml");
    sluice::TimeloopFiles files{file, file, {}, {}};
    if (file.find("mapping") != nullptr) files.mapping = file;
    if (file.find("ERT") != nullptr) files.energies = file;
    const sluice::MapFile map = sluice::import_timeloop(files).file;
    SLUICE_ASSERT(sluice::parse_map(sluice::to_text(map), "f.yaml") == map,
                  "what is imported reads back");
    if (map.mapping && verify(*map.mapping, map.hierarchy).empty() &&
        points_of(map.mapping->einsums.front().problem) < 100000)
      (void)evaluate(*map.mapping, map.hierarchy, map.convention);
  } catch (const sluice::SpecError& error) {
    SLUICE_ASSERT(!error.diagnostics().empty(), "an error says what is wrong");
  }
  return 0;
}
