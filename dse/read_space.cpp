// SPDX-License-Identifier: Apache-2.0
#include "dse/read_space.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>
#include <optional>

#include "base/parameters.hpp"
#include "base/read.hpp"
#include "dse/written_parameter.hpp"

namespace sluice {
namespace {

/// A value as conditions name it: a word in quotes, as JSON has it, is the word.
std::string choice_text(const YamlNode& node) {
  const bool is_word = !node.scalar.empty() &&
                       std::isalpha(static_cast<unsigned char>(node.scalar.front())) != 0 &&
                       std::ranges::all_of(node.scalar, [](unsigned char c) {
                         return std::isalnum(c) != 0 || c == '_' || c == '-';
                       });
  const bool means_other = node.scalar == "true" || node.scalar == "false" || node.scalar == "null";
  return node.is_scalar() && is_word && !means_other ? node.scalar : flow_text(node);
}

class SpaceReader {
 public:
  explicit SpaceReader(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  DesignSpace space;

  void parameter(const YamlNode::Entry& entry) {
    WrittenParameter written;
    FieldReader reader(entry.value, diagnostics_, entry.key);
    describe(reader, written);
    const YamlNode* choices = reader.take("choices");
    const YamlNode* ordered = reader.take("ordered_choices");
    const YamlNode* when = reader.take("when");
    const YamlNode* usual = reader.take("usual");
    reader.finish();
    SpaceParameter parameter;
    parameter.name = entry.key;
    parameter.unit = written.unit;
    parameter.group = written.group;
    parameter.summary = written.doc;
    paths(entry, written, parameter);
    if (!domain(entry, written, {choices, ordered}, parameter)) return;
    if (when != nullptr) parameter.when = condition(*when, expression_names(space));
    if (usual != nullptr) read_usual(*usual, parameter);
    for (const SpaceParameter& other : space.parameters)
      refuse_shared_path(entry, parameter, other);
    space.parameters.push_back(std::move(parameter));
  }

  Expression condition(const YamlNode& node, std::span<const ExpressionName> known) {
    if (!node.is_scalar()) {
      diagnostics_.error(node.where, "a condition is expected here");
      return {};
    }
    try {
      Expression expression(node.scalar, known);
      if (expression.kind() == ExpressionName::Kind::condition) return expression;
      diagnostics_.error(node.where, fmt::format("{} is no condition", quote(node.scalar)),
                         "compare it, such as `rows <= 64`");
    } catch (const FormulaError& error) {
      const bool cut = std::ranges::count(node.scalar, '(') > std::ranges::count(node.scalar, ')');
      diagnostics_.error(place_in(node, error.offset), error.message,
                         cut && !node.quoted ? "what has a comma stands in quotes" : error.hint);
    }
    return {};
  }

  void report(const YamlNode& node, std::string message, std::string hint) {
    diagnostics_.error(node.where, std::move(message), std::move(hint));
  }

 private:
  struct ChoiceNodes {
    const YamlNode* unordered;
    const YamlNode* ordered;
  };

  void paths(const YamlNode::Entry& entry, const WrittenParameter& written,
             SpaceParameter& parameter) {
    parameter.paths = written.paths;
    if (written.path) parameter.paths.push_back(*written.path);
    if (!parameter.paths.empty()) return;
    if (entry.key.find('.') != std::string::npos) return parameter.paths.push_back(entry.key);
    diagnostics_.error(entry.key_where, fmt::format("parameter {} sets no value", quote(entry.key)),
                       "name it, such as `path: architecture.array.rows`");
  }

  /// Two parameters that may exist together set different values.
  void refuse_shared_path(const YamlNode::Entry& entry, const SpaceParameter& parameter,
                          const SpaceParameter& other) {
    if (!parameter.when.empty() && !other.when.empty()) return;
    for (const std::string& path : parameter.paths)
      if (std::ranges::find(other.paths, path) != other.paths.end())
        diagnostics_.error(entry.key_where,
                           fmt::format("parameter {} sets {}, which {} sets too",
                                       quote(parameter.name), path, quote(other.name)),
                           "when only one of them exists in a design, give both a `when`");
  }

  bool domain(const YamlNode::Entry& entry, const WrittenParameter& written, ChoiceNodes nodes,
              SpaceParameter& parameter) {
    std::vector<Domain> found;
    if (const auto range = ends(entry, written.integers, "integers"))
      found.push_back(IntegerDomain{static_cast<std::int64_t>(range->first),
                                    static_cast<std::int64_t>(range->second),
                                    static_cast<std::int64_t>(written.step)});
    if (const auto range = ends(entry, written.powers_of_two, "powers_of_two")) {
      const YamlNode& node = *entry.value.find("powers_of_two");
      found.push_back(PowerDomain{power(node, range->first), power(node, range->second)});
    }
    if (const auto range = ends(entry, written.reals, "reals"))
      found.push_back(RealDomain{range->first, range->second, written.levels,
                                 written.scale == Scale::logarithmic});
    if (written.boolean) found.push_back(SwitchDomain{});
    if (written.order) found.push_back(OrderDomain{*written.order});
    if (nodes.unordered != nullptr) found.push_back(choices(*nodes.unordered, false));
    if (nodes.ordered != nullptr) found.push_back(choices(*nodes.ordered, true));
    if (found.size() != 1) {
      diagnostics_.error(
          entry.key_where,
          fmt::format("parameter {} has {}", quote(entry.key),
                      found.empty() ? "no values" : "more than one kind of values"),
          "give one of integers, powers_of_two, reals, choices, ordered_choices, boolean, order");
      return false;
    }
    parameter.domain = std::move(found[0]);
    const std::string complaint = check_domain(parameter.domain);
    if (complaint.empty()) return true;
    diagnostics_.error(entry.value.where,
                       fmt::format("parameter {}: {}", quote(entry.key), complaint));
    return false;
  }

  std::optional<std::pair<double, double>> ends(const YamlNode::Entry& entry,
                                                const std::optional<std::vector<double>>& values,
                                                std::string_view key) {
    if (!values) return std::nullopt;
    const YamlNode& node = *entry.value.find(key);
    if (values->size() != 2) {
      diagnostics_.error(node.where,
                         fmt::format("{}: the first and the last value are needed", key),
                         fmt::format("write `{}: [1, 8]`", key));
      return std::pair{1.0, 1.0};
    }
    if (key != "reals" &&
        !std::ranges::all_of(*values, [](double v) { return v == std::floor(v); }))
      diagnostics_.error(node.where, fmt::format("{}: whole numbers are needed", key));
    return std::pair{(*values)[0], (*values)[1]};
  }

  /// A bound of powers of two; that below it, after it was reported, where it is none.
  std::uint64_t power(const YamlNode& node, double value) {
    int exponent = 0;
    const bool is_power = std::frexp(value, &exponent) == 0.5;
    if (!is_power && value == std::floor(value))
      diagnostics_.error(node.where, fmt::format("powers_of_two: {} is no power of two", value),
                         value < 1 ? "the first is 1"
                                   : fmt::format("{} and {} are", std::ldexp(0.5, exponent),
                                                 std::ldexp(1, exponent)));
    return value < 1 ? 1 : std::uint64_t{1} << std::min(exponent - 1, 63);
  }

  ChoiceDomain choices(const YamlNode& node, bool ordered) {
    ChoiceDomain domain;
    domain.ordered = ordered;
    if (!node.is_sequence()) {
      diagnostics_.error(node.where, "a list of values is expected here");
      return domain;
    }
    for (const YamlNode& item : node.items) domain.values.push_back(choice_text(item));
    return domain;
  }

  void read_usual(const YamlNode& node, SpaceParameter& parameter) {
    const std::uint64_t index = index_of(parameter.domain, choice_text(node));
    if (index < size_of(parameter.domain)) {
      parameter.usual = index;
    } else {
      diagnostics_.error(node.where,
                         fmt::format("{} is none of the values of {}", quote(flow_text(node)),
                                     quote(parameter.name)),
                         "they are " + to_text(parameter.domain));
    }
  }

  Diagnostics& diagnostics_;
};

/// Whether it names a metric, which stand after the parameters.
bool asks_for_metric(const Expression& expression, std::size_t parameters) {
  return std::ranges::any_of(expression.uses(), [&](std::size_t i) { return i >= parameters; });
}

void read_constraints(const YamlNode& list, std::span<const ExpressionName> metrics,
                      SpaceReader& reader, std::vector<Expression>& metric_constraints) {
  std::vector<ExpressionName> known = expression_names(reader.space);
  const std::size_t parameters = known.size();
  known.insert(known.end(), metrics.begin(), metrics.end());
  for (const YamlNode& item : list.items) {
    if (item.is_null() || (item.is_scalar() && item.scalar.empty())) {
      reader.report(item, "a constraint is empty", "write a condition, such as `rows <= 64`");
      continue;
    }
    Expression expression = reader.condition(item, known);
    if (expression.empty()) continue;
    auto& home =
        asks_for_metric(expression, parameters) ? metric_constraints : reader.space.constraints;
    home.push_back(std::move(expression));
  }
}

}  // namespace

DesignSpace read_space(const YamlNode& map, std::span<const ExpressionName> metrics,
                       std::vector<Expression>& metric_constraints, Diagnostics& diagnostics) {
  SpaceReader reader(diagnostics);
  const YamlNode* parameters = map.find("parameters");
  if (parameters == nullptr || !parameters->is_map() || parameters->entries.empty()) {
    diagnostics.error(parameters == nullptr ? map.where : parameters->where,
                      "a space needs 'parameters': a map of names",
                      "such as rows: {path: ..., "
                      "powers_of_two: [8, 256]}");
    return {};
  }
  for (const YamlNode::Entry& entry : parameters->entries) reader.parameter(entry);
  if (const YamlNode* constraints = map.find("constraints")) {
    if (constraints->is_sequence()) {
      read_constraints(*constraints, metrics, reader, metric_constraints);
    } else {
      diagnostics.error(constraints->where, "a list of conditions is expected here");
    }
  }
  return std::move(reader.space);
}

}  // namespace sluice
