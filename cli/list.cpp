// SPDX-License-Identifier: Apache-2.0
// `sluice list`: what there is to choose from, as it describes itself.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "cli/catalogue.hpp"
#include "cli/commands.hpp"
#include "cli/streams.hpp"

namespace sluice {
namespace {

const Kind& find_kind(const std::vector<Kind>& kinds, const std::string& name) {
  std::vector<std::string> known;
  for (const Kind& kind : kinds) {
    if (kind.name == name) return kind;
    known.emplace_back(kind.name);
  }
  throw SpecError(
      {{{.path = "sluice list"}, "there is no kind " + quote(name), suggestion(name, known)}});
}

const Descriptor& find_entry(const std::vector<Descriptor>& entries, const Kind& kind,
                             const std::string& name) {
  std::vector<std::string> known;
  for (const Descriptor& entry : entries) {
    if (entry.name == name) return entry;
    known.push_back(entry.name);
  }
  throw SpecError({{{.path = "sluice list"},
                    fmt::format("{} is none of the {}", quote(name), kind.name),
                    suggestion(name, known)}});
}

std::string all_kinds(const std::vector<Kind>& kinds) {
  std::string text;
  for (const Kind& kind : kinds) {
    text += fmt::format("{}: {}\n", kind.name, kind.doc);
    std::string line = " ";
    for (const std::string& name : kind.names()) {
      constexpr std::size_t width = 100;
      if (line.size() + 1 + name.size() > width) text += std::exchange(line, " ") + "\n";
      line += " " + name;
    }
    text += line + "\n";
  }
  return text + "\nFor one kind: sluice list KIND; for one of them: sluice list KIND NAME.\n";
}

std::string summaries(const std::vector<Descriptor>& entries) {
  std::size_t width = 0;
  for (const Descriptor& entry : entries) width = std::max(width, entry.name.size());
  std::string text;
  for (const Descriptor& entry : entries)
    text += fmt::format("{:<{}}  {}\n", entry.name, width, entry.summary);
  return text;
}

std::string meaning_of(const ParameterInfo& parameter) {
  std::string text = parameter.doc;
  if (!parameter.unit.empty()) text += fmt::format(" [{}]", parameter.unit);
  text += "; " + parameter.type;
  if (!parameter.range.empty()) text += ", " + parameter.range;
  return text;
}

std::string parameter_table(const std::vector<ParameterInfo>& parameters) {
  std::vector<std::array<std::string, 3>> rows = {{"parameter", "default", "meaning; type, range"}};
  for (const ParameterInfo& p : parameters)
    rows.push_back({p.name, p.default_value.empty() ? "-" : p.default_value, meaning_of(p)});
  std::size_t names = 0, defaults = 0;
  for (const auto& row : rows) {
    names = std::max(names, row[0].size());
    defaults = std::max(defaults, row[1].size());
  }
  std::string text;
  for (const auto& row : rows)
    text += fmt::format("  {:<{}}  {:<{}}  {}\n", row[0], names, row[1], defaults, row[2]);
  return text;
}

std::string in_full(const Descriptor& entry) {
  std::string text = fmt::format("{}: {}\n", entry.name, entry.summary);
  if (!entry.source.empty()) text += fmt::format("source: {}\n", entry.source);
  if (!entry.parameters.empty()) text += "\n" + parameter_table(entry.parameters);
  return text;
}

}  // namespace

int list_command(const ListArguments& arguments, const LibraryFolders& folders) {
  const std::vector<Kind> kinds = catalogue(folders);
  if (arguments.kind.empty()) {
    write_output(all_kinds(kinds));
    return exit_done;
  }
  const Kind& kind = find_kind(kinds, arguments.kind);
  const std::vector<Descriptor> entries = kind.entries();
  write_output(arguments.name.empty() ? summaries(entries)
                                      : in_full(find_entry(entries, kind, arguments.name)));
  return exit_done;
}

}  // namespace sluice
