// SPDX-License-Identifier: Apache-2.0
#include "workloads/importers/onnx_lower.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "workloads/importers/onnx_layers.hpp"
#include "workloads/importers/onnx_match.hpp"

namespace sluice {
namespace {

void lower_match(OnnxLayers& layers, const OnnxMatch& match) {
  const OnnxNode& last = *match.nodes.back();
  const OnnxLayers::Inside inside(match.nodes.begin(), match.nodes.end());
  if (const auto* kind = std::get_if<ElementwiseKind>(&match.op))
    return layers.apply(last, {*kind}, match.operands[0], last.outputs[0], inside);
  std::vector<std::string> producers;
  for (const std::string& operand : match.operands)
    for (std::string& layer : layers.producers(last, operand)) producers.push_back(layer);
  // One projection that makes queries, keys and values is one operand.
  if (std::ranges::all_of(producers, [&](const auto& name) { return name == producers[0]; }))
    producers.resize(1);
  layers.put_after(last, std::get<Operator>(match.op), std::move(producers), last.outputs[0]);
}

void lower_node(OnnxLayers& layers, const OnnxNode& node) {
  OnnxLowering rule = onnx_product_lowering(node.type);
  if (!rule) rule = onnx_element_lowering(node.type);
  if (rule) return rule(layers, node);
  if (onnx_move_rule(node.type) || node.type == "Split" || node.type == "Cast")
    return layers.move(node);
  onnx_fail("networks of sluice have no such operator", "docs/onnx.md lists what becomes what");
}

}  // namespace

std::vector<Layer> lower_onnx(const OnnxModel& model, const std::vector<const OnnxNode*>& order,
                              const OnnxValues& values, const std::string& path,
                              Diagnostics& diagnostics) {
  const OnnxGraph graph(model, order, values);
  OnnxLayers layers(graph);
  const OnnxMatches matches = match_onnx(graph);
  for (const OnnxNode* node : order) {
    if (!graph.is_known(*node)) continue;
    const OnnxValue& made = graph.value(node->outputs[0]);
    // What is computed from constants, or from token numbers and masks alone, costs nothing.
    if (made.constant || made.control) continue;
    const auto match = matches.by_last.find(node);
    if (match == matches.by_last.end() && matches.nodes.contains(node)) continue;
    try {
      if (match != matches.by_last.end())
        lower_match(layers, match->second);
      else
        lower_node(layers, *node);
    } catch (const OnnxNodeError& wrong) {
      diagnostics.error({.path = path}, onnx_node_text(*node) + ": " + wrong.message, wrong.hint);
    }
  }
  return layers.take();
}

}  // namespace sluice
