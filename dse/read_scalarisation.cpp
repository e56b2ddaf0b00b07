// SPDX-License-Identifier: Apache-2.0
// Scalarisations as sweep files write them.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/read.hpp"
#include "dse/scalarisation.hpp"

namespace sluice {
namespace {

std::vector<std::string> names_of(std::span<const Objective> objectives) {
  std::vector<std::string> names;
  for (const Objective& objective : objectives)
    names.emplace_back(metrics()[objective.metric].name);
  return names;
}

/// `{latency_s: 1e-3, energy_j: 2e-3}`: a number above 0 for each objective. `usual` is that of
/// objectives which are not named; nothing: each must be.
std::vector<double> read_numbers(const YamlNode& node, std::string_view what,
                                 std::span<const Objective> objectives, std::optional<double> usual,
                                 Diagnostics& diagnostics) {
  std::vector<double> numbers(objectives.size(), usual.value_or(0));
  if (!node.is_map()) {
    diagnostics.error(node.where, fmt::format("{} are a map of objectives", what),
                      "such as {latency_s: 0.001}");
    return numbers;
  }
  const std::vector<std::string> names = names_of(objectives);
  std::vector<bool> named(names.size());
  for (const YamlNode::Entry& entry : node.entries) {
    const auto place = std::ranges::find(names, entry.key);
    if (place == names.end()) {
      diagnostics.error(entry.key_where, fmt::format("{} is no objective", quote(entry.key)),
                        suggestion(entry.key, names));
      continue;
    }
    const auto i = static_cast<std::size_t>(place - names.begin());
    named[i] = true;
    const std::size_t before = diagnostics.size();
    read_value(entry.value, numbers[i], {.name = entry.key}, diagnostics);
    if (diagnostics.size() == before && !(numbers[i] > 0))
      diagnostics.error(entry.value.where,
                        fmt::format("{} of {} must be above 0", what, entry.key));
  }
  for (std::size_t i = 0; i < names.size() && !usual; ++i)
    if (!named[i])
      diagnostics.error(
          node.where, fmt::format("there is no number for {} among the {}", quote(names[i]), what));
  return numbers;
}

bool has_targets(ScalarKind kind) {
  return kind == ScalarKind::target || kind == ScalarKind::chebyshev ||
         kind == ScalarKind::hypervolume_gain;
}

}  // namespace

Scalarisation read_scalarisation(const YamlNode& node, std::span<const Objective> objectives,
                                 Diagnostics& diagnostics) {
  Scalarisation scalarisation;
  FieldReader reader(node, diagnostics, "scalarisation");
  reader.required("kind", scalarisation.kind, {.doc = "how objectives become one number"});
  const YamlNode* weights = reader.take("weights");
  const YamlNode* targets = reader.take("targets");
  reader.finish();
  if (node.find("kind") == nullptr) return scalarisation;
  const auto refuse = [&](const YamlNode& given, std::string_view what) {
    diagnostics.error(given.where, fmt::format("{} has no {}", name_of(scalarisation.kind), what));
  };
  if (weights != nullptr && scalarisation.kind == ScalarKind::hypervolume_gain)
    refuse(*weights, "weights");
  else if (weights != nullptr)
    scalarisation.weights = read_numbers(*weights, "weights", objectives, 1.0, diagnostics);
  if (targets != nullptr && !has_targets(scalarisation.kind))
    refuse(*targets, "targets");
  else if (targets != nullptr)
    scalarisation.targets =
        read_numbers(*targets, "targets", objectives, std::nullopt, diagnostics);
  else if (has_targets(scalarisation.kind))
    diagnostics.error(node.where, fmt::format("{} needs targets", name_of(scalarisation.kind)),
                      "a number for each objective, such as targets: {latency_s: 0.001}");
  return scalarisation;
}

std::string to_text(const Scalarisation& scalarisation, std::span<const Objective> objectives) {
  std::string text(name_of(scalarisation.kind));
  const auto add = [&](std::string_view what, const std::vector<double>& numbers) {
    for (std::size_t i = 0; i < numbers.size(); ++i)
      text += fmt::format("{} {} {}", i == 0 ? fmt::format(", {}", what) : std::string(","),
                          metrics()[objectives[i].metric].name, numbers[i]);
  };
  add("weights", scalarisation.weights);
  add("targets", scalarisation.targets);
  return text;
}

}  // namespace sluice
