// SPDX-License-Identifier: Apache-2.0
// `sluice cascade` and `sluice evaluate`: what follows from cascades of Einsums, and whether they
// compute the same.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>

#include "arch/rounding.hpp"
#include "base/yaml.hpp"
#include "cli/commands.hpp"
#include "cli/input.hpp"
#include "cli/streams.hpp"
#include "workloads/cascade/analysis.hpp"
#include "workloads/cascade/evaluate.hpp"
#include "workloads/cascade/load.hpp"
#include "workloads/load.hpp"
#include "workloads/lowering.hpp"

namespace sluice {
namespace {

std::vector<CascadeSetting> settings_of(const std::vector<Setting>& settings) {
  std::vector<CascadeSetting> result;
  for (const Setting& setting : settings) result.push_back({setting.path, setting.value});
  return result;
}

/// The settings as the `workload:` of a run file would hold them.
YamlNode workload_of(const std::vector<Setting>& settings) {
  YamlNode workload;
  workload.kind = YamlNode::Kind::map;
  for (const Setting& setting : settings) {
    YamlNode value;
    value.kind = YamlNode::Kind::scalar;
    value.scalar = setting.value;
    value.where.path = "--set";
    std::erase_if(workload.entries, [&](const auto& entry) { return entry.key == setting.path; });
    workload.entries.push_back({setting.path, value.where, value});
  }
  return workload;
}

Cascade lower_network(const YamlNode& file, const CascadeArguments& arguments) {
  const YamlNode workload = workload_of(arguments.settings);
  const Network network = read_network(file, &workload);
  const LayerRange range = arguments.layer ? find_layers(network, *arguments.layer, "--layer")
                                           : LayerRange{0, network.layers.size() - 1};
  LoweringOptions options;
  options.attention = arguments.attention.value_or(options.attention);
  return lower(network, range, options);
}

Cascade read_cascade(const CascadeArguments& arguments) {
  const YamlNode file = load_yaml(arguments.file);
  if (find_kind(file) == FileKind::network) return lower_network(file, arguments);
  Diagnostics diagnostics;
  if (arguments.layer) diagnostics.error({.path = "--layer"}, "only a network has layers");
  if (arguments.attention)
    diagnostics.error({.path = "--attention"}, "it chooses how layers of a network are lowered",
                      "the cascades of attention are files: configs/cascades/attention_*.yaml");
  diagnostics.throw_if_any();
  return read_cascade(file, {}, settings_of(arguments.settings));
}

/// The names of the parameters of each file.
std::vector<std::set<std::string>> parameters_of(const std::vector<std::string>& files) {
  std::vector<std::set<std::string>> result;
  for (const std::string& file : files) {
    const YamlNode root = load_yaml(file);
    std::set<std::string>& names = result.emplace_back();
    if (const YamlNode* parameters = root.find("parameters"))
      for (const YamlNode::Entry& entry : parameters->entries) names.insert(entry.key);
  }
  return result;
}

/// The cascades of the files, each with the settings of its own parameters and those that no file
/// has, which are mistakes.
std::vector<Cascade> load_cascades(const EvaluateArguments& arguments) {
  const auto parameters = parameters_of(arguments.files);
  std::vector<Cascade> result;
  for (std::size_t i = 0; i < arguments.files.size(); ++i) {
    std::vector<CascadeSetting> settings;
    for (const Setting& setting : arguments.settings) {
      const auto has = [&](const std::set<std::string>& names) {
        return names.contains(setting.path);
      };
      if (has(parameters[i]) || std::ranges::none_of(parameters, has))
        settings.push_back({setting.path, setting.value});
    }
    result.push_back(load_cascade(arguments.files[i], settings));
  }
  return result;
}

}  // namespace

int cascade_command(const CascadeArguments& arguments) {
  const Cascade cascade = read_cascade(arguments);
  if (arguments.format == "yaml")
    write_output(to_text(cascade));
  else if (arguments.format == "dot")
    write_output(to_dot(cascade));
  else if (arguments.format == "svg")
    write_output(to_svg(cascade, facts_of(cascade)));
  else if (arguments.format == "json")
    write_output(to_json(cascade, facts_of(cascade)));
  else
    write_output(to_table(cascade, facts_of(cascade)));
  return exit_done;
}

int evaluate_command(const EvaluateArguments& arguments) {
  const auto rounding = [](std::optional<NumberFormat> format) {
    std::function<double(double)> round;
    if (format) round = [f = *format](double value) { return round_to(f, value); };
    return round;
  };
  const CascadeEvaluation options{.round = rounding(arguments.format),
                                  .round_sum = rounding(arguments.accumulator)};
  const std::vector<Cascade> cascades = load_cascades(arguments);
  const Cascade& first = cascades.front();
  std::string text;
  for (std::size_t i = 1; i < cascades.size(); ++i) {
    const Cascade& other = cascades[i];
    text += fmt::format("{} and {}\n", first.name, other.name);
    for (const OutputDifference& d : compare_cascades(first, other, arguments.seed, options))
      text +=
          fmt::format("  {}: {} elements, largest difference {:.3g} absolute, {:.3g} relative\n",
                      d.tensor, d.elements, d.absolute, d.relative);
  }
  write_output(text);
  return exit_done;
}

}  // namespace sluice
