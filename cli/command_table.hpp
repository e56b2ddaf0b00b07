// SPDX-License-Identifier: Apache-2.0
// The commands and their options as a table, from which come the parser (words.hpp) and the help
// (help.hpp). What the commands do is elsewhere.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace sluice {

/// How often a word may be given, and whether it takes a value.
enum class WordUse : std::uint8_t {
  flag,            ///< `--quiet`
  value,           ///< `--seed N`, once
  optional_value,  ///< `--trace [FILE]`, once
  values,          ///< `--set A=B`, as often as wanted; a positional: one or more
};

/// One option or positional of a command. A name that does not begin with a dash is positional.
struct WordSpec {
  std::string_view name;        ///< `--seed`, or `FILE`
  std::string_view short_name;  ///< `-c`, or empty
  std::string_view value;       ///< what stands for its value in help, such as `N`
  WordUse use = WordUse::value;
  std::string_view doc;
  bool required = false;

  bool is_positional() const { return !name.starts_with('-'); }
};

struct CommandSpec {
  std::string_view name;     ///< `run`, `import scalesim`
  std::string_view summary;  ///< one line
  std::span<const WordSpec> words;
  std::string_view more = "";  ///< examples and whatever else help should say
};

/// All commands, in the order of the help.
std::span<const CommandSpec> command_table();

/// Options that every command takes.
std::span<const WordSpec> common_words();

}  // namespace sluice
