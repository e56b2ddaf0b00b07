// SPDX-License-Identifier: Apache-2.0
// The mistakes of one network file. A block that is used many times makes its mistake many times;
// the user hears of it once. Not for users of the room; see load.hpp.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "base/diagnostics.hpp"
#include "base/yaml.hpp"
#include "workloads/formula.hpp"

namespace sluice {

class Mistakes {
 public:
  void error(const Location& where, std::string message, std::string hint = {});
  /// Whether an error there would not be told again; then its hint is not worth finding.
  bool told(const Location& where) const;
  /// Errors from here on belong to another use of whatever is read.
  void next_item() { ++item_; }
  /// Mistakes made so far, those not told again included.
  std::size_t size() const { return made_; }
  /// Throws SpecError when there are any.
  void throw_if_any() const { list_.throw_if_any(); }

 private:
  Diagnostics list_;
  std::size_t item_ = 0;
  std::size_t made_ = 0;
  using Place = std::tuple<std::string, std::uint32_t, std::uint32_t>;
  static Place place_of(const Location& where) { return {where.path, where.line, where.column}; }
  std::map<Place, std::size_t> first_item_;
};

/// The value of the formula at `node`; nothing after a mistake, which is reported.
std::optional<FormulaValue> evaluate(const YamlNode& node, const FormulaScope& scope, Mistakes&);
std::optional<std::int64_t> evaluate_number(const YamlNode& node, const FormulaScope& scope,
                                            Mistakes&);
std::optional<bool> evaluate_condition(const YamlNode& node, const FormulaScope& scope, Mistakes&);

/// Reports keys of `map` that are not in `known`.
void check_keys(const YamlNode& map, const std::vector<std::string>& known, Mistakes&);

/// Whether `name` can name a parameter, definition or argument; reports when not.
bool check_name(const std::string& name, const Location& where, Mistakes&);

}  // namespace sluice
