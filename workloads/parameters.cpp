// SPDX-License-Identifier: Apache-2.0
#include "workloads/parameters.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace sluice {
namespace {

void read_bound(const YamlNode& map, std::string_view key, Mistakes& mistakes, auto& bound) {
  if (const YamlNode* node = map.find(key))
    if (const auto value = evaluate_number(*node, {}, mistakes)) bound = *value;
}

void read_choices(const YamlNode& node, std::vector<std::string>& choices, Mistakes& mistakes) {
  if (!node.is_sequence() || node.items.empty())
    return mistakes.error(node.where, "a list of words is expected here");
  for (const YamlNode& item : node.items) {
    if (item.is_scalar() && check_name(item.scalar, item.where, mistakes))
      choices.push_back(item.scalar);
  }
}

ParameterRule read_rule(const YamlNode::Entry& entry, Mistakes& mistakes) {
  ParameterRule rule;
  rule.name = entry.key;
  if (entry.value.is_scalar()) {
    rule.default_value = &entry.value;
    return rule;
  }
  if (!entry.value.is_map()) {
    mistakes.error(entry.value.where, "a parameter is a default or a map with `default`");
    return rule;
  }
  check_keys(entry.value, {"default", "min", "max", "choices", "doc"}, mistakes);
  rule.default_value = entry.value.find("default");
  if (!rule.default_value)
    mistakes.error(entry.key_where, fmt::format("parameter '{}' has no default", entry.key));
  read_bound(entry.value, "min", mistakes, rule.least);
  read_bound(entry.value, "max", mistakes, rule.most);
  if (const YamlNode* choices = entry.value.find("choices"))
    read_choices(*choices, rule.choices, mistakes);
  if (const YamlNode* doc = entry.value.find("doc")) {
    rule.doc = doc->scalar;
    if (!doc->is_scalar()) mistakes.error(doc->where, "a text is expected here");
  }
  return rule;
}

/// Whether `value` may be the parameter's; reports at `where` when not.
bool check_range(const ParameterRule& rule, const FormulaValue& value, const Location& where,
                 Mistakes& mistakes) {
  const std::int64_t* number = value.number();
  if (!number) return true;
  if (*number < rule.least) {
    mistakes.error(
        where, fmt::format("{} is {}, but at least {} is needed", rule.name, *number, rule.least));
    return false;
  }
  if (rule.most && *number > *rule.most) {
    mistakes.error(
        where, fmt::format("{} is {}, but at most {} is possible", rule.name, *number, *rule.most));
    return false;
  }
  return true;
}

std::optional<FormulaValue> read_word(const ParameterRule& rule, const YamlNode& node,
                                      Mistakes& mistakes) {
  const auto& choices = rule.choices;
  if (std::find(choices.begin(), choices.end(), node.scalar) != choices.end())
    return FormulaValue{node.scalar, choices};
  mistakes.error(node.where, fmt::format("{} cannot be '{}'", rule.name, node.scalar),
                 suggestion(node.scalar, choices));
  return std::nullopt;
}

std::optional<FormulaValue> default_of(const ParameterRule& rule, const FormulaScope& scope,
                                       Mistakes& mistakes) {
  if (!rule.default_value) return std::nullopt;
  if (!rule.choices.empty()) return read_word(rule, *rule.default_value, mistakes);
  auto value = evaluate(*rule.default_value, scope, mistakes);
  if (value && !check_range(rule, *value, rule.default_value->where, mistakes)) return std::nullopt;
  return value;
}

/// The user's value of a number or condition; `like` is the default, which settles the kind.
std::optional<FormulaValue> given(const ParameterRule& rule, const YamlNode& node,
                                  const FormulaValue& like, Mistakes& mistakes) {
  if (node.is_scalar()) {
    const auto result = evaluate_formula(node.scalar, {});
    const auto* value = std::get_if<FormulaValue>(&result);
    if (value && value->value.index() == like.value.index()) {
      if (!check_range(rule, *value, node.where, mistakes)) return std::nullopt;
      return *value;
    }
  }
  mistakes.error(node.where, fmt::format("{} is {}, not '{}'", rule.name,
                                         like.number() ? "a whole number" : "true or false",
                                         node.is_scalar() ? node.scalar : "a list or map"));
  return std::nullopt;
}

void check_unknown(const std::vector<ParameterRule>& rules, const YamlNode& workload,
                   const std::string& network, Mistakes& mistakes) {
  std::vector<std::string> names;
  for (const auto& rule : rules) names.push_back(rule.name);
  for (const auto& entry : workload.entries) {
    if (entry.key == "model") continue;
    if (std::find(names.begin(), names.end(), entry.key) == names.end())
      mistakes.error(entry.key_where,
                     fmt::format("network '{}' has no parameter '{}'", network, entry.key),
                     names.empty() ? "it has no parameters" : suggestion(entry.key, names));
  }
}

}  // namespace

std::vector<ParameterRule> read_parameters(const YamlNode* parameters, Mistakes& mistakes) {
  std::vector<ParameterRule> rules;
  if (!parameters) return rules;
  if (!parameters->is_map()) {
    mistakes.error(parameters->where, "a map of parameters is expected here");
    return rules;
  }
  for (const auto& entry : parameters->entries) {
    if (entry.key == "model") {
      mistakes.error(entry.key_where, "a parameter cannot be called 'model'");
    } else if (check_name(entry.key, entry.key_where, mistakes)) {
      rules.push_back(read_rule(entry, mistakes));
    }
  }
  return rules;
}

FormulaScope parameter_values(const std::vector<ParameterRule>& rules, const YamlNode* workload,
                              const std::string& network, Mistakes& mistakes) {
  FormulaScope scope;
  for (const ParameterRule& rule : rules) {
    const YamlNode* node = workload ? workload->find(rule.name) : nullptr;
    const std::size_t mistakes_before = mistakes.size();
    // A word's default is not needed when it is given; a number's tells the kind of the parameter.
    std::optional<FormulaValue> value;
    if (!node || rule.choices.empty()) value = default_of(rule, scope, mistakes);
    if (node && !rule.choices.empty()) {
      value = read_word(rule, *node, mistakes);
      if (!value) value = default_of(rule, scope, mistakes);  // the rest is checked all the same
    } else if (node && mistakes.size() == mistakes_before && value) {
      const FormulaValue fallback = *value;
      value = given(rule, *node, fallback, mistakes).value_or(fallback);
    }
    scope.set(rule.name, value.value_or(unknown_value));
  }
  if (workload) check_unknown(rules, *workload, network, mistakes);
  return scope;
}

ParameterInfo to_info(const ParameterRule& rule) {
  ParameterInfo info;
  info.name = rule.name;
  info.doc = rule.doc;
  if (rule.default_value) info.default_value = rule.default_value->scalar;
  if (!rule.choices.empty()) {
    info.type = fmt::format("{}", fmt::join(rule.choices, ", "));
  } else if (info.default_value == "true" || info.default_value == "false") {
    info.type = "boolean";
  } else {
    info.type = "integer";
    info.range =
        rule.most ? fmt::format("{}..{}", rule.least, *rule.most) : fmt::format("{}..", rule.least);
  }
  return info;
}

}  // namespace sluice
