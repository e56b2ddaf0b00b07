// SPDX-License-Identifier: Apache-2.0
#include "workloads/importers/onnx_lower.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace sluice {
namespace {

/// Who made a value: layers, of which a value that is joined has several.
struct Source {
  std::vector<std::string> layers;
  bool alone = false;  ///< nobody else has read it on the way, and none of it was left out
};

class Lowering {
 public:
  Lowering(const OnnxModel& model, const std::vector<const OnnxNode*>& order,
           const OnnxValues& values, const std::string& path, Diagnostics& diagnostics)
      : order_(order), values_(values), path_(path), diagnostics_(diagnostics) {
    for (const OnnxNode* node : order)
      for (const std::string& input : node->inputs) readers_[input].push_back(node);
    for (const OnnxValueInfo& output : model.outputs) readers_[output.name].push_back(nullptr);
    for (const OnnxValueInfo& input : model.inputs)
      if (!model.initializers.contains(input.name))
        sources_[input.name] = {{std::string(network_input)}, false};
  }

  std::vector<Layer> lower() {
    for (const OnnxNode* node : order_) {
      if (!is_known(*node) || is_constant(*node) || absorbed_.contains(node)) continue;
      try {
        lower(*node);
      } catch (const OnnxNodeError& wrong) {
        diagnostics_.error({.path = path_}, onnx_node_text(*node) + ": " + wrong.message,
                           wrong.hint);
      }
    }
    return std::move(layers_);
  }

 private:
  /// Whether every shape is known; otherwise there is a mistake already.
  bool is_known(const OnnxNode& node) const {
    const auto known = [&](const std::string& name) {
      return name.empty() || values_.contains(name);
    };
    return std::ranges::all_of(node.inputs, known) && !node.outputs.empty() &&
           values_.contains(node.outputs[0]);
  }
  bool is_constant(const OnnxNode& node) const { return value(node.outputs[0]).constant; }
  const OnnxValue& value(const std::string& name) const { return values_.find(name)->second; }
  const OnnxDims& dims(const std::string& name) const { return value(name).dims; }
  bool is_trained(const OnnxNode& node, std::size_t i) const {
    return i < node.inputs.size() && !node.inputs[i].empty() && value(node.inputs[i]).constant;
  }
  std::optional<double> scalar(const OnnxNode& node, std::size_t i) const {
    if (!is_trained(node, i) || onnx_elements(dims(node.inputs[i])) != 1) return std::nullopt;
    const OnnxValue& v = value(node.inputs[i]);
    if (v.integers) return static_cast<double>(v.integers->front());
    return v.real.value_or(std::nan(""));
  }
  const Source& source(const std::string& name) const {
    static const Source none;
    const auto found = sources_.find(name);
    return found == sources_.end() ? none : found->second;
  }
  const OnnxNode* only_reader(const std::string& name) const {
    const auto found = readers_.find(name);
    return found != readers_.end() && found->second.size() == 1 ? found->second[0] : nullptr;
  }

  void lower(const OnnxNode& node) {
    static const std::map<std::string, void (Lowering::*)(const OnnxNode&), std::less<>> table = {
        {"Conv", &Lowering::conv},
        {"Gemm", &Lowering::gemm},
        {"MatMul", &Lowering::matmul},
        {"MaxPool", &Lowering::pool},
        {"AveragePool", &Lowering::pool},
        {"GlobalAveragePool", &Lowering::pool},
        {"BatchNormalization", &Lowering::batch_norm},
        {"LayerNormalization", &Lowering::norm},
        {"Softmax", &Lowering::softmax},
        {"Add", &Lowering::add},
        {"Sum", &Lowering::add},
        {"Mul", &Lowering::multiply},
        {"Div", &Lowering::divide},
        {"Gather", &Lowering::gather},
        {"ReduceMean", &Lowering::mean},
        {"Clip", &Lowering::clip}};
    static const std::map<std::string, ElementwiseKind, std::less<>> unary = {
        {"Relu", ElementwiseKind::relu},
        {"Sigmoid", ElementwiseKind::sigmoid},
        {"Tanh", ElementwiseKind::tanh},
        {"Exp", ElementwiseKind::exp},
        {"Gelu", ElementwiseKind::gelu}};
    static const std::set<std::string, std::less<>> moves = {
        "Flatten", "Reshape", "Transpose", "Squeeze", "Unsqueeze", "Concat", "Split",
        "Slice",   "Expand",  "Identity",  "Dropout", "Cast",      "Pad"};
    if (const auto found = table.find(node.type); found != table.end())
      (this->*found->second)(node);
    else if (const auto kind = unary.find(node.type); kind != unary.end())
      apply(node, kind->second, node.outputs[0]);
    else if (moves.contains(node.type))
      move(node);
    else
      none(node);
  }
  [[noreturn]] void none(const OnnxNode&) const {
    onnx_fail("networks of sluice have no such operator", "docs/onnx.md lists what becomes what");
  }

