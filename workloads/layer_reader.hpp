// SPDX-License-Identifier: Apache-2.0
// Reads one layer of a network file: its operator's fields, epilogue and short forms, and checks
// them against the layers that make its operands. Not for users of the room; see load.hpp.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/yaml.hpp"
#include "workloads/formula.hpp"
#include "workloads/mistakes.hpp"
#include "workloads/network.hpp"
#include "workloads/shape.hpp"

namespace sluice {

/// Where a layer stands when its fields are read.
struct LayerContext {
  std::string name;                 ///< in full
  std::vector<Operand> operands;    ///< the stated inputs, or the layer before
  bool from_network_input = false;  ///< the first operand is the network's input, of unknown shape
  const FormulaScope* scope = nullptr;
};

/// A layer that was read: its operator and epilogue, and the shape of its output.
struct ReadLayer {
  Operator op;
  std::vector<ElementwiseKind> epilogue;
  Shape shape;
};

/// Reads the map of a layer; nothing after a mistake, which is reported.
std::optional<ReadLayer> read_layer(const YamlNode& item, const LayerContext& context,
                                    Mistakes& mistakes);

/// Checks only what does not depend on parameters: the operator's word and the keys. For layers
/// that are left out by `when`.
void check_layer_words(const YamlNode& item, Mistakes& mistakes);

}  // namespace sluice
