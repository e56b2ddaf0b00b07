// SPDX-License-Identifier: Apache-2.0
// The help of the command, from the table of commands.
#pragma once

#include <string>

#include "cli/command_table.hpp"

namespace sluice {

/// `sluice help`: every command in a line.
std::string overview_help();

/// `sluice help run`: the words of a command.
std::string command_help(const CommandSpec& command);

}  // namespace sluice
