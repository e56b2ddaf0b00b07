// SPDX-License-Identifier: Apache-2.0
#include "workloads/mistakes.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sluice {
namespace {

template <class Wanted>
std::optional<Wanted> evaluate_as(const YamlNode& node, const FormulaScope& scope,
                                  std::string_view wanted, Mistakes& mistakes) {
  const auto value = evaluate(node, scope, mistakes);
  if (!value) return std::nullopt;
  if (const auto* found = std::get_if<Wanted>(&value->value)) return *found;
  mistakes.error(node.where, fmt::format("'{}' is {}, {} is expected here", node.scalar,
                                         kind_name(*value), wanted));
  return std::nullopt;
}

}  // namespace

void Mistakes::error(const Location& where, std::string message, std::string hint) {
  ++made_;
  if (told(where)) return;
  first_item_.try_emplace(place_of(where), item_);
  list_.error(where, std::move(message), std::move(hint));
}

bool Mistakes::told(const Location& where) const {
  const auto first = first_item_.find(place_of(where));
  return where.line != 0 && first != first_item_.end() && first->second != item_;
}

std::optional<FormulaValue> evaluate(const YamlNode& node, const FormulaScope& scope,
                                     Mistakes& mistakes) {
  if (!node.is_scalar()) {
    mistakes.error(node.where, "a number or a formula is expected here");
    return std::nullopt;
  }
  auto result = evaluate_formula(node.scalar, scope);
  if (const auto* error = std::get_if<FormulaError>(&result)) {
    if (!error->message.empty())
      mistakes.error(place_in(node, error->offset), error->message, error->hint);
    return std::nullopt;
  }
  return std::get<FormulaValue>(std::move(result));
}

std::optional<std::int64_t> evaluate_number(const YamlNode& node, const FormulaScope& scope,
                                            Mistakes& mistakes) {
  return evaluate_as<std::int64_t>(node, scope, "a number", mistakes);
}

std::optional<bool> evaluate_condition(const YamlNode& node, const FormulaScope& scope,
                                       Mistakes& mistakes) {
  return evaluate_as<bool>(node, scope, "a condition", mistakes);
}

void check_keys(const YamlNode& map, const std::vector<std::string>& known, Mistakes& mistakes) {
  for (const auto& entry : map.entries)
    if (std::find(known.begin(), known.end(), entry.key) == known.end())
      mistakes.error(entry.key_where, fmt::format("unknown key '{}'", entry.key),
                     suggestion(entry.key, known));
}

bool check_name(const std::string& name, const Location& where, Mistakes& mistakes) {
  static constexpr std::string_view reserved[] = {"and",  "or",    "not", "if",  "else",
                                                  "true", "false", "min", "max", "ceil_div"};
  const auto is_word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  const bool plain = !name.empty() && std::all_of(name.begin(), name.end(), is_word) &&
                     !(name[0] >= '0' && name[0] <= '9');
  if (plain && std::find(std::begin(reserved), std::end(reserved), name) == std::end(reserved))
    return true;
  mistakes.error(where, fmt::format("'{}' cannot be a name in formulas", name),
                 "use letters, digits and '_', and no word of the formula language");
  return false;
}

}  // namespace sluice
