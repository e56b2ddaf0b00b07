// SPDX-License-Identifier: Apache-2.0
// `sluice evaluate`: whether cascades, or the forms that layers of a network may have, compute the
// same.
#include "workloads/cascade/evaluate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>

#include "arch/rounding.hpp"
#include "base/yaml.hpp"
#include "cli/commands.hpp"
#include "cli/input.hpp"
#include "cli/layers.hpp"
#include "cli/streams.hpp"
#include "workloads/cascade/load.hpp"

namespace sluice {
namespace {

/// The names of the parameters of each file.
std::vector<std::set<std::string>> parameters_of(const std::vector<YamlNode>& files) {
  std::vector<std::set<std::string>> result;
  for (const YamlNode& root : files) {
    std::set<std::string>& names = result.emplace_back();
    if (const YamlNode* parameters = root.find("parameters"))
      for (const YamlNode::Entry& entry : parameters->entries) names.insert(entry.key);
  }
  return result;
}

/// The cascades of the files, each with the settings of its own parameters and those that no file
/// has, which are mistakes.
std::vector<Cascade> read_cascades(const std::vector<YamlNode>& files,
                                   const EvaluateArguments& arguments) {
  const auto parameters = parameters_of(files);
  std::vector<Cascade> result;
  for (std::size_t i = 0; i < files.size(); ++i) {
    std::vector<CascadeSetting> settings;
    for (const Setting& setting : arguments.settings) {
      const auto has = [&](const std::set<std::string>& names) {
        return names.contains(setting.path);
      };
      if (has(parameters[i]) || std::ranges::none_of(parameters, has))
        settings.push_back({setting.path, setting.value});
    }
    result.push_back(read_cascade(files[i], {}, settings));
  }
  return result;
}

struct Form {
  std::string name;
  Cascade cascade;
};

/// The forms of layers, the usual one first, others in one respect only.
std::vector<Form> forms_of(const ChosenLayers& chosen) {
  const LoweringOptions usual;
  std::vector<Form> forms = {{"the usual form", lower(chosen.network, chosen.range, usual)}};
  const auto has = [&](const auto& holds) { return chosen.any(holds); };
  if (has([](const Operator& op) { return std::holds_alternative<Attention>(op); }))
    for (const auto& [name, value] : EnumNames<AttentionCascade>::table) {
      LoweringOptions options;
      options.attention = value;
      if (value != usual.attention)
        forms.push_back(
            {fmt::format("attention {}", name), lower(chosen.network, chosen.range, options)});
    }
  for (const auto& [name, value] : EnumNames<ConvolutionCascade>::table) {
    LoweringOptions options;
    options.convolution = value;
    if (value != usual.convolution &&
        has([how = value](const Operator& op) { return can_lower(op, how); }))
      forms.push_back(
          {fmt::format("convolution {}", name), lower(chosen.network, chosen.range, options)});
  }
  return forms;
}

std::string lines_of(const std::vector<OutputDifference>& differences) {
  std::string text;
  for (const OutputDifference& d : differences)
    text += fmt::format("  {}: {} elements, largest difference {:.3g} absolute, {:.3g} relative\n",
                        d.tensor, d.elements, d.absolute, d.relative);
  return text;
}

std::string compare_files(const std::vector<YamlNode>& files, const EvaluateArguments& arguments,
                          const CascadeEvaluation& options) {
  if (arguments.layer) throw SpecError({{{.path = "--layer"}, "only a network has layers", ""}});
  const std::vector<Cascade> cascades = read_cascades(files, arguments);
  const Cascade& first = cascades.front();
  std::string text;
  for (std::size_t i = 1; i < cascades.size(); ++i)
    text += fmt::format("{} and {}\n", first.name, cascades[i].name) +
            lines_of(compare_cascades(first, cascades[i], arguments.seed, options));
  return text;
}

std::string compare_forms(const YamlNode& file, const EvaluateArguments& arguments,
                          const CascadeEvaluation& options) {
  const ChosenLayers chosen = choose_layers(file, arguments.settings, arguments.layer);
  const std::vector<Form> forms = forms_of(chosen);
  const bool rounds = options.round || options.round_sum;
  if (forms.size() == 1 && !rounds)
    throw SpecError({{{.path = file.where.path},
                      "these layers have one form only, which nothing can be compared with",
                      "attention and convolutions have several; --format compares with double"}});
  std::string text;
  for (std::size_t i = rounds ? 0 : 1; i < forms.size(); ++i)
    text += (rounds ? fmt::format("{}, rounded, and {} in double\n", forms[i].name, forms[0].name)
                    : fmt::format("{} and {}\n", forms[0].name, forms[i].name)) +
            lines_of(compare_cascades(forms[0].cascade, forms[i].cascade, arguments.seed, options,
                                      CascadeEvaluation{}));
  return text;
}

}  // namespace

int evaluate_command(const EvaluateArguments& arguments) {
  const auto rounding = [](std::optional<NumberFormat> format) {
    std::function<double(double)> round;
    if (format) round = [f = *format](double value) { return round_to(f, value); };
    return round;
  };
  const CascadeEvaluation options{.round = rounding(arguments.format),
                                  .round_sum = rounding(arguments.accumulator)};
  std::vector<YamlNode> files;
  for (const std::string& file : arguments.files) files.push_back(load_yaml(file));
  const auto is_network = [](const YamlNode& file) { return find_kind(file) == FileKind::network; };
  const auto network = std::ranges::find_if(files, is_network);
  if (network != files.end() && files.size() > 1)
    throw SpecError({{{.path = network->where.path},
                      "a network stands alone: forms of its layers are compared",
                      "sluice cascade NETWORK --layer N --format yaml writes one as a cascade"}});
  if (network == files.end() && files.size() == 1)
    throw SpecError({{{.path = "sluice evaluate"},
                      "a second FILE is missing: cascades are compared with each other",
                      ""}});
  write_output(network != files.end() ? compare_forms(*network, arguments, options)
                                      : compare_files(files, arguments, options));
  return exit_done;
}

}  // namespace sluice
