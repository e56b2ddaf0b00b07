// SPDX-License-Identifier: Apache-2.0
// Layers from the nodes of an ONNX model whose shapes are known. docs/onnx.md says what becomes
// what; a node that has no counterpart is a mistake and is never left out.
#pragma once

#include <string>
#include <vector>

#include "workloads/importers/onnx_infer.hpp"

namespace sluice {

/// The layers of the nodes in `order`. Every mistake goes to `diagnostics`.
std::vector<Layer> lower_onnx(const OnnxModel& model, const std::vector<const OnnxNode*>& order,
                              const OnnxValues& values, const std::string& path,
                              Diagnostics& diagnostics);

}  // namespace sluice
