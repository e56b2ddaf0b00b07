// SPDX-License-Identifier: Apache-2.0
// Layers from ONNX nodes that work element by element.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "workloads/importers/onnx_layers.hpp"
#include "workloads/importers/onnx_match.hpp"

namespace sluice {
namespace {

/// x^y = e^(y ln x), the logarithm like an exponential; a root or a reciprocal, too.
const std::vector<ElementwiseKind> raised = {ElementwiseKind::exp, ElementwiseKind::scale,
                                             ElementwiseKind::exp};

void root(OnnxLayers& layers, const OnnxNode& node) {
  layers.apply(node, raised, node.inputs[0], node.outputs[0]);
}

/// min(max(a x + b, 0), 1), of another slope than hard_sigmoid has: as many operations.
void hard_sigmoid(OnnxLayers& layers, const OnnxNode& node) {
  std::vector<ElementwiseKind> kinds = {ElementwiseKind::scale, ElementwiseKind::scale,
                                        ElementwiseKind::relu6};
  if (onnx_is_hard_sigmoid(node)) kinds = {ElementwiseKind::hard_sigmoid};
  layers.apply(node, kinds, node.inputs[0], node.outputs[0]);
}

void unary(OnnxLayers& layers, const OnnxNode& node) {
  static const std::map<std::string, ElementwiseKind, std::less<>> kinds = {
      {"Relu", ElementwiseKind::relu}, {"Sigmoid", ElementwiseKind::sigmoid},
      {"Tanh", ElementwiseKind::tanh}, {"Exp", ElementwiseKind::exp},
      {"Gelu", ElementwiseKind::gelu}, {"HardSwish", ElementwiseKind::hard_swish},
      {"Neg", ElementwiseKind::scale}};
  layers.apply(node, {kinds.at(node.type)}, node.inputs[0], node.outputs[0]);
}

void clip(OnnxLayers& layers, const OnnxNode& node) {
  if (!onnx_is_relu6(layers.graph, node)) onnx_fail("only a clip to 0 .. 6 (ReLU6) is supported");
  layers.apply(node, {ElementwiseKind::relu6}, node.inputs[0], node.outputs[0]);
}

void batch_norm(OnnxLayers& layers, const OnnxNode& node) {
  const OnnxDims& x = layers.graph.dims(node.inputs[0]);
  const Layer* layer = layers.layer_of(node.inputs[0]);
  if (layer != nullptr && x.size() > 1 && output_channels(layer->op) == x[1])
    return layers.apply(node, {ElementwiseKind::batch_norm}, node.inputs[0], node.outputs[0]);
  if (x.size() < 2) onnx_fail("it has no channels");
  onnx_not_empty(x);
  layers.put(node, Elementwise{ElementwiseKind::batch_norm, onnx_elements(x), x[1]},
             {node.inputs[0]}, node.outputs[0]);
}

/// A bias that is added behind a product, the layer's own from then on.
bool add_bias(OnnxLayers& layers, const OnnxNode& node, std::size_t at) {
  Layer* layer = layers.layer_of(node.inputs[1 - at]);
  auto* linear = layer == nullptr ? nullptr : std::get_if<Linear>(&layer->op);
  if (linear == nullptr || linear->bias || !layer->epilogue.empty()) return false;
  if (onnx_elements(layers.graph.dims(node.inputs[at])) != linear->out_features ||
      layers.graph.dims(node.outputs[0]).back() != linear->out_features)
    return false;
  linear->bias = true;
  layers.take_over(*layer, node.outputs[0]);
  return true;
}

/// A scale or shift of channels right behind a batch norm becomes a part of its own.
bool add_affine(OnnxLayers& layers, const OnnxNode& node, std::size_t at) {
  const OnnxDims& x = layers.graph.dims(node.inputs[1 - at]);
  const OnnxDims& trained = layers.graph.dims(node.inputs[at]);
  const Layer* layer = layers.layer_of(node.inputs[1 - at]);
  if (layer == nullptr || x.size() != 4 || x != layers.graph.dims(node.outputs[0])) return false;
  if (trained.size() < 3 || trained[trained.size() - 3] != x[1] || onnx_elements(trained) != x[1])
    return false;
  const auto* own = std::get_if<Elementwise>(&layer->op);
  const bool normed = layer->epilogue.empty()
                          ? own != nullptr && own->kind == ElementwiseKind::batch_norm
                          : layer->epilogue.back() == ElementwiseKind::batch_norm;
  if (normed) layers.take_over(*layer, node.outputs[0]);
  return normed;
}

void two(const OnnxNode& node) {
  if (node.inputs.size() != 2)
    onnx_fail(fmt::format("it has {} operands, only two are supported", node.inputs.size()));
}

void binary(OnnxLayers& layers, const OnnxNode& node, ElementwiseKind kind) {
  const OnnxDims& made = layers.graph.dims(node.outputs[0]);
  onnx_not_empty(made);
  layers.put(node, Elementwise{kind, onnx_elements(made), 0}, node.inputs, node.outputs[0]);
}

/// The one number that is an operand, by its place.
std::optional<std::size_t> number_at(const OnnxLayers& layers, const OnnxNode& node) {
  for (const std::size_t i : {1u, 0u})
    if (layers.graph.number(node.inputs[i])) return i;
  return std::nullopt;
}

void add(OnnxLayers& layers, const OnnxNode& node) {
  two(node);
  const auto number = number_at(layers, node);
  for (const std::size_t i : {0u, 1u})
    if (layers.graph.value(node.inputs[i]).trained && !number &&
        (add_bias(layers, node, i) || add_affine(layers, node, i)))
      return;
  if (number)
    return layers.apply(node, {ElementwiseKind::scale}, node.inputs[1 - *number], node.outputs[0]);
  binary(layers, node, ElementwiseKind::add);
}

void subtract(OnnxLayers& layers, const OnnxNode& node) {
  two(node);
  if (const auto number = number_at(layers, node))
    return layers.apply(node, {ElementwiseKind::scale}, node.inputs[1 - *number], node.outputs[0]);
  binary(layers, node, ElementwiseKind::add);  // which costs the same
}

void multiply(OnnxLayers& layers, const OnnxNode& node) {
  two(node);
  if (const auto number = number_at(layers, node))
    return layers.apply(node, {ElementwiseKind::scale}, node.inputs[1 - *number], node.outputs[0]);
  for (const std::size_t i : {0u, 1u})
    if (layers.graph.is_constant(node, i) && add_affine(layers, node, i)) return;
  binary(layers, node, ElementwiseKind::multiply);
}

void divide(OnnxLayers& layers, const OnnxNode& node) {
  two(node);
  const auto number = number_at(layers, node);
  if (number == 1u)
    return layers.apply(node, {ElementwiseKind::scale}, node.inputs[0], node.outputs[0]);
  if (number == 0u) return layers.apply(node, raised, node.inputs[1], node.outputs[0]);
  const OnnxDims &made = layers.graph.dims(node.outputs[0]),
                 &by = layers.graph.dims(node.inputs[1]);
  onnx_not_empty(made);
  std::vector<std::string> operands = layers.producers(node, node.inputs[0]);
  operands.push_back(layers.put(node, Elementwise{raised[0], onnx_elements(by), 0},
                                {node.inputs[1]}, node.outputs[0], "reciprocal"));
  layers.last().epilogue.assign(raised.begin() + 1, raised.end());
  layers.put_after(node, Elementwise{ElementwiseKind::multiply, onnx_elements(made), 0}, operands,
                   node.outputs[0]);
}

void power(OnnxLayers& layers, const OnnxNode& node) {
  two(node);
  const auto exponent = layers.graph.number(node.inputs[1]);
  if (!exponent) onnx_fail("only powers that are one number are supported");
  if (*exponent == 2) {
    onnx_not_empty(layers.graph.dims(node.inputs[0]));
    const std::uint64_t elements = onnx_elements(layers.graph.dims(node.outputs[0]));
    layers.put(node, Elementwise{ElementwiseKind::multiply, elements, 0},
               {node.inputs[0], node.inputs[0]}, node.outputs[0]);
    return;
  }
  layers.apply(node, raised, node.inputs[0], node.outputs[0]);
}

/// Where(mask, x, number): elements that a mask hides become one number.
void where(OnnxLayers& layers, const OnnxNode& node) {
  const OnnxValue& mask = layers.graph.value(node.inputs[0]);
  if (!mask.control && !mask.constant) onnx_fail("its condition is computed from activations");
  for (const std::size_t i : {1u, 2u})
    if (layers.graph.number(node.inputs[i]) &&
        layers.graph.dims(node.inputs[3 - i]) == layers.graph.dims(node.outputs[0]))
      return layers.apply(node, {ElementwiseKind::scale}, node.inputs[3 - i], node.outputs[0]);
  onnx_fail("only a choice between a tensor and one number is supported");
}

/// x / (k + alpha * (sum of the squares of `size` channels))^beta (Krizhevsky et al. 2012,
/// sec. 3.3): squares, their sums as a pooling over channels, the power, and a division.
void local_response_norm(OnnxLayers& layers, const OnnxNode& node) {
  const std::string &x = node.inputs[0], &y = node.outputs[0];
  const OnnxDims& dims = layers.graph.dims(x);
  onnx_not_empty(dims);
  const std::int64_t size = onnx_integer(node, "size", 0);
  if (dims.size() < 2 || size < 1 || static_cast<std::uint64_t>(size) > 2 * dims[1])
    onnx_fail(fmt::format("a window of {} channels over [{}]", size, fmt::join(dims, ", ")));
  const std::uint64_t count = onnx_elements(dims);
  const std::string square =
      layers.put(node, Elementwise{ElementwiseKind::multiply, count, 0}, {x, x}, y, "square");
  Pool2d window;
  window.kind = PoolKind::average;
  window.batch = dims[0], window.in_height = dims[1];
  window.in_width = count / dims[0] / dims[1];
  window.kernel_height = static_cast<std::uint64_t>(size);
  window.pad_top = (window.kernel_height - 1) / 2;
  window.pad_bottom = window.kernel_height / 2;
  const std::string sums = layers.put_after(node, window, {square}, y, "window");
  layers.last().epilogue = {ElementwiseKind::scale};
  layers.last().epilogue.insert(layers.last().epilogue.end(), raised.begin(), raised.end());
  std::vector<std::string> operands = layers.producers(node, x);
  operands.push_back(sums);
  layers.put_after(node, Elementwise{ElementwiseKind::multiply, count, 0}, operands, y);
}

}  // namespace

OnnxLowering onnx_element_lowering(std::string_view type) {
  static const std::map<std::string, OnnxLowering, std::less<>> table = {
      {"Relu", unary},
      {"Sigmoid", unary},
      {"Tanh", unary},
      {"Exp", unary},
      {"Gelu", unary},
      {"HardSwish", unary},
      {"HardSigmoid", hard_sigmoid},
      {"Sqrt", root},
      {"Reciprocal", root},
      {"Neg", unary},
      {"Clip", clip},
      {"Add", add},
      {"Sum", add},
      {"Sub", subtract},
      {"Mul", multiply},
      {"Div", divide},
      {"Pow", power},
      {"Where", where},
      {"LRN", local_response_norm},
      {"BatchNormalization", batch_norm}};
  const auto found = table.find(type);
  return found == table.end() ? nullptr : found->second;
}

}  // namespace sluice
