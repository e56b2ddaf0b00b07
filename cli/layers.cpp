// SPDX-License-Identifier: Apache-2.0
#include "cli/layers.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "workloads/load.hpp"

namespace sluice {
namespace {

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

}  // namespace

ChosenLayers choose_layers(const YamlNode& file, const std::vector<Setting>& settings,
                           const std::optional<std::string>& layer) {
  const YamlNode workload = workload_of(settings);
  ChosenLayers chosen{read_network(file, &workload), {}};
  chosen.range = layer ? find_layers(chosen.network, *layer, "--layer")
                       : LayerRange{0, chosen.network.layers.size() - 1};
  return chosen;
}

void check_convolution(const ChosenLayers& chosen, ConvolutionCascade how) {
  if (chosen.any([&](const Operator& op) { return can_lower(op, how); })) return;
  throw SpecError(
      {{{.path = "--conv"},
        fmt::format("none of these layers can be computed by {}", name_of(how)),
        how == ConvolutionCascade::winograd
            ? "winograd is for filters of 3 x 3 with stride 1, without dilation and groups"
            : "it is for conv2d and depthwise_conv2d"}});
}

}  // namespace sluice
