// SPDX-License-Identifier: Apache-2.0
// Layer and RMS norms that are written out in single operations.
#include "workloads/importers/onnx_match.hpp"

namespace sluice {
namespace {

bool is_square_of(const OnnxGraph& graph, const OnnxNode& node) {
  return node.inputs.size() == 2 && (node.type == "Mul" ? node.inputs[0] == node.inputs[1]
                                                        : graph.is_number(node.inputs[1], 2));
}

/// A mean over the last axis, which stays as one element.
const OnnxNode* back_to_mean(const OnnxGraph& graph, OnnxWalk& walk, const std::string& name) {
  const OnnxNode* mean = walk.back(name, "ReduceMean");
  if (mean == nullptr) return nullptr;
  const OnnxDims &x = graph.dims(mean->inputs[0]), &y = graph.dims(mean->outputs[0]);
  OnnxDims expected = x;
  if (!expected.empty()) expected.back() = 1;
  // Axes of one element beside the last are no matter.
  const bool last = !x.empty() && x.back() > 1 && y == expected;
  return last ? mean : nullptr;
}

/// Of a Sub(x, mean of x): x.
std::optional<std::string> back_to_centred(const OnnxGraph& graph, OnnxWalk& walk,
                                           const std::string& name) {
  const OnnxNode* minus = walk.back(name, "Sub");
  const OnnxNode* mean = minus ? back_to_mean(graph, walk, minus->inputs[1]) : nullptr;
  if (mean == nullptr || mean->inputs[0] != minus->inputs[0]) return std::nullopt;
  return minus->inputs[0];
}

/// Whether `name` is the difference `centred` of x, or the same written once more.
bool is_again(const OnnxGraph& graph, OnnxWalk& walk, const std::string& name,
              const std::string& centred) {
  if (name == centred) return true;
  const OnnxNode *a = graph.maker(name), *b = graph.maker(centred);
  if (!a || !b || a->type != "Sub" || b->type != "Sub" || a->inputs != b->inputs) return false;
  walk.pass(a);
  return true;
}

/// The node that gives `numerator` / the root that `root` makes (or its reciprocal, `inverse`).
const OnnxNode* forward_to_quotient(const OnnxGraph& graph, OnnxWalk& walk, const OnnxNode& root,
                                    const std::string& numerator) {
  const bool inverse = root.type == "Pow" && graph.is_number(root.inputs[1], -0.5);
  const OnnxNode* factor = inverse ? &root : walk.forward(root, "Reciprocal");
  if (factor == nullptr) {
    const OnnxNode* division = walk.forward(root, "Div");
    if (division == nullptr || division->inputs.size() != 2) return nullptr;
    if (graph.is_number(division->inputs[0], 1))
      factor = division;
    else
      return is_again(graph, walk, division->inputs[0], numerator) ? division : nullptr;
  }
  const OnnxNode* times = walk.forward(*factor, "Mul");
  if (times == nullptr || times->inputs.size() != 2) return nullptr;
  return is_again(graph, walk, times->inputs[0], numerator) ||
                 is_again(graph, walk, times->inputs[1], numerator)
             ? times
             : nullptr;
}

/// A product with, or a sum with, one trained number a column.
const OnnxNode* forward_to_trained(const OnnxGraph& graph, OnnxWalk& walk, const OnnxNode& node,
                                   std::string_view type, std::uint64_t columns) {
  const OnnxNode* next = walk.forward(node, type);
  if (next == nullptr || next->inputs.size() != 2) return nullptr;
  for (const std::string& name : next->inputs) {
    const OnnxValue& v = graph.value(name);
    if (v.trained && onnx_elements(v.dims) == columns && v.dims.back() == columns) return next;
  }
  return nullptr;
}

}  // namespace

std::optional<OnnxMatch> match_norm(const OnnxGraph& graph, const OnnxNode& root) {
  const bool power = root.type == "Pow" && (graph.is_number(root.inputs[1], 0.5) ||
                                            graph.is_number(root.inputs[1], -0.5));
  if (root.type != "Sqrt" && !power) return std::nullopt;
  OnnxWalk walk(graph);
  walk.pass(&root);
  const OnnxNode* plus = walk.back(root.inputs[0], "Add");
  if (plus == nullptr || plus->inputs.size() != 2) return std::nullopt;
  const bool first = graph.number(plus->inputs[0]).has_value();
  if (!first && !graph.number(plus->inputs[1])) return std::nullopt;
  const OnnxNode* mean = back_to_mean(graph, walk, plus->inputs[first ? 1 : 0]);
  if (mean == nullptr) return std::nullopt;
  const OnnxNode* square = walk.back(mean->inputs[0], "Pow");
  if (square == nullptr) square = walk.back(mean->inputs[0], "Mul");
  if (square == nullptr || !is_square_of(graph, *square)) return std::nullopt;
  const std::string squared = square->inputs[0];
  OnnxWalk layer_walk = walk;
  const auto centred = back_to_centred(graph, layer_walk, squared);
  if (centred) walk = layer_walk;
  const OnnxNode* quotient = forward_to_quotient(graph, walk, root, squared);
  if (quotient == nullptr) return std::nullopt;
  const std::string x = centred.value_or(squared);
  const std::uint64_t columns = graph.dims(x).back();
  const OnnxNode* last = forward_to_trained(graph, walk, *quotient, "Mul", columns);
  if (last != nullptr && centred) last = forward_to_trained(graph, walk, *last, "Add", columns);
  if (last == nullptr) return std::nullopt;
  const Norm norm{centred ? NormKind::layer : NormKind::rms, onnx_elements(graph.dims(x)) / columns,
                  columns};
  return walk.match(last, Operator(norm), {x});
}

}  // namespace sluice
