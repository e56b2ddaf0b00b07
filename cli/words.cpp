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

/// The CLI11 form of one option, and what was given to it.
struct Slot {
  const CommandSpec* command = nullptr;  ///< none: it stands before the command
  const WordSpec* word = nullptr;
  CLI::Option* option = nullptr;
  std::vector<std::string> values = {};
};

struct Parser {
  CLI::App app;
  std::vector<std::pair<const CommandSpec*, CLI::App*>> commands = {};
  std::deque<Slot> slots = {};  ///< of fixed addresses, as CLI11 keeps them
};

/// Options only: what is none is kept by CLI11 in order and told apart in positionals_of().
void add_options(Parser& parser, CLI::App& app, const CommandSpec* command,
                 std::span<const WordSpec> words) {
  for (const WordSpec& word : words) {
    if (word.is_positional()) continue;
    Slot& slot = parser.slots.emplace_back(Slot{command, &word});
    std::string names(word.name);
    if (!word.short_name.empty()) names += "," + std::string(word.short_name);
    if (word.use == WordUse::flag) {
      slot.option = app.add_flag(names);
      continue;
    }
    slot.option = app.add_option(names, slot.values);
    if (word.use == WordUse::optional_value) slot.option->expected(0, 1);
    slot.option->allow_extra_args(false);
    slot.option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  }
}

void set_up_app(CLI::App& app) {
  app.set_help_flag();
  app.allow_extras();
  app.require_subcommand(0, 1);  // else a file called `run` would be taken for a command
}

/// The app of a command such as `import scalesim`, below that of `import`.
CLI::App* add_command(Parser& parser, CLI::App& app, std::string_view name) {
  const std::size_t space = name.find(' ');
  const std::string first(name.substr(0, space));
  const auto known = app.get_subcommands([&](const CLI::App* a) { return a->get_name() == first; });
  CLI::App* sub = known.empty() ? app.add_subcommand(first) : known.front();
  if (known.empty()) set_up_app(*sub);
  if (space == std::string_view::npos) return sub;
  if (known.empty()) add_options(parser, *sub, nullptr, common_words());
  return add_command(parser, *sub, name.substr(space + 1));
}

void set_up(Parser& parser) {
  set_up_app(parser.app);
  add_options(parser, parser.app, nullptr, common_words());
  for (const CommandSpec& command : command_table()) {
    CLI::App* app = add_command(parser, parser.app, command.name);
    parser.commands.emplace_back(&command, app);
    add_options(parser, *app, &command, command.words);
    add_options(parser, *app, &command, common_words());
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
  const bool file = word.find('.') != std::string::npos || word.find('/') != std::string::npos;
  fail(nullptr, "there is no command " + quote(std::string(prefix) + word),
       file ? "to evaluate a file: sluice run " + word : suggestion(word, commands_after(prefix)));
}

[[noreturn]] void unknown_option(const std::string& given, const CommandSpec* command) {
  const std::string name = given.substr(0, given.find('='));
  std::vector<std::string> known;
  for (const WordSpec& word : common_words()) known.emplace_back(word.name);
  if (command == nullptr) known.emplace_back("--version");
  if (command != nullptr)
    for (const WordSpec& word : command->words)
      if (!word.is_positional()) known.emplace_back(word.name);
  const std::string near = nearest(name, known);
  const std::string help =
      command == nullptr ? "sluice help" : "sluice help " + std::string(command->name);
  fail(command, "there is no option " + quote(name),
       near.empty() ? "see: " + help : "did you mean '" + near + "'?");
}

/// What CLI11 took for no option: positionals, and options that it does not know.
std::vector<std::string> positionals_of(const Parser& parser, const CommandSpec* command) {
  std::vector<std::string> positionals;
  for (const std::string& word : parser.app.remaining(true)) {
    if (word.size() > 1 && word[0] == '-') unknown_option(word, command);
    positionals.push_back(word);
  }
  return positionals;
}

/// Gives each positional of the table its words, in order.
void take_positionals(const std::vector<std::string>& words, Words& result) {
  std::size_t next = 0;
  for (const WordSpec& word : result.command->words) {
    if (!word.is_positional() || next == words.size()) continue;
    const std::size_t count = word.use == WordUse::values ? words.size() - next : 1;
    for (std::size_t i = 0; i < count; ++i) result.given[word.name].push_back(words[next++]);
  }
  if (next < words.size())
    fail(result.command, "nothing more is expected, " + quote(words[next]) + " is too much");
}

/// Reports words without a command.
void check_no_command(Parser& parser, const std::vector<std::string>& words, bool help) {
  const bool import = parser.app.get_subcommand("import")->parsed();
  if (!words.empty()) unknown_command(words.front(), import ? "import " : "");
  if (import && !help)
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

void take_option(const Slot& slot, Words& result) {
  if (slot.option->count() == 0) return;
  const WordSpec& word = *slot.word;
  auto& given = result.given[word.name];
  given.insert(given.end(), slot.values.begin(), slot.values.end());
  const bool once = word.use == WordUse::value || word.use == WordUse::optional_value;
  if (once && given.size() > 1) fail(result.command, quote(word.name) + " is given twice");
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
  const std::span all(words, static_cast<std::size_t>(count));
  const auto end = std::ranges::find(all, std::string_view("--"));  // of options
  try {
    parser.app.parse(static_cast<int>(end - all.begin()), words);
  } catch (const CLI::ArgumentMismatch& mismatch) {
    missing_value(parser, mismatch.what());
  }
  result.command = chosen_command(parser);
  result.version = version->count() > 0;
  for (const Slot& slot : parser.slots) take_option(slot, result);
  std::vector<std::string> positionals = positionals_of(parser, result.command);
  if (end != all.end()) positionals.insert(positionals.end(), end + 1, all.end());
  if (result.command == nullptr)
    check_no_command(parser, positionals, result.has("--help"));
  else
    take_positionals(positionals, result);
  return result;
}

}  // namespace sluice
