// SPDX-License-Identifier: Apache-2.0
// `sluice cascade` and `sluice evaluate`: what follows from cascades of Einsums, and whether they
// compute the same.
#include <fmt/format.h>

#include <algorithm>

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

bool has_parameter(const std::string& file, const std::string& name) {
  const YamlNode root = load_yaml(file);
  const YamlNode* parameters = root.find("parameters");
  return parameters != nullptr && parameters->find(name) != nullptr;
}

/// The settings that are for `file`: those of its parameters, and those that no file has.
std::vector<CascadeSetting> settings_for(const std::string& file,
                                         const EvaluateArguments& arguments) {
  std::vector<CascadeSetting> result;
  for (const Setting& setting : arguments.settings) {
    const bool known = std::ranges::any_of(arguments.files, [&](const std::string& other) {
      return has_parameter(other, setting.path);
    });
    if (!known || has_parameter(file, setting.path))
      result.push_back({setting.path, setting.value});
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
  const Cascade first =
      load_cascade(arguments.files[0], settings_for(arguments.files[0], arguments));
  std::string text;
  for (std::size_t i = 1; i < arguments.files.size(); ++i) {
    const Cascade other =
        load_cascade(arguments.files[i], settings_for(arguments.files[i], arguments));
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
