// SPDX-License-Identifier: Apache-2.0
// Splits the command line into a command and the words given to it. The only place that sees CLI11.
// What the words mean is in arguments.hpp.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostics.hpp"
#include "cli/command_table.hpp"

namespace sluice {

struct Words {
  const CommandSpec* command = nullptr;  ///< none: `sluice` without a command
  bool version = false;                  ///< `--version`
  /// What was given for each name of the table; an empty list for flags.
  std::map<std::string_view, std::vector<std::string>> given;

  bool has(std::string_view name) const { return given.contains(name); }
};

/// Throws SpecError: unknown command or option with the nearest known one, a value that is missing.
Words split_words(int count, const char* const* words);

/// The place of a mistake in the words of `command`.
Location place_of(const CommandSpec* command);

}  // namespace sluice
