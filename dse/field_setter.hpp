// SPDX-License-Identifier: Apache-2.0
// Sets fields of a described struct (base/describe.hpp) by their dotted path, as YAML would, but
// reads the values that a field may take only once.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/read.hpp"

namespace sluice {

/// One field of a struct in memory, which must stay where it is.
struct FieldSetter {
  /// Sets it to value `index`; false when the field does not take it, and then it is as it was.
  std::function<bool(std::size_t index)> set;
  std::function<void()> reset;  ///< to what it was when the setter was made
};

/// The visitor that looks for a field below a described struct. Structs as a whole are not found:
/// what they default to depends on where they stand.
class FieldFinder {
 public:
  /// `values` are what the field may be set to, as YAML reads them.
  FieldFinder(std::string_view path, const std::vector<YamlNode>& values)
      : head_(path.substr(0, path.find('.'))),
        rest_(path.find('.') == path.npos ? "" : path.substr(path.find('.') + 1)),
        values_(values) {}

  template <class T>
  void field(std::string_view key, T& value, FieldInfo info) {
    if (key != head_) return;
    info.name = key;
    visit(value, rest_, info);
  }
  template <class T>
  void required(std::string_view key, T& value, const FieldInfo& info) {
    field(key, value, info);
  }
  std::optional<FieldSetter> found() { return std::move(found_); }

 private:
  template <class T>
  void visit(T& value, std::string_view path, const FieldInfo& info) {
    if constexpr (Described<T>) {
      if (path.empty()) return;
      FieldFinder inside(path, values_);
      describe(inside, value);
      found_ = inside.found();
    } else if (path.empty()) {
      found_ = setter(value, info);
    }
  }
  template <class T>
  void visit(std::vector<T>& list, std::string_view path, const FieldInfo& info) {
    const std::string_view word = path.substr(0, path.find('.'));
    for (std::size_t i = 0; i < list.size(); ++i)
      if (word == std::to_string(i))
        visit(list[i], word == path ? "" : path.substr(word.size() + 1), info);
  }

  template <class T>
  FieldSetter setter(T& value, const FieldInfo& info) const {
    std::vector<std::optional<T>> read;
    for (const YamlNode& node : values_) {
      Diagnostics mistakes;
      T one{};
      read_value(node, one, info, mistakes);
      const bool taken = mistakes.empty() && !node.is_null();
      read.push_back(taken ? std::optional<T>(std::move(one)) : std::nullopt);
    }
    const auto set = [&value, read = std::move(read)](std::size_t index) {
      if (!read[index]) return false;
      value = *read[index];
      return true;
    };
    return {set, [&value, was = value] { value = was; }};
  }

  std::string_view head_, rest_;
  const std::vector<YamlNode>& values_;
  std::optional<FieldSetter> found_;
};

/// The setter of the field at `path` below `root`, or nothing when there is no such field.
template <Described T>
std::optional<FieldSetter> find_field(T& root, std::string_view path,
                                      const std::vector<YamlNode>& values) {
  FieldFinder finder(path, values);
  describe(finder, root);
  return finder.found();
}

}  // namespace sluice
