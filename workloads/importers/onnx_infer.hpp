// SPDX-License-Identifier: Apache-2.0
// The shape of every tensor of an ONNX model, and the numbers of the small integer tensors from
// which shapes are computed. What the nodes cost is the business of onnx_lower.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/diagnostics.hpp"
#include "workloads/importers/importers.hpp"
#include "workloads/importers/onnx_model.hpp"

namespace sluice {

using OnnxDims = std::vector<std::uint64_t>;

struct OnnxValue {
  OnnxDims dims;
  int type = 0;
  bool constant = false;  ///< made of initializers and constants alone
  std::optional<std::vector<std::int64_t>> integers;
  std::optional<double> real;
};

using OnnxValues = std::map<std::string, OnnxValue, std::less<>>;

/// A mistake in a node; whoever walks the nodes says which node it was.
struct OnnxNodeError {
  std::string message, hint = {};
};

[[noreturn]] void onnx_fail(std::string message, std::string hint = {});

/// `node 12 'Conv_12' (Conv)`.
std::string onnx_node_text(const OnnxNode& node);

inline constexpr std::uint64_t most_onnx_elements = std::uint64_t{1} << 56;

/// The product of `dims`. Throws OnnxNodeError beyond most_onnx_elements.
std::uint64_t onnx_elements(const OnnxDims& dims);

/// The integers of an attribute, or of the input that later operator sets have in its place.
std::optional<std::vector<std::int64_t>> onnx_integers(const OnnxNode& node,
                                                       const OnnxValues& values,
                                                       std::string_view attribute,
                                                       std::size_t input);
std::int64_t onnx_integer(const OnnxNode& node, std::string_view attribute, std::int64_t otherwise);

/// Strides, dilations and zeros around the image of a convolution or pooling node, two each.
struct OnnxWindow {
  std::vector<std::uint64_t> kernel, stride, dilation, before, after;
  bool ceil = false;
};
OnnxWindow onnx_window(const OnnxNode& node, const OnnxDims& image, const OnnxDims* weights);

/// The nodes in an order in which every node comes after those that it reads. Reports a cycle, a
/// tensor that nothing makes, and one that is made twice.
std::vector<const OnnxNode*> onnx_order(const OnnxModel& model, const std::string& path,
                                        Diagnostics& diagnostics);

/// What a node makes of its inputs, all of which are in `values`. Throws OnnxNodeError.
std::vector<OnnxValue> infer_onnx_node(const OnnxNode& node, const OnnxValues& values);

/// The values of `model` with its named dimensions set. Every mistake goes to `diagnostics`; what
/// follows from a mistake is left out.
OnnxValues infer_onnx(const OnnxModel& model, const std::vector<const OnnxNode*>& order,
                      const ImportSettings& settings, const std::string& path,
                      Diagnostics& diagnostics);

}  // namespace sluice
