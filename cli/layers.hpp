// SPDX-License-Identifier: Apache-2.0
// Layers of a network that a command lowers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/yaml.hpp"
#include "cli/arguments.hpp"
#include "workloads/lowering.hpp"

namespace sluice {

struct ChosenLayers {
  Network network;
  LayerRange range;

  bool any(const auto& holds) const {
    for (std::size_t i = range.first; i <= range.last; ++i)
      if (holds(network.layers[i].op)) return true;
    return false;
  }
};

/// Those that --layer names; all of the network without it. Throws SpecError.
ChosenLayers choose_layers(const YamlNode& file, const std::vector<Setting>& settings,
                           const std::optional<std::string>& layer);

/// Throws SpecError when none of the layers can be computed so.
void check_convolution(const ChosenLayers& chosen, ConvolutionCascade how);

}  // namespace sluice
