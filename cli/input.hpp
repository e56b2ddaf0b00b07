// SPDX-License-Identifier: Apache-2.0
// Files as a user gives them to a command: which kind each is of, told by its keys, and the values
// that the command line changes.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "arch/energy.hpp"
#include "base/yaml.hpp"
#include "cli/arguments.hpp"
#include "dse/reproduce/claims.hpp"
#include "dse/sweep.hpp"
#include "mapper/nest/map_file.hpp"
#include "sim/file_kind.hpp"
#include "workloads/cascade/cascade.hpp"

namespace sluice {

/// The file with `settings` made. Throws SpecError with everything that is wrong.
YamlNode load_input(const std::string& path, const std::vector<Setting>& settings = {});

using FileContent =
    std::variant<Experiment, AnyMachine, Network, Cascade, EnergyTable, MapFile, ClaimFile, Sweep>;

/// Everything that a file says, as what it is. A run or machine that names an energy table is
/// priced, as evaluating it would do; the mapping of a map file is verified. Throws SpecError with
/// every mistake.
FileContent read_input(const YamlNode& root, const Library& library);

}  // namespace sluice
