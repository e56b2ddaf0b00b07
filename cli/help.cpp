// SPDX-License-Identifier: Apache-2.0
#include "cli/help.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/version.hpp"

namespace sluice {
namespace {

std::string as_typed(const WordSpec& word) {
  std::string text(word.name);
  if (!word.short_name.empty()) text = fmt::format("{}, {}", word.short_name, word.name);
  if (word.use == WordUse::optional_value) return fmt::format("{} [{}]", text, word.value);
  return word.value.empty() ? text : fmt::format("{} {}", text, word.value);
}

std::string usage_of(const CommandSpec& command) {
  std::string text = fmt::format("usage: sluice {}", command.name);
  for (const WordSpec& word : command.words) {
    if (word.is_positional()) {
      const std::string shown =
          fmt::format("{}{}", word.name, word.use == WordUse::values ? "..." : "");
      text += word.required ? fmt::format(" {}", shown) : fmt::format(" [{}]", shown);
    } else if (word.required) {
      text += fmt::format(" {} {}", word.name, word.value);
    }
  }
  return text + " [options]\n";
}

std::string lines_of(std::span<const WordSpec> words, std::size_t width) {
  std::string text;
  for (const WordSpec& word : words)
    text += fmt::format("  {:<{}}  {}\n", as_typed(word), width, word.doc);
  return text;
}

}  // namespace

std::string overview_help() {
  std::string text = fmt::format(
      "sluice {}: simulates accelerators for deep learning\n\n"
      "usage: sluice COMMAND [words]\n\n",
      version());
  for (const CommandSpec& command : command_table())
    text += fmt::format("  {:<18}{}\n", command.name, command.summary);
  text +=
      "\nFor one of them: sluice help COMMAND. The version: sluice --version.\n"
      "Exit codes: 0 done, 1 infeasible or failed, 2 the input is wrong.\n";
  return text;
}

std::string command_help(const CommandSpec& command) {
  std::size_t width = 0;
  for (const auto words : {command.words, common_words()})
    for (const WordSpec& word : words) width = std::max(width, as_typed(word).size());
  std::string text = usage_of(command) + fmt::format("\n{}\n\n", command.summary);
  text += lines_of(command.words, width) + lines_of(common_words(), width);
  if (!command.more.empty()) text += fmt::format("\n{}", command.more);
  return text;
}

}  // namespace sluice
