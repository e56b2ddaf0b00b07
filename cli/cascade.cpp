// SPDX-License-Identifier: Apache-2.0
// `sluice cascade`: what follows from a cascade of Einsums.
#include "base/files.hpp"
#include "base/yaml.hpp"
#include "cli/commands.hpp"
#include "cli/input.hpp"
#include "cli/layers.hpp"
#include "cli/streams.hpp"
#include "workloads/cascade/analysis.hpp"
#include "workloads/cascade/load.hpp"

namespace sluice {
namespace {

std::vector<CascadeSetting> settings_of(const std::vector<Setting>& settings) {
  std::vector<CascadeSetting> result;
  for (const Setting& setting : settings) result.push_back({setting.path, setting.value});
  return result;
}

Cascade lower_network(const YamlNode& file, const CascadeArguments& arguments) {
  const ChosenLayers chosen = choose_layers(file, arguments.settings, arguments.layer);
  LoweringOptions options;
  options.attention = arguments.attention.value_or(options.attention);
  options.convolution = arguments.convolution.value_or(options.convolution);
  if (arguments.convolution) check_convolution(chosen, options.convolution);
  return lower(chosen.network, chosen.range, options);
}

Cascade read_cascade(const CascadeArguments& arguments) {
  const YamlNode file = load_yaml(arguments.file);
  if (find_kind(file) == FileKind::network) return lower_network(file, arguments);
  Diagnostics diagnostics;
  if (arguments.layer) diagnostics.error({.path = "--layer"}, "only a network has layers");
  if (arguments.attention)
    diagnostics.error({.path = "--attention"}, "it chooses how layers of a network are lowered",
                      "the cascades of attention are files: configs/cascades/attention_*.yaml");
  if (arguments.convolution)
    diagnostics.error({.path = "--conv"}, "it chooses how layers of a network are lowered",
                      "the cascades of convolutions are files: configs/cascades/conv2d*.yaml");
  diagnostics.throw_if_any();
  return read_cascade(file, {}, settings_of(arguments.settings));
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
  if (!arguments.html) return exit_done;
  write_file_atomic(*arguments.html, to_page(cascade, facts_of(cascade)));
  const std::string path = "wrote " + *arguments.html + "\n";
  if (arguments.format == "text")
    write_output(path);
  else
    write_error(path);
  return exit_done;
}

}  // namespace sluice
