// SPDX-License-Identifier: Apache-2.0
// Layers from ONNX nodes that multiply matrices, slide windows, look rows up, or reduce.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "workloads/importers/onnx_layers.hpp"
#include "workloads/importers/onnx_match.hpp"

namespace sluice {
namespace {

void conv(OnnxLayers& layers, const OnnxNode& node) {
  const OnnxDims &x = layers.graph.dims(node.inputs[0]), &w = layers.graph.dims(node.inputs[1]);
  const OnnxWindow window = onnx_window(node, x, &w);
  Conv2d c;
  c.batch = x[0], c.in_channels = x[1], c.in_height = x[2], c.in_width = x[3];
  c.out_channels = w[0], c.kernel_height = w[2], c.kernel_width = w[3];
  c.stride_height = window.stride[0], c.stride_width = window.stride[1];
  c.dilation_height = window.dilation[0], c.dilation_width = window.dilation[1];
  c.pad_top = window.before[0], c.pad_left = window.before[1];
  c.pad_bottom = window.after[0], c.pad_right = window.after[1];
  c.groups = static_cast<std::uint64_t>(onnx_integer(node, "group", 1));
  c.bias = layers.graph.is_constant(node, 2);
  if (!layers.graph.is_constant(node, 1))
    onnx_fail("its weights are computed, they must be in the file");
  onnx_not_empty(x);
  onnx_not_empty(w);
  layers.put(node, c, {node.inputs[0]}, node.outputs[0]);
}

Pool2d global_pool(const OnnxDims& x) {
  Pool2d p;
  p.batch = x[0], p.channels = x[1], p.in_height = x[2], p.in_width = x[3];
  p.kernel_height = x[2], p.kernel_width = x[3];
  return p;
}

void pool(OnnxLayers& layers, const OnnxNode& node) {
  const OnnxDims& x = layers.graph.dims(node.inputs[0]);
  onnx_not_empty(x);
  Pool2d p = global_pool(x);
  p.kind = node.type.ends_with("MaxPool") ? PoolKind::max : PoolKind::average;
  if (!node.type.starts_with("Global")) {
    const OnnxWindow w = onnx_window(node, x, nullptr);
    if (w.dilation != std::vector<std::uint64_t>{1, 1})
      onnx_fail("a dilated pooling is not supported");
    p.kernel_height = w.kernel[0], p.kernel_width = w.kernel[1];
    p.stride_height = w.stride[0], p.stride_width = w.stride[1];
    p.pad_top = w.before[0], p.pad_left = w.before[1];
    p.pad_bottom = w.after[0], p.pad_right = w.after[1];
    p.ceil_output = w.ceil;
    const OnnxDims& made = layers.graph.dims(node.outputs[0]);
    if (out_height(p) != made[2] || out_width(p) != made[3])
      onnx_fail("its last windows lie in the padding alone, which is not supported");
  }
  // A window of one element that steps by one is the identity.
  if (p.kernel_height * p.kernel_width == 1 && p.stride_height * p.stride_width == 1 &&
      layers.graph.dims(node.outputs[0]) == x)
    return layers.move(node);
  layers.put(node, p, {node.inputs[0]}, node.outputs[0]);
}

void gemm(OnnxLayers& layers, const OnnxNode& node) {
  const OnnxDims &x = layers.graph.dims(node.inputs[0]), &y = layers.graph.dims(node.outputs[0]);
  onnx_not_empty(x);
  onnx_not_empty(y);
  if (!layers.graph.is_constant(node, 1))
    onnx_fail("its second input is computed, it must be in the file");
  Linear l;
  l.rows = y[0], l.out_features = y[1], l.in_features = onnx_elements(x) / y[0];
  l.bias = layers.graph.is_constant(node, 2);
  l.tied = !layers.first_use(node.inputs[1]);
  layers.put(node, l, {node.inputs[0]}, node.outputs[0]);
}

/// batch x (m x k) times (k x n), the second operand in the file or computed.
void product(OnnxLayers& layers, const OnnxNode& node, const MatMul& m) {
  if (layers.graph.is_constant(node, 0))
    onnx_fail("its first input is in the file, the second one is expected to be");
  if (layers.graph.is_constant(node, 1)) {
    if (onnx_elements(layers.graph.dims(node.inputs[1])) != m.k * m.n)
      onnx_fail("a stack of weight matrices is not supported");
    Linear l;
    l.rows = m.batch * m.m, l.in_features = m.k, l.out_features = m.n;
    l.tied = !layers.first_use(node.inputs[1]);
    layers.put(node, l, {node.inputs[0]}, node.outputs[0]);
    return;
  }
  const auto a = layers.producers(node, node.inputs[0]), b = layers.producers(node, node.inputs[1]);
  if (a.size() != 1 || b.size() != 1)
    onnx_fail("one of its operands is joined of several layers, which is not supported");
  layers.put_after(node, m, {a[0], b[0]}, node.outputs[0]);
}

void matmul(OnnxLayers& layers, const OnnxNode& node) {
  const OnnxDims &a = layers.graph.dims(node.inputs[0]), &b = layers.graph.dims(node.inputs[1]);
  const OnnxDims& y = layers.graph.dims(node.outputs[0]);
  onnx_not_empty(a);
  onnx_not_empty(b);
  MatMul m;
  m.m = y[y.size() - 2], m.k = a.back(), m.n = y.back();
  m.batch = onnx_elements(y) / m.m / m.n;
  product(layers, node, m);
}

void einsum(OnnxLayers& layers, const OnnxNode& node) {
  const OnnxEinsum letters = onnx_einsum(node);
  const OnnxDims &a = layers.graph.dims(node.inputs[0]), &b = layers.graph.dims(node.inputs[1]);
  onnx_not_empty(a);
  onnx_not_empty(b);
  MatMul m;
  const auto in = [](const std::string& names, char letter) {
    return names.find(letter) != names.npos;
  };
  for (std::size_t i = 0; i < a.size(); ++i) {
    const bool other = in(letters.b, letters.a[i]), kept = in(letters.result, letters.a[i]);
    if (!other && !kept) onnx_fail("a sum over a rank of one operand is not supported");
    (kept ? (other ? m.batch : m.m) : m.k) *= a[i];
  }
  for (std::size_t i = 0; i < b.size(); ++i) {
    if (in(letters.a, letters.b[i])) continue;
    if (!in(letters.result, letters.b[i]))
      onnx_fail("a sum over a rank of one operand is not supported");
    m.n *= b[i];
  }
  product(layers, node, m);
}

void gather(OnnxLayers& layers, const OnnxNode& node) {
  if (!layers.graph.is_constant(node, 0)) return layers.move(node);
  const OnnxDims& table = layers.graph.dims(node.inputs[0]);
  if (table.size() != 2 || onnx_integer(node, "axis", 0) != 0)
    onnx_fail("only rows of a table of two dimensions are looked up");
  const std::uint64_t tokens = onnx_elements(layers.graph.dims(node.inputs[1]));
  if (tokens == 0 || onnx_elements(table) == 0) onnx_fail("nothing is looked up");
  const bool tied = !layers.first_use(node.inputs[0]);
  layers.put_after(node, Embedding{tokens, table[0], table[1], tied}, {}, node.outputs[0]);
}

/// A mean, sum or maximum over axes that lie side by side is a pooling; a sum counts as a mean.
void reduce(OnnxLayers& layers, const OnnxNode& node) {
  const OnnxDims &x = layers.graph.dims(node.inputs[0]), &y = layers.graph.dims(node.outputs[0]);
  onnx_not_empty(x);
  const auto axes = layers.graph.reduced_axes(node);
  if (axes.empty()) return layers.move(node);
  if (*axes.rbegin() - *axes.begin() + 1 != axes.size())
    onnx_fail("a reduction over axes that do not lie side by side is not supported");
  const auto at = [&](std::size_t i) { return x.begin() + static_cast<std::ptrdiff_t>(i); };
  const std::size_t first = *axes.begin(), behind = *axes.rbegin() + 1;
  Pool2d p;
  if (x.size() == 4 && first == 2 && behind == 4) {
    p = global_pool(x);
  } else {
    p.batch = onnx_elements({x.begin(), at(first)});
    p.in_height = p.kernel_height = onnx_elements({at(first), at(behind)});
    p.in_width = onnx_elements({at(behind), x.end()});
  }
  p.kind = node.type == "ReduceMax" ? PoolKind::max : PoolKind::average;
  if (onnx_elements(y) == onnx_elements(x)) return layers.move(node);
  layers.put(node, p, {node.inputs[0]}, node.outputs[0]);
}

void softmax(OnnxLayers& layers, const OnnxNode& node) {
  onnx_not_empty(layers.graph.dims(node.inputs[0]));
  const auto shape = onnx_softmax(layers.graph, node);
  if (!shape) onnx_fail("only a softmax over the last axis is supported");
  layers.put(node, *shape, {node.inputs[0]}, node.outputs[0]);
}

void norm(OnnxLayers& layers, const OnnxNode& node) {
  const OnnxDims& x = layers.graph.dims(node.inputs[0]);
  if (onnx_axis(onnx_integer(node, "axis", -1), x.size()) + 1 != x.size())
    onnx_fail("only a normalisation over the last axis is supported");
  onnx_not_empty(x);
  const bool layer = node.type == "LayerNormalization";
  if (!layers.graph.is_constant(node, 1) || (layer && !layers.graph.is_constant(node, 2)))
    onnx_fail("only a normalisation with trained numbers for every column is supported");
  layers.put(node,
             Norm{layer ? NormKind::layer : NormKind::rms, onnx_elements(x) / x.back(), x.back()},
             {node.inputs[0]}, node.outputs[0]);
}

}  // namespace

OnnxEinsum onnx_einsum(const OnnxNode& node) {
  const auto found = node.attributes.find("equation");
  std::string text;
  if (found != node.attributes.end()) text = found->second.text.value_or("");
  std::erase(text, ' ');
  const std::size_t comma = text.find(','), arrow = text.find("->");
  const auto letters = [](const std::string& names) {
    for (const char c : names)
      if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) || std::ranges::count(names, c) != 1)
        return false;
    return !names.empty();
  };
  if (comma != text.npos && arrow != text.npos && comma < arrow) {
    OnnxEinsum result{text.substr(0, comma), text.substr(comma + 1, arrow - comma - 1),
                      text.substr(arrow + 2)};
    const bool known = std::ranges::all_of(
        result.result, [&](char c) { return (result.a + result.b).find(c) != result.a.npos; });
    if (letters(result.a) && letters(result.b) && letters(result.result) && known) return result;
  }
  onnx_fail(fmt::format("the equation {} is not supported", quote(text)),
            "two operands of different letters each, and a result: bij,bjk->bik");
}

OnnxLowering onnx_product_lowering(std::string_view type) {
  static const std::map<std::string, OnnxLowering, std::less<>> table = {
      {"Conv", conv},
      {"Gemm", gemm},
      {"MatMul", matmul},
      {"Einsum", einsum},
      {"MaxPool", pool},
      {"AveragePool", pool},
      {"GlobalMaxPool", pool},
      {"GlobalAveragePool", pool},
      {"Gather", gather},
      {"ReduceMean", reduce},
      {"ReduceSum", reduce},
      {"ReduceMax", reduce},
      {"Softmax", softmax},
      {"LayerNormalization", norm},
      {"RMSNormalization", norm}};
  const auto found = table.find(type);
  return found == table.end() ? nullptr : found->second;
}

}  // namespace sluice