  /// Adds a layer that makes `output` of the inputs of the node in `operands`.
  void put(const OnnxNode& node, Operator op, const std::vector<std::string>& operands,
           const std::string& output) {
    Layer layer{fresh(node), std::move(op), {}, {}};
    for (const std::string& operand : operands)
      for (const std::string& from : source(operand).layers) layer.inputs.push_back(from);
    add_layer(std::move(layer), output);
  }
  void add_layer(Layer layer, const std::string& output) {
    if (layer.inputs.empty()) layer.inputs.emplace_back(network_input);
    if (const auto what = overflow(layer))
      onnx_fail(fmt::format("its number of {} is too large to count", *what));
    sources_[output] = {{layer.name}, true};
    layers_.push_back(std::move(layer));
  }
  std::string fresh(const OnnxNode& node) {
    std::string name = node.name.empty() ? fmt::format("{}_{}", node.type, node.index) : node.name;
    for (char& c : name)
      if (c <= ' ' || c >= 127 || c == '|' || c == '"') c = '_';
    while (name.starts_with('/')) name.erase(0, 1);
    if (name.empty() || name == network_input) name += '_';
    std::string unique = name;
    for (std::size_t copy = 2; !names_.insert(unique).second; ++copy)
      unique = fmt::format("{}_{}", name, copy);
    return unique;
  }

  /// The layer that makes `name`, when nobody else reads what it makes: it may be given more to do
  /// to its output.
  Layer* layer_of(const std::string& name) {
    const Source& from = source(name);
    if (!from.alone || from.layers.size() != 1 || only_reader(name) == nullptr) return nullptr;
    for (Layer& layer : layers_)
      if (layer.name == from.layers[0]) return &layer;
    return nullptr;
  }
  /// One operation on each element of the first input.
  void apply(const OnnxNode& node, ElementwiseKind kind, const std::string& output,
             std::size_t input = 0) {
    const std::string& name = node.inputs[input];
    positive(dims(name));
    if (Layer* layer = layer_of(name)) {
      layer->epilogue.push_back(kind);
      sources_[output] = {{layer->name}, true};
      return;
    }
    put(node, Elementwise{kind, onnx_elements(dims(output)), 0}, {name}, output);
  }

  void move(const OnnxNode& node) {
    Source joined{{}, true};
    std::uint64_t elements = 0;
    for (const std::string& input : node.inputs) {
      if (input.empty() || value(input).constant) continue;
      const Source& from = source(input);
      for (const std::string& layer : from.layers)
        if (std::ranges::find(joined.layers, layer) == joined.layers.end())
          joined.layers.push_back(layer);
      joined.alone = joined.alone && from.alone && only_reader(input) != nullptr;
      elements += onnx_elements(dims(input));
    }
    const bool whole = node.outputs.size() == 1 && joined.layers.size() == 1 &&
                       elements == onnx_elements(dims(node.outputs[0]));
    joined.alone = joined.alone && whole;
    // A trained part that is joined (a class token) is read like a table of one row.
    if (node.type == "Concat")
      for (std::size_t i = 0; i < node.inputs.size(); ++i)
        if (is_trained(node, i)) joined.layers.push_back(trained(node, node.inputs[i]));
    for (const std::string& output : node.outputs) sources_[output] = joined;
  }
  /// A layer that reads every row of a trained tensor once; its name.
  std::string trained(const OnnxNode& node, const std::string& name) {
    const OnnxDims& shape = dims(name);
    const std::uint64_t width = shape.empty() ? 1 : std::max<std::uint64_t>(1, shape.back());
    const std::uint64_t rows = std::max<std::uint64_t>(1, onnx_elements(shape) / width);
    OnnxNode table = node;
    table.name = name;
    Layer layer{
        fresh(table), Embedding{rows, rows, width, false}, {}, {std::string(network_input)}};
    const std::string made = layer.name;
    add_layer(std::move(layer), name);
    return made;
  }

