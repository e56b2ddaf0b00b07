// SPDX-License-Identifier: Apache-2.0
// Machines and runs of every accelerator model. The two variants are the list of models: one that
// is added here compiles once each of its functions exists.
#pragma once

#include <string>
#include <variant>

#include "arch/architecture.hpp"
#include "arch/memory_machine.hpp"
#include "arch/spatial_machine.hpp"
#include "sim/fusemax/machine.hpp"
#include "sim/models/dram_trace.hpp"
#include "sim/models/fusemax_forms.hpp"
#include "sim/models/spatial_run.hpp"
#include "sim/models/systolic_run.hpp"

namespace sluice {

using AnyMachine = std::variant<Architecture, SpatialMachine, fusemax::FormsMachine, MemoryMachine>;

/// Of a run: the machine, and how its model maps the network.
using AnySetup = std::variant<SystolicSetup, SpatialSetup, FormsSetup, MemorySetup>;

/// Reads a machine of the model that it names; one of an unknown model is reported.
AnyMachine read_machine(const YamlNode& node, Diagnostics& diagnostics);

/// The setup, yet unset, of the model that a machine names.
AnySetup setup_of(const YamlNode& machine);

/// Its parts in a line, its source.
std::string summary_of(const AnyMachine& machine);
std::string source_of(const AnyMachine& machine);

}  // namespace sluice
