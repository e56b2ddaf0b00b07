// SPDX-License-Identifier: Apache-2.0
// Values of the words of a command line.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/read.hpp"
#include "cli/arguments.hpp"
#include "cli/words.hpp"

namespace sluice {

/// Turns words into values and collects what is wrong with them.
class WordReader {
 public:
  explicit WordReader(const Words& words) : words_(words) {}

  bool flag(std::string_view name) const { return words_.has(name); }

  std::vector<std::string> texts(std::string_view name) {
    const auto given = words_.given.find(name);
    return given == words_.given.end() ? std::vector<std::string>{} : given->second;
  }

  /// The one text given for `name`; nothing, or an empty one, when there is none.
  std::optional<std::string> text(std::string_view name) {
    const std::vector<std::string> given = texts(name);
    if (given.empty()) return std::nullopt;
    if (given.front().empty()) error(fmt::format("the value of {} is empty", name));
    return given.front();
  }

  std::string required(std::string_view name) {
    if (const auto given = text(name)) return *given;
    for (const WordSpec& word : words_.command->words)
      if (word.name == name) error(fmt::format("{} is missing: {}", name, word.doc));
    return {};
  }

  /// A text that is one of `known`.
  std::optional<std::string> choice(std::string_view name, const std::vector<std::string>& known) {
    std::optional<std::string> given = text(name);
    if (given && std::find(known.begin(), known.end(), *given) == known.end())
      error(fmt::format("{}: {} is not known here", name, quote(*given)),
            suggestion(*given, known));
    return given;
  }

  /// A value that files have too, read as it would be there.
  template <class T>
  std::optional<T> value(std::string_view name, const FieldInfo& info = {}) {
    const auto given = text(name);
    if (!given || given->empty()) return std::nullopt;
    return read<T>(name, *given, info);
  }
  /// All values given for a name that may be repeated.
  template <class T>
  std::vector<T> values(std::string_view name, const FieldInfo& info = {}) {
    std::vector<T> result;
    for (const std::string& given : texts(name)) result.push_back(read<T>(name, given, info));
    return result;
  }

  std::vector<Setting> settings() {
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

  void error(std::string message, std::string hint = {}) {
    diagnostics_.error(place_of(words_.command), std::move(message), std::move(hint));
  }
  void finish() const { diagnostics_.throw_if_any(); }

 private:
  template <class T>
  T read(std::string_view name, const std::string& text, const FieldInfo& info) {
    YamlNode node;
    node.kind = YamlNode::Kind::scalar;
    node.scalar = text;
    node.where = {.path = std::string(name)};
    T result{};
    read_value(node, result, info, diagnostics_);
    return result;
  }

  const Words& words_;
  Diagnostics diagnostics_;
};

}  // namespace sluice
