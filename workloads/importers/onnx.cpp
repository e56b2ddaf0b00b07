// SPDX-License-Identifier: Apache-2.0
// Models in the Open Neural Network Exchange format: bytes to model, model to shapes, shapes to
// layers. See docs/onnx.md.
#include <fmt/format.h>

#include "base/files.hpp"
#include "workloads/importers/importers.hpp"
#include "workloads/importers/onnx_infer.hpp"
#include "workloads/importers/onnx_lower.hpp"

namespace sluice::importers {

Network import_onnx(std::string_view text, const std::string& path,
                    const ImportSettings& settings) {
  const OnnxModel model = read_onnx_model(text, path);
  Diagnostics diagnostics;
  const auto order = onnx_order(model, path, diagnostics);
  diagnostics.throw_if_any();
  const OnnxValues values = infer_onnx(model, order, settings, path, diagnostics);
  Network network;
  const std::string file = file_name(path);
  network.name = file.substr(0, file.rfind('.'));
  if (network.name.empty()) network.name = "model";
  network.source = fmt::format("ONNX model {}", file);
  network.layers = lower_onnx(model, order, values, path, diagnostics);
  if (diagnostics.empty() && network.layers.empty())
    diagnostics.error({.path = path}, "the model computes nothing");
  diagnostics.throw_if_any();
  return network;
}

Descriptor describe_import_onnx() {
  return {"onnx",
          "layers from a model (.onnx), of whose weights only the shapes count",
          "onnx/onnx.proto of the ONNX project, IR version 3 and later",
          {{"*", "integer", "", "", "1..999999999",
            "any dimension that the model leaves open, by its name"}}};
}

}  // namespace sluice::importers
