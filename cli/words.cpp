// SPDX-License-Identifier: Apache-2.0
#include "cli/words.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <deque>

namespace sluice {
namespace {

[[noreturn]] void fail(const CommandSpec* command, std::string message, std::string hint = {}) {
  throw SpecError({{place_of(command), std::move(message), std::move(hint)}});
}

/// The CLI11 form of one entry of the table, and what was given to it.
struct Slot {
  const CommandSpec* command = nullptr;  ///< none: an option of every command
  const WordSpec* word = nullptr;
  CLI::Option* option = nullptr;
  std::vector<std::string> values = {};
};

struct Parser {
  CLI::App app;
  std::vector<std::pair<const CommandSpec*, CLI::App*>> commands = {};
  std::deque<Slot> slots = {};  ///< of fixed addresses, as CLI11 keeps them
};

void add_word(Parser& parser, CLI::App& app, const CommandSpec* command, const WordSpec& word) {
  Slot& slot = parser.slots.emplace_back(Slot{command, &word});
  std::string names(word.name);
  if (!word.short_name.empty()) names += "," + std::string(word.short_name);
  if (word.use == WordUse::flag) {
    slot.option = app.add_flag(names);
    return;
  }
  slot.option = app.add_option(names, slot.values);
  if (word.use == WordUse::optional_value) slot.option->expected(0, 1);
  if (!word.is_positional()) slot.option->allow_extra_args(false);
  slot.option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

/// The app of a command such as `import scalesim`, below that of `import`.
CLI::App* add_command(CLI::App& app, std::string_view name) {
  const std::size_t space = name.find(' ');
  const std::string first(name.substr(0, space));
  const auto known = app.get_subcommands([&](const CLI::App* a) { return a->get_name() == first; });
  CLI::App* sub = known.empty() ? app.add_subcommand(first) : known.front();
  sub->set_help_flag();
  sub->allow_extras();
  sub->fallthrough();
  return space == name.npos ? sub : add_command(*sub, name.substr(space + 1));
}

void set_up(Parser& parser) {
  parser.app.set_help_flag();
  parser.app.allow_extras();
  for (const WordSpec& word : common_words()) add_word(parser, parser.app, nullptr, word);
  for (const CommandSpec& command : command_table()) {
    CLI::App* app = add_command(parser.app, command.name);
    parser.commands.emplace_back(&command, app);
    for (const WordSpec& word : command.words) add_word(parser, *app, &command, word);
  }
}

const CommandSpec* chosen_command(const Parser& parser) {
  for (const auto& [command, app] : parser.commands)
    if (app->parsed()) return command;
  return nullptr;
}

/// The words that may follow `prefix` as a command: `import ` is followed by scalesim, accelergy.
std::vector<std::string> commands_after(std::string_view prefix) {
  std::vector<std::string> names;
  for (const CommandSpec& command : command_table()) {
    if (!command.name.starts_with(prefix)) continue;
    const std::string_view rest = command.name.substr(prefix.size());
    const std::string name(rest.substr(0, rest.find(' ')));
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  }
  return names;
}

[[noreturn]] void unknown_command(const std::string& word, std::string_view prefix) {
  const bool file = word.find('.') != word.npos || word.find('/') != word.npos;
  fail(nullptr, "there is no command " + quote(std::string(prefix) + word),
       file ? "to evaluate a file: sluice run " + word : suggestion(word, commands_after(prefix)));
}

[[noreturn]] void unknown_option(const std::string& given, const CommandSpec* command) {
  const std::string name = given.substr(0, given.find('='));
  std::vector<std::string> known;
  for (const WordSpec& word : common_words()) known.emplace_back(word.name);
  if (command != nullptr)
    for (const WordSpec& word : command->words)
      if (!word.is_positional()) known.emplace_back(word.name);
  const std::string near = nearest(name, known);
  const std::string help =
      command == nullptr ? "sluice help" : "sluice help " + std::string(command->name);
  fail(command, "there is no option " + quote(name),
       near.empty() ? "see: " + help : "did you mean '" + near + "'?");
}

/// Reports what belongs to nothing.
void check_left_over(Parser& parser, const CommandSpec* command) {
  const std::vector<std::string> left = parser.app.remaining(true);
  for (const std::string& word : left)
    if (word.size() > 1 && word[0] == '-' && word != "--") unknown_option(word, command);
  for (const std::string& word : left) {
    if (word == "--") continue;
    if (command != nullptr) fail(command, "nothing is expected here, not " + quote(word));
    const bool import = parser.app.get_subcommand("import")->parsed();
    unknown_command(word, import ? "import " : "");
  }
  if (command == nullptr && parser.app.get_subcommand("import")->parsed())
    fail(nullptr, "what to import from is missing", suggestion("", commands_after("import ")));
}

/// CLI11 reports a missing value in words that begin with the names of the option.
[[noreturn]] void missing_value(const Parser& parser, std::string_view report) {
  const std::string_view name = report.substr(0, report.find(':'));
  const CommandSpec* command = chosen_command(parser);
  for (const Slot& slot : parser.slots) {
    if (slot.option->get_name(false, true) != name && slot.option->get_name() != name) continue;
    if (slot.command != nullptr && slot.command != command) continue;
    fail(command, "a value is missing after " + quote(slot.word->name),
         std::string(slot.word->name) + " " + std::string(slot.word->value) + ": " +
             std::string(slot.word->doc));
  }
  fail(command, std::string(report));
}

void check_count(const CommandSpec* command, const Slot& slot) {
  const WordSpec& word = *slot.word;
  if (word.use == WordUse::values || slot.option->count() <= 1) return;
  if (word.is_positional())
    fail(command, "one " + std::string(word.name) + " is expected, " + quote(slot.values[1]) +
                      " is one too many");
  if (word.use != WordUse::flag) fail(command, quote(word.name) + " is given twice");
}

}  // namespace

Location place_of(const CommandSpec* command) {
  return {.path = command == nullptr ? "sluice" : "sluice " + std::string(command->name)};
}

Words split_words(int count, const char* const* words) {
  Words result;
  Parser parser;
  set_up(parser);
  const CLI::Option* version = parser.app.add_flag("--version");
  try {
    parser.app.parse(count, words);
  } catch (const CLI::ArgumentMismatch& mismatch) {
    missing_value(parser, mismatch.what());
  }
  result.command = chosen_command(parser);
  result.version = version->count() > 0;
  check_left_over(parser, result.command);
  for (const Slot& slot : parser.slots) {
    if (slot.option->count() == 0) continue;
    check_count(result.command, slot);
    result.given[slot.word->name] = slot.values;
  }
  return result;
}

}  // namespace sluice
