// SPDX-License-Identifier: Apache-2.0
// Activations and rotary embeddings that are written out in single operations.
#include <cmath>
#include <numbers>

#include "workloads/importers/onnx_match.hpp"

namespace sluice {
namespace {

/// Of y = x / sqrt 2: x.
std::optional<std::string> erf_argument(const OnnxGraph& graph, OnnxWalk& walk,
                                        const std::string& y) {
  if (const OnnxNode* node = walk.back(y, "Div"); node && node->inputs.size() == 2)
    return graph.is_number(node->inputs[1], std::numbers::sqrt2) ? std::optional(node->inputs[0])
                                                                 : std::nullopt;
  const OnnxNode* node = walk.back(y, "Mul");
  if (node == nullptr || node->inputs.size() != 2) return std::nullopt;
  for (const std::size_t i : {0u, 1u})
    if (graph.is_number(node->inputs[i], std::numbers::sqrt2 / 2)) return node->inputs[1 - i];
  return std::nullopt;
}

/// Whether `name` is x^3: a power, or x times x^2.
bool is_cube(const OnnxGraph& graph, OnnxWalk& walk, const std::string& name,
             const std::string& x) {
  if (const OnnxNode* power = walk.back(name, "Pow"))
    return power->inputs[0] == x && graph.is_number(power->inputs[1], 3);
  const OnnxNode* times = walk.back(name, "Mul");
  if (times == nullptr || times->inputs.size() != 2) return false;
  if (times->inputs[0] != x && times->inputs[1] != x) return false;
  const OnnxNode* square = walk.back(onnx_other(*times, x), "Mul");
  return square != nullptr && square->inputs == std::vector{x, x};
}

/// Of y = sqrt(2 / pi) (x + 0.044715 x^3): x.
std::optional<std::string> tanh_argument(const OnnxGraph& graph, OnnxWalk& walk,
                                         const std::string& y) {
  const OnnxNode* scaled = walk.back(y, "Mul");
  if (scaled == nullptr || scaled->inputs.size() != 2) return std::nullopt;
  const bool first = graph.is_number(scaled->inputs[0], std::sqrt(2 / std::numbers::pi));
  if (!first && !graph.is_number(scaled->inputs[1], std::sqrt(2 / std::numbers::pi)))
    return std::nullopt;
  const OnnxNode* plus = walk.back(scaled->inputs[first ? 1 : 0], "Add");
  if (plus == nullptr || plus->inputs.size() != 2) return std::nullopt;
  for (const std::size_t i : {0u, 1u}) {
    const std::string& x = plus->inputs[i];
    OnnxWalk cubic = walk;
    const OnnxNode* times = cubic.back(plus->inputs[1 - i], "Mul");
    if (times == nullptr || times->inputs.size() != 2) continue;
    const bool left = graph.is_number(times->inputs[0], 0.044715);
    if (!left && !graph.is_number(times->inputs[1], 0.044715)) continue;
    if (!is_cube(graph, cubic, times->inputs[left ? 1 : 0], x)) continue;
    walk = cubic;
    return x;
  }
  return std::nullopt;
}

/// The product of `factor` with x that one of its readers is.
const OnnxNode* forward_times(OnnxWalk& walk, const OnnxNode& factor, const std::string& x) {
  const OnnxNode* times = walk.forward(factor, "Mul");
  const bool ours = times != nullptr && times->inputs.size() == 2 &&
                    (times->inputs[0] == x || times->inputs[1] == x);
  return ours ? times : nullptr;
}

/// 0.5 x (1 + f), in any order of its factors (Hendrycks & Gimpel 2016, sec. 2).
const OnnxNode* forward_gelu(const OnnxGraph& graph, OnnxWalk& walk, const OnnxNode& function,
                             const std::string& x) {
  const OnnxNode* plus = walk.forward(function, "Add", 1);
  if (plus == nullptr) return nullptr;
  const auto halved = [&](const OnnxNode& node) {
    const OnnxNode* half = walk.forward(node, "Mul", 0.5);
    return half != nullptr ? half : walk.forward(node, "Div", 2);
  };
  if (const OnnxNode* half = halved(*plus)) return forward_times(walk, *half, x);
  const OnnxNode* times = walk.forward(*plus, "Mul");
  if (times == nullptr || times->inputs.size() != 2) return nullptr;
  if (times->inputs[0] == x || times->inputs[1] == x) return halved(*times);
  for (const std::string& name : times->inputs) {  // (0.5 x) (1 + f)
    const OnnxNode* node = graph.maker(name);
    if (node == nullptr || node->type != "Mul" || node->inputs.size() != 2) continue;
    for (const std::size_t i : {0u, 1u})
      if (node->inputs[1 - i] == x && graph.is_number(node->inputs[i], 0.5)) {
        walk.pass(node);
        return times;
      }
  }
  return nullptr;
}

/// The node that divides what `node` makes by 6.
const OnnxNode* forward_sixth(OnnxWalk& walk, const OnnxNode& node) {
  const OnnxNode* sixth = walk.forward(node, "Div", 6);
  return sixth != nullptr ? sixth : walk.forward(node, "Mul", 1.0 / 6);
}

/// min(max(x + 3, 0), 6) / 6, and x times that, in any order (Howard et al. 2019, sec. 5.2).
std::optional<OnnxMatch> match_clip(const OnnxGraph& graph, OnnxWalk walk, const OnnxNode& clip) {
  const OnnxNode* plus = onnx_is_relu6(graph, clip) ? walk.back(clip.inputs[0], "Add") : nullptr;
  if (plus == nullptr || plus->inputs.size() != 2) return std::nullopt;
  const bool first = graph.is_number(plus->inputs[0], 3);
  if (!first && !graph.is_number(plus->inputs[1], 3)) return std::nullopt;
  const std::string& x = plus->inputs[first ? 1 : 0];
  OnnxWalk gate = walk;
  if (const OnnxNode* sixth = forward_sixth(gate, clip)) {
    OnnxWalk swish = gate;
    if (const OnnxNode* times = forward_times(swish, *sixth, x))
      return swish.match(times, ElementwiseKind::hard_swish, {x});
    return gate.match(sixth, ElementwiseKind::hard_sigmoid, {x});
  }
  const OnnxNode* times = forward_times(walk, clip, x);
  const OnnxNode* sixth = times ? forward_sixth(walk, *times) : nullptr;
  if (sixth == nullptr) return std::nullopt;
  return walk.match(sixth, ElementwiseKind::hard_swish, {x});
}

}  // namespace

std::optional<OnnxMatch> match_activation(const OnnxGraph& graph, const OnnxNode& function) {
  OnnxWalk walk(graph);
  walk.pass(&function);
  if (function.type == "Sigmoid") {
    const std::string& argument = function.inputs[0];
    const OnnxNode* times = forward_times(walk, function, argument);
    if (times == nullptr) return std::nullopt;
    return walk.match(times, ElementwiseKind::silu, {argument});
  }
  if (function.type == "HardSigmoid" && onnx_is_hard_sigmoid(function)) {
    const OnnxNode* times = forward_times(walk, function, function.inputs[0]);
    if (times == nullptr) return std::nullopt;
    return walk.match(times, ElementwiseKind::hard_swish, {function.inputs[0]});
  }
  if (function.type == "Clip") return match_clip(graph, walk, function);
  std::optional<std::string> x;
  if (function.type == "Erf") x = erf_argument(graph, walk, function.inputs[0]);
  if (function.type == "Tanh") x = tanh_argument(graph, walk, function.inputs[0]);
  const OnnxNode* last = x ? forward_gelu(graph, walk, function, *x) : nullptr;
  if (last == nullptr) return std::nullopt;
  return walk.match(last, ElementwiseKind::gelu, {*x});
}

std::optional<OnnxMatch> match_rope(const OnnxGraph& graph, const OnnxNode& negation) {
  if (negation.type != "Neg") return std::nullopt;
  OnnxWalk walk(graph);
  walk.pass(&negation);
  const auto half_of = [&](const std::string& name) -> std::string {
    const OnnxNode* part = walk.back(name, "Slice");
    if (part == nullptr) part = walk.back(name, "Split");
    if (part == nullptr) return {};
    const OnnxDims &whole = graph.dims(part->inputs[0]), &half = graph.dims(name);
    return half.back() * 2 == whole.back() ? part->inputs[0] : std::string();
  };
  const std::string x = half_of(negation.inputs[0]);
  const OnnxNode* joined = walk.forward(negation, "Concat");
  if (x.empty() || joined == nullptr || joined->inputs.size() != 2) return std::nullopt;
  if (joined->inputs[0] != negation.outputs[0] || half_of(joined->inputs[1]) != x)
    return std::nullopt;
  const OnnxNode* sine = walk.forward(*joined, "Mul");
  const OnnxNode* sum = sine ? walk.forward(*sine, "Add") : nullptr;
  if (sum == nullptr || sum->inputs.size() != 2) return std::nullopt;
  const OnnxNode* cosine = walk.back(onnx_other(*sum, sine->outputs[0]), "Mul");
  if (cosine == nullptr || (cosine->inputs[0] != x && cosine->inputs[1] != x)) return std::nullopt;
  return walk.match(sum, ElementwiseKind::rope, {x});
}

}  // namespace sluice
