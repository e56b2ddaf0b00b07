// SPDX-License-Identifier: Apache-2.0
// Values of the words of a command line.
#pragma once

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
  /// Holds a reference.
  explicit WordReader(const Words& words) : words_(words) {}

  bool flag(std::string_view name) const { return words_.has(name); }
  std::vector<std::string> texts(std::string_view name) const;
  /// The one text given for `name`; nothing, or an empty one, when there is none.
  std::optional<std::string> text(std::string_view name);
  std::string required(std::string_view name);
  /// A text that is one of `known`.
  std::optional<std::string> choice(std::string_view name, const std::vector<std::string>& known);
  /// What `--set` was given.
  std::vector<Setting> settings();

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

  void error(std::string message, std::string hint = {});
  /// Throws SpecError with all that was wrong.
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