  void conv(const OnnxNode& node) {
    const OnnxDims &x = dims(node.inputs[0]), &w = dims(node.inputs[1]);
    const OnnxWindow window = onnx_window(node, x, &w);
    Conv2d c;
    c.batch = x[0], c.in_channels = x[1], c.in_height = x[2], c.in_width = x[3];
    c.out_channels = w[0], c.kernel_height = w[2], c.kernel_width = w[3];
    c.stride_height = window.stride[0], c.stride_width = window.stride[1];
    c.dilation_height = window.dilation[0], c.dilation_width = window.dilation[1];
    c.pad_top = window.before[0], c.pad_left = window.before[1];
    c.pad_bottom = window.after[0], c.pad_right = window.after[1];
    c.groups = static_cast<std::uint64_t>(onnx_integer(node, "group", 1));
    c.bias = is_trained(node, 2);
    if (!is_trained(node, 1)) onnx_fail("its weights are computed, they must be in the file");
    positive(x);
    positive(w);
    put(node, c, {node.inputs[0]}, node.outputs[0]);
  }
  static void positive(const OnnxDims& shape) {
    if (onnx_elements(shape) == 0)
      onnx_fail(fmt::format("its input [{}] is empty", fmt::join(shape, ", ")));
  }
  void pool(const OnnxNode& node) {
    const OnnxDims& x = dims(node.inputs[0]);
    positive(x);
    Pool2d p;
    p.kind = node.type == "MaxPool" ? PoolKind::max : PoolKind::average;
    p.batch = x[0], p.channels = x[1], p.in_height = x[2], p.in_width = x[3];
    p.kernel_height = x[2], p.kernel_width = x[3];
    if (node.type != "GlobalAveragePool") {
      const OnnxWindow w = onnx_window(node, x, nullptr);
      if (w.dilation != std::vector<std::uint64_t>{1, 1})
        onnx_fail("a dilated pooling is not supported");
      p.kernel_height = w.kernel[0], p.kernel_width = w.kernel[1];
      p.stride_height = w.stride[0], p.stride_width = w.stride[1];
      p.pad_top = w.before[0], p.pad_left = w.before[1];
      p.pad_bottom = w.after[0], p.pad_right = w.after[1];
      p.ceil_output = w.ceil;
      const OnnxDims& made = dims(node.outputs[0]);
      if (out_height(p) != made[2] || out_width(p) != made[3])
        onnx_fail("its last windows lie in the padding alone, which is not supported");
    }
    // A window of one element that steps by one is the identity.
    if (p.kernel_height * p.kernel_width == 1 && p.stride_height * p.stride_width == 1 &&
        dims(node.outputs[0]) == x)
      return move(node);
    put(node, p, {node.inputs[0]}, node.outputs[0]);
  }
  void gemm(const OnnxNode& node) {
    const OnnxDims &x = dims(node.inputs[0]), &y = dims(node.outputs[0]);
    positive(x);
    positive(y);
    if (!is_trained(node, 1)) onnx_fail("its second input is computed, it must be in the file");
    Linear l;
    l.rows = y[0], l.out_features = y[1], l.in_features = onnx_elements(x) / y[0];
    l.bias = is_trained(node, 2);
    put(node, l, {node.inputs[0]}, node.outputs[0]);
  }
  void matmul(const OnnxNode& node) {
    const OnnxDims &a = dims(node.inputs[0]), &b = dims(node.inputs[1]);
    positive(a);
    positive(b);
    const OnnxDims& y = dims(node.outputs[0]);
    if (is_trained(node, 0))
      onnx_fail("its first input is in the file, the second one is expected to be");
    if (is_trained(node, 1) && onnx_elements(b) == a.back() * b.back()) {
      Linear l;
      l.rows = onnx_elements(a) / a.back(), l.in_features = a.back(), l.out_features = b.back();
      return put(node, l, {node.inputs[0]}, node.outputs[0]);
    }
    if (is_trained(node, 1)) onnx_fail("a stack of weight matrices is not supported");
    MatMul m;
    m.m = y[y.size() - 2], m.k = a.back(), m.n = y.back();
    m.batch = onnx_elements(y) / m.m / m.n;
    if (source(node.inputs[0]).layers.size() != 1 || source(node.inputs[1]).layers.size() != 1)
      onnx_fail("one of its operands is joined of several layers, which is not supported");
    put(node, m, {node.inputs[0], node.inputs[1]}, node.outputs[0]);
  }
  void batch_norm(const OnnxNode& node) {
    const OnnxDims& x = dims(node.inputs[0]);
    Layer* layer = layer_of(node.inputs[0]);
    if (layer != nullptr && x.size() > 1 && output_channels(layer->op) == x[1])
      return apply(node, ElementwiseKind::batch_norm, node.outputs[0]);
    if (x.size() < 2) onnx_fail("it has no channels");
    positive(x);
    put(node, Elementwise{ElementwiseKind::batch_norm, onnx_elements(x), x[1]}, {node.inputs[0]},
        node.outputs[0]);
  }
  void norm(const OnnxNode& node) {
    const OnnxDims& x = dims(node.inputs[0]);
    const std::int64_t axis = onnx_integer(node, "axis", -1);
    if (x.empty() || (axis != -1 && axis != static_cast<std::int64_t>(x.size()) - 1))
      onnx_fail("only a normalisation over the last axis is supported");
    positive(x);
    put(node, Norm{NormKind::layer, onnx_elements(x) / x.back(), x.back()}, {node.inputs[0]},
        node.outputs[0]);
  }
  void softmax(const OnnxNode& node) {
    const OnnxDims& x = dims(node.inputs[0]);
    positive(x);
    const std::int64_t axis = onnx_integer(node, "axis", static_cast<std::int64_t>(x.size()) - 1);
    if (x.empty() || (axis != -1 && axis != static_cast<std::int64_t>(x.size()) - 1))
      onnx_fail("only a softmax over the last axis is supported");
    put(node, Softmax{onnx_elements(x) / x.back(), x.back()}, {node.inputs[0]}, node.outputs[0]);
  }

