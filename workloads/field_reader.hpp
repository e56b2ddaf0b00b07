// SPDX-License-Identifier: Apache-2.0
// The visitor (see fields.hpp) that reads an operator's fields from the map of a layer.
// Not for users of the room; see load.hpp.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/yaml.hpp"
#include "workloads/fields.hpp"
#include "workloads/formula.hpp"
#include "workloads/mistakes.hpp"

namespace sluice {

/// What the producing layers say of the fields that are left out.
struct Derived {
  std::vector<std::string> keys;  ///< fields that are set already
  bool unknown = false;           ///< the producer has mistakes of its own: say nothing more
};

class OperatorReader {
 public:
  OperatorReader(const YamlNode& item, const FormulaScope& scope, Derived derived, Mistakes&);

  void required(std::string_view key, auto& value, const FieldInfo& info) {
    if (const YamlNode* node = take(key)) {
      read(key, *node, value, info);
    } else {
      missing(key, info);
    }
  }
  void field(std::string_view key, auto& value, const FieldInfo& info) {
    if (const YamlNode* node = take(key)) read(key, *node, value, info);
  }
  void derived(std::string_view key, std::uint64_t& value, const FieldInfo& info);
  void otherwise(std::string_view key, std::uint64_t& value, std::uint64_t other,
                 const FieldInfo& info);
  void extents(std::string_view key, std::uint64_t& height, std::uint64_t& width,
               const FieldInfo& info, Need need);
  void padding(std::string_view key, Padding padding, const FieldInfo& info);

  /// Keys that were asked for.
  const std::vector<std::string>& known() const { return known_; }
  /// Every field has a value.
  bool complete() const { return complete_; }
  bool global_kernel() const { return global_kernel_; }
  bool same_padding() const { return same_padding_; }

 private:
  const YamlNode* take(std::string_view key);
  void missing(std::string_view key, const FieldInfo& info);
  void read(std::string_view key, const YamlNode& node, std::uint64_t& value,
            const FieldInfo& info);
  void read(std::string_view key, const YamlNode& node, bool& value, const FieldInfo& info);
  template <NamedEnum Enum>
  void read(std::string_view, const YamlNode& node, Enum& value, const FieldInfo&) {
    std::vector<std::string> words;
    for (const auto& entry : EnumNames<Enum>::table) words.emplace_back(entry.name);
    if (const auto index = word(node, words)) value = EnumNames<Enum>::table[*index].value;
  }
  /// Index of the word at `node`, or of the word that the name at `node` stands for.
  std::optional<std::size_t> word(const YamlNode& node, const std::vector<std::string>& words);
  void fail(const Location& where, std::string message, std::string hint = {});

  const YamlNode& item_;
  const FormulaScope& scope_;
  Derived derived_;
  Mistakes& mistakes_;
  std::vector<std::string> known_;
  bool complete_ = true;
  bool global_kernel_ = false;
  bool same_padding_ = false;
};

}  // namespace sluice
