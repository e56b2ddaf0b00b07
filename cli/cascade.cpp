// SPDX-License-Identifier: Apache-2.0
// `sluice cascade` and `sluice evaluate`: what follows from cascades of Einsums, and whether they
// compute the same.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "arch/rounding.hpp"
#include "base/yaml.hpp"
#include "cli/commands.hpp"
#include "cli/streams.hpp"
#include "workloads/cascade/analysis.hpp"
#include "workloads/cascade/evaluate.hpp"
#include "workloads/cascade/load.hpp"

namespace sluice {
namespace {

std::vector<CascadeSetting> settings_of(const std::vector<Setting>& settings) {
  std::vector<CascadeSetting> result;
  for (const Setting& setting : settings) result.push_back({setting.path, setting.value});
  return result;
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
  const Cascade cascade = load_cascade(arguments.file, settings_of(arguments.settings));
  if (arguments.format == "yaml")
    write_output(to_text(cascade));
  else if (arguments.format == "dot")
    write_output(to_dot(cascade));
  else
    write_output(to_table(cascade, facts_of(cascade)));
  return exit_done;
}

int evaluate_command(const EvaluateArguments& arguments) {
  CascadeEvaluation options;
  if (arguments.format)
    options.round = [format = *arguments.format](double value) { return round_to(format, value); };
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