  /// A bias that is added behind a product, the layer's own from then on.
  bool add_bias(const OnnxNode& node, std::size_t at) {
    Layer* layer = layer_of(node.inputs[1 - at]);
    auto* linear = layer == nullptr ? nullptr : std::get_if<Linear>(&layer->op);
    if (linear == nullptr || linear->bias || !layer->epilogue.empty()) return false;
    if (onnx_elements(dims(node.inputs[at])) != linear->out_features ||
        dims(node.outputs[0]).back() != linear->out_features)
      return false;
    linear->bias = true;
    sources_[node.outputs[0]] = {{layer->name}, true};
    return true;
  }
  /// A scale or shift of channels right behind a batch norm becomes a part of its own.
  bool add_affine(const OnnxNode& node, std::size_t at) {
    const OnnxDims &x = dims(node.inputs[1 - at]), &trained = dims(node.inputs[at]);
    Layer* layer = layer_of(node.inputs[1 - at]);
    if (layer == nullptr || x.size() != 4 || x != dims(node.outputs[0])) return false;
    if (trained.size() < 3 || trained[trained.size() - 3] != x[1] || onnx_elements(trained) != x[1])
      return false;
    const auto* own = std::get_if<Elementwise>(&layer->op);
    const bool normed = layer->epilogue.empty()
                            ? own != nullptr && own->kind == ElementwiseKind::batch_norm
                            : layer->epilogue.back() == ElementwiseKind::batch_norm;
    if (normed) sources_[node.outputs[0]] = {{layer->name}, true};
    return normed;
  }
  /// add or multiply; a trained operand becomes a layer that reads it.
  void binary(const OnnxNode& node, ElementwiseKind kind) {
    std::vector<std::string> operands;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      if (is_trained(node, i)) {
        operands.push_back(trained(node, node.inputs[i]));
        continue;
      }
      for (const std::string& layer : source(node.inputs[i]).layers) operands.push_back(layer);
    }
    positive(dims(node.outputs[0]));
    add_layer(
        {fresh(node), Elementwise{kind, onnx_elements(dims(node.outputs[0])), 0}, {}, operands},
        node.outputs[0]);
  }
  void add(const OnnxNode& node) {
    if (node.inputs.size() != 2) onnx_fail("only a sum of two is supported");
    for (const std::size_t i : {0u, 1u}) {
      if (scalar(node, i)) onnx_fail("adding one number to all has no counterpart");
      if (is_trained(node, i) && (add_bias(node, i) || add_affine(node, i))) return;
    }
    binary(node, ElementwiseKind::add);
  }
  void multiply(const OnnxNode& node) {
    for (const std::size_t i : {0u, 1u})
      if (scalar(node, i)) return apply(node, ElementwiseKind::scale, node.outputs[0], 1 - i);
    for (const std::size_t i : {0u, 1u})
      if (is_trained(node, i) && add_affine(node, i)) return;
    binary(node, ElementwiseKind::multiply);
  }
  /// x / 2^(1/2) -> Erf -> + 1 -> times x -> times 1/2 is GELU (Hendrycks & Gimpel 2016).
  void divide(const OnnxNode& node) {
    const auto by = scalar(node, 1);
    if (!by) none(node);
    if (!gelu(node, *by)) apply(node, ElementwiseKind::scale, node.outputs[0]);
  }
  bool gelu(const OnnxNode& root, double by) {
    const OnnxNode* erf = only_reader(root.outputs[0]);
    if (erf == nullptr || erf->type != "Erf" || std::abs(by - std::sqrt(2.0)) > 1e-3) return false;
    const OnnxNode* plus = only_reader(erf->outputs[0]);
    if (plus == nullptr || plus->type != "Add" || !holds(*plus, 1)) return false;
    const OnnxNode* times = only_reader(plus->outputs[0]);
    if (times == nullptr || times->type != "Mul" || times->inputs.size() != 2) return false;
    const OnnxNode* half = only_reader(times->outputs[0]);
    if (half == nullptr || half->type != "Mul" || !holds(*half, 0.5)) return false;
    const std::string& x = root.inputs[0];
    const auto readers = readers_.find(x);
    if (times->inputs[0] != x && times->inputs[1] != x) return false;
    for (const OnnxNode* node : {erf, plus, times, half}) absorbed_.insert(node);
    const bool ours = readers->second.size() == 2;
    if (ours) readers->second.pop_back();  // both readers of x are this GELU
    apply(root, ElementwiseKind::gelu, half->outputs[0]);
    return true;
  }
  bool holds(const OnnxNode& node, double number) const {
    return scalar(node, 0) == number || scalar(node, 1) == number;
  }

