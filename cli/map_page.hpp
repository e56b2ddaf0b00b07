// SPDX-License-Identifier: Apache-2.0
// The page of a mapping, made of what `sluice map --json` says.
#pragma once

#include <string>
#include <string_view>

namespace sluice {

/// The text form of a loop nest as nested boxes: loops in time and in space with how often they
/// run, what is kept where, what is done.
std::string nest_html(std::string_view text);

/// The page of a map file (`einsums`), of a run's layers (`tasks`), or of software pipelines
/// (`interval`), as the JSON has them; `text` is the answer as the terminal shows it.
std::string map_page(const std::string& file, const std::string& json, const std::string& text);

}  // namespace sluice
