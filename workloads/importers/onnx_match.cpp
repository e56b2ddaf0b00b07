// SPDX-License-Identifier: Apache-2.0
#include "workloads/importers/onnx_match.hpp"

#include <algorithm>
#include <cmath>

namespace sluice {
namespace {

bool is_transparent(const OnnxNode& node) {
  return node.type == "Cast" || node.type == "Identity" || node.type == "Dropout";
}

/// Whether nobody outside of the group reads what passes inside, and no other group has a part.
bool is_apart(const OnnxGraph& graph, const OnnxMatch& match, const OnnxMatches& others) {
  const std::set<const OnnxNode*> inside(match.nodes.begin(), match.nodes.end());
  for (const OnnxNode* node : inside) {
    if (others.nodes.contains(node) || !graph.is_known(*node)) return false;
    if (node == match.nodes.back()) continue;
    for (const std::string& output : node->outputs)
      for (const OnnxNode* reader : graph.readers(output))
        if (!inside.contains(reader)) return false;
  }
  return true;
}

}  // namespace

const std::string& onnx_other(const OnnxNode& node, const std::string& name) {
  return node.inputs[0] == name ? node.inputs[1] : node.inputs[0];
}

const OnnxNode* OnnxWalk::back(const std::string& name, std::string_view type) {
  std::vector<const OnnxNode*> passed;
  const OnnxNode* node = graph_->maker(name);
  while (node != nullptr && node->type != type && is_transparent(*node) && !node->inputs.empty()) {
    passed.push_back(node);
    node = graph_->maker(node->inputs[0]);
  }
  if (node == nullptr || node->type != type || !graph_->is_known(*node)) return nullptr;
  passed.push_back(node);
  nodes_.insert(nodes_.end(), passed.begin(), passed.end());
  return node;
}

const OnnxNode* OnnxWalk::forward(const OnnxNode& node, std::string_view type) {
  std::vector<const OnnxNode*> passed;
  const OnnxNode* next = graph_->only_reader(node.outputs[0]);
  while (next != nullptr && next->type != type && is_transparent(*next) && !next->outputs.empty()) {
    passed.push_back(next);
    next = graph_->only_reader(next->outputs[0]);
  }
  if (next == nullptr || next->type != type || !graph_->is_known(*next)) return nullptr;
  passed.push_back(next);
  nodes_.insert(nodes_.end(), passed.begin(), passed.end());
  return next;
}

const OnnxNode* OnnxWalk::forward(const OnnxNode& node, std::string_view type, double number) {
  const std::size_t before = nodes_.size();
  const OnnxNode* next = forward(node, type);
  if (next != nullptr && next->inputs.size() == 2 &&
      (graph_->is_number(next->inputs[1], number) ||
       (type != "Div" && graph_->is_number(next->inputs[0], number))))
    return next;
  nodes_.resize(before);
  return nullptr;
}

OnnxMatch OnnxWalk::match(const OnnxNode* last, std::variant<Operator, ElementwiseKind> op,
                          std::vector<std::string> operands) const {
  OnnxMatch result{nodes_, std::move(op), std::move(operands)};
  std::erase(result.nodes, last);
  result.nodes.push_back(last);
  return result;
}

OnnxMatches match_onnx(const OnnxGraph& graph) {
  OnnxMatches matches;
  const auto claim = [&](auto matcher) {
    for (const OnnxNode* node : graph.order()) {
      if (!graph.is_known(*node) || graph.value(node->outputs[0]).constant ||
          graph.value(node->outputs[0]).control)
        continue;
      std::optional<OnnxMatch> match = matcher(*node);
      if (!match || !is_apart(graph, *match, matches)) continue;
      matches.nodes.insert(match->nodes.begin(), match->nodes.end());
      const OnnxNode* last = match->nodes.back();
      matches.by_last.emplace(last, std::move(*match));
    }
  };
  OnnxMaskAnswers answers;
  claim([&](const OnnxNode& node) { return match_attention(graph, node, answers); });
  for (const auto matcher : {match_norm, match_activation, match_rope})
    claim([&](const OnnxNode& node) { return matcher(graph, node); });
  return matches;
}

bool onnx_is_relu6(const OnnxGraph& graph, const OnnxNode& clip) {
  const auto bound = [&](std::string_view name, std::size_t input) -> std::optional<double> {
    const auto given = clip.attributes.find(name);
    if (given != clip.attributes.end() && given->second.real) return *given->second.real;
    return input < clip.inputs.size() ? graph.number(clip.inputs[input]) : std::nullopt;
  };
  return bound("min", 1) == 0.0 && bound("max", 2) == 6.0;
}

bool onnx_is_hard_sigmoid(const OnnxNode& node) {
  const auto real = [&](std::string_view name, double otherwise) {
    const auto given = node.attributes.find(name);
    return given != node.attributes.end() ? given->second.real.value_or(otherwise) : otherwise;
  };
  return std::abs(real("alpha", 0.2) - 1.0 / 6) < 1e-4 && real("beta", 0.5) == 0.5;
}

std::optional<Softmax> onnx_softmax(const OnnxGraph& graph, const OnnxNode& node) {
  const OnnxDims& x = graph.dims(node.inputs[0]);
  // Before operator set 13 all axes from `axis` on are one, 1 unless stated.
  const bool joins = graph.model().operator_set < 13;
  const std::int64_t given = onnx_integer(node, "axis", joins ? 1 : -1);
  if (x.empty() || onnx_elements(x) == 0) return std::nullopt;
  if (joins && given == static_cast<std::int64_t>(x.size())) return Softmax{onnx_elements(x), 1};
  const std::size_t axis = onnx_axis(given, x.size());
  if (!joins && axis + 1 != x.size()) return std::nullopt;
  const std::uint64_t columns =
      onnx_elements({x.begin() + static_cast<std::ptrdiff_t>(axis), x.end()});
  return Softmax{onnx_elements(x) / columns, columns};
}

}  // namespace sluice