  void gather(const OnnxNode& node) {
    if (!is_trained(node, 0)) return move(node);
    const OnnxDims& table = dims(node.inputs[0]);
    if (table.size() != 2 || onnx_integer(node, "axis", 0) != 0)
      onnx_fail("only rows of a table of two dimensions are looked up");
    const std::uint64_t tokens = onnx_elements(dims(node.inputs[1]));
    if (tokens == 0 || onnx_elements(table) == 0) onnx_fail("nothing is looked up");
    put(node, Embedding{tokens, table[0], table[1], false}, {}, node.outputs[0]);
  }
  /// The mean over all pixels is an average pooling.
  void mean(const OnnxNode& node) {
    const OnnxDims &x = dims(node.inputs[0]), &y = dims(node.outputs[0]);
    if (x.size() != 4 || y.size() < 2 || y[0] != x[0] || y[1] != x[1] ||
        onnx_elements(y) != x[0] * x[1])
      none(node);
    positive(x);
    Pool2d p;
    p.kind = PoolKind::average;
    p.batch = x[0], p.channels = x[1];
    p.in_height = p.kernel_height = x[2], p.in_width = p.kernel_width = x[3];
    put(node, p, {node.inputs[0]}, node.outputs[0]);
  }
  void clip(const OnnxNode& node) {
    const auto bound = [&](std::string_view name, std::size_t input) -> std::optional<double> {
      const auto given = node.attributes.find(name);
      if (given != node.attributes.end() && given->second.real) return *given->second.real;
      return scalar(node, input);
    };
    if (bound("min", 1) != 0.0 || bound("max", 2) != 6.0)
      onnx_fail("only a clip to 0 .. 6 (ReLU6) is supported");
    apply(node, ElementwiseKind::relu6, node.outputs[0]);
  }

  const std::vector<const OnnxNode*>& order_;
  const OnnxValues& values_;
  const std::string& path_;
  Diagnostics& diagnostics_;
  std::map<std::string, std::vector<const OnnxNode*>, std::less<>> readers_;
  std::map<std::string, Source, std::less<>> sources_;
  std::set<const OnnxNode*> absorbed_;
  std::set<std::string> names_;
  std::vector<Layer> layers_;
};

}  // namespace

std::vector<Layer> lower_onnx(const OnnxModel& model, const std::vector<const OnnxNode*>& order,
                              const OnnxValues& values, const std::string& path,
                              Diagnostics& diagnostics) {
  return Lowering(model, order, values, path, diagnostics).lower();
}

}  // namespace sluice
