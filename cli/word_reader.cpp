// SPDX-License-Identifier: Apache-2.0
#include "cli/word_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace sluice {

std::vector<std::string> WordReader::texts(std::string_view name) const {
  const auto given = words_.given.find(name);
  return given == words_.given.end() ? std::vector<std::string>{} : given->second;
}

std::optional<std::string> WordReader::text(std::string_view name) {
  const std::vector<std::string> given = texts(name);
  if (given.empty()) return std::nullopt;
  if (given.front().empty()) error(fmt::format("the value of {} is empty", name));
  return given.front();
}

std::string WordReader::required(std::string_view name) {
  if (const auto given = text(name)) return *given;
  for (const WordSpec& word : words_.command->words)
    if (word.name == name) error(fmt::format("{} is missing: {}", name, word.doc));
  return {};
}

std::optional<std::string> WordReader::choice(std::string_view name,
                                              const std::vector<std::string>& known) {
  std::optional<std::string> given = text(name);
  if (given && std::find(known.begin(), known.end(), *given) == known.end())
    error(fmt::format("{}: {} is not known here", name, quote(*given)), suggestion(*given, known));
  return given;
}

std::vector<Setting> WordReader::settings() {
  std::vector<Setting> result;
  for (const std::string& given : texts("--set")) {
    const std::size_t equals = given.find('=');
    if (equals == std::string::npos)
      diagnostics_.error({.path = "--set"}, fmt::format("{} sets no value", quote(given)),
                         fmt::format("write it like {}=32", given));
    else
      result.push_back({given.substr(0, equals), given.substr(equals + 1)});
  }
  return result;
}

void WordReader::error(std::string message, std::string hint) {
  diagnostics_.error(place_of(words_.command), std::move(message), std::move(hint));
}

}  // namespace sluice
