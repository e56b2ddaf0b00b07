// SPDX-License-Identifier: Apache-2.0
// Problems, architectures and mappings of Timeloop v4 (the dialect `version: 0.4`) as map files. It
// stands here, and not among the importers of workloads/ or arch/, because it makes one file of
// what is computed, of the machine, and of a mapping of the one to the other; the mapper is the
// first room that knows all three. docs/timeloop.md says what is read and what is refused.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/yaml.hpp"
#include "mapper/nest/map_file.hpp"

namespace sluice {

/// The parsed files; each has its key (`problem`, `architecture`, `mapping`, `ERT`) at its top.
struct TimeloopFiles {
  YamlNode problem, architecture;
  std::optional<YamlNode> mapping;   ///< none: a mapper is to find one
  std::optional<YamlNode> energies;  ///< Accelergy's energy reference table; none: all are 0
};

struct TimeloopImport {
  MapFile file;                    ///< counts by the convention `timeloop`
  std::vector<std::string> notes;  ///< what was passed over, a sentence each
};

/// Parses a file of Timeloop, which has tags. Throws SpecError; templates of Jinja2 are an error.
YamlNode parse_timeloop(std::string_view text, const std::string& path);

/// Throws SpecError with every mistake of form, of names, and of factors that do not make up their
/// dimension. Whether the mapping fits the machine is the question of verify().
TimeloopImport import_timeloop(const TimeloopFiles& files);

}  // namespace sluice
