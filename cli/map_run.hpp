// SPDX-License-Identifier: Apache-2.0
// The part of `sluice map` that maps run files, and what both parts write.
#pragma once

#include <functional>
#include <string>

#include "cli/arguments.hpp"

namespace sluice {

/// The forms of an answer, each made only when it is wanted.
struct MappedTexts {
  std::function<std::string()> table, json, csv, html;
};

/// Writes what --json, --csv and --html name; the table unless one of them is standard output.
void write_mapped(const MapArguments& arguments, const MappedTexts& texts);

/// Maps the network of a run and shows each layer once.
int map_run(const MapArguments& arguments, const Experiment& run, const Library& library);

}  // namespace sluice
